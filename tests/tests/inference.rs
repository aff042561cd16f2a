//! Saved models at work.

use rlhf::engine::{Device, Model};
use rlhf::models::Scoring;
use rlhf::{Error, LanguageModel, RewardModel, Writing};
use rlhf_core::model::Architecture;
use rlhf_core::model::tokenizer::{AnyTokenizer, Bytes, Tokenizer};
use rlhf_core::rewards::RewardScale;
use rlhf_core::sampling::SamplingParams;
use std::path::Path;

/// Saves a random network that reads bytes.
fn save(folder: &Path, scalar: bool) {
    let tokenizer = AnyTokenizer::from(Bytes);
    let architecture = Architecture::gpt2(tokenizer.vocabulary(), 32, 16, 1, 2);
    let mut model = Model::random(&Device::default(), architecture, 1).unwrap();
    if scalar {
        model = model.with_scalar_head(0.5, 1).unwrap();
    }
    model.save(folder, &tokenizer).unwrap();
}

fn open(folder: &Path, threads: usize) -> LanguageModel {
    LanguageModel::open(folder, &rlhf_tests::device::threads(threads)).unwrap()
}

#[test]
fn a_response_depends_on_prompt_seed_and_number_alone() {
    let folder = tempfile::tempdir().unwrap();
    save(folder.path(), false);
    let how = |count, seed| Writing { count, seed, longest: 6, ..Writing::default() };
    let mut model = open(folder.path(), 2);
    let many = model.generate("a", &how(70, 1)).unwrap();
    model.generate("other", &how(3, 1)).unwrap();
    assert_eq!(model.generate("a", &how(66, 1)).unwrap(), many[..66]);
    assert_eq!(open(folder.path(), 1).generate("a", &how(2, 1)).unwrap(), many[..2]);
    let texts = |responses: &[rlhf::Response]| responses.iter().map(|r| r.text.clone()).collect();
    let all: std::collections::BTreeSet<String> = texts(&many);
    assert!(all.len() > 60, "each of them is another draw");
    assert_ne!(model.generate("a", &how(1, 2)).unwrap()[0], many[0]);
    assert_ne!(model.generate("b", &how(1, 1)).unwrap()[0], many[0]);
    assert!(many.iter().all(|r| r.tokens <= 6 && r.log_prob < 0.0));
}

#[test]
fn what_does_not_fit_is_an_error_of_its_own() {
    let (language, reward) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    save(language.path(), false);
    save(reward.path(), true);
    let device = Device::default();
    let (mut policy, mut judge) =
        (open(language.path(), 1), RewardModel::open(reward.path(), &device).unwrap());
    let full = "x".repeat(32);
    assert!(matches!(
        policy.generate(&full, &Writing::default()),
        Err(Error::Context { context: 32, tokens: 33.. })
    ));
    assert!(judge.judge(&full, &[&full]).unwrap()[0].cut);
    assert!(matches!(RewardModel::open(language.path(), &device), Err(Error::NoScalarHead { .. })));
    assert!(matches!(LanguageModel::open(reward.path(), &device), Err(Error::RewardModel { .. })));
    let hot = Writing { sampling: SamplingParams::at_temperature(-1.0), ..Writing::default() };
    assert!(matches!(policy.generate("a", &hot), Err(Error::Engine(_))));
}

fn score(folder: &Path) -> f32 {
    RewardModel::open(folder, &Device::default()).unwrap().score("a", "b").unwrap()
}

#[test]
fn gain_and_bias_survive() {
    let folder = tempfile::tempdir().unwrap();
    save(folder.path(), true);
    let raw = score(folder.path());
    let scale = RewardScale { gain: 2.5, bias: -0.25 };
    Scoring::new(scale, None).write(folder.path()).unwrap();
    assert_eq!(score(folder.path()), scale.apply(raw));
}

#[test]
#[cfg_attr(not(shared_data), ignore = "skipped: wants ../shared/data, or the folder of RLHF_DATA")]
fn a_llama2c_file_and_its_tokenizer_tell_a_story() {
    let models = rlhf_tests::shared::data("models");
    let (model, tokenizer) = (models.join("stories260K.bin"), models.join("tok512.bin"));
    let mut model = LanguageModel::open_with(&model, Some(&tokenizer), &Device::default()).unwrap();
    let greedy = Writing { sampling: SamplingParams::Greedy, longest: 24, ..Writing::default() };
    let story = model.generate("Once upon a time", &greedy).unwrap();
    assert!(story[0].text.starts_with(", there was a little girl named Lily."), "{}", story[0].text);
    assert!(LanguageModel::open(models.join("stories260K.bin"), &Device::default()).is_err());
}
