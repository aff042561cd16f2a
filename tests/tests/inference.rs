//! Saved models at work.

use rlhf::engine::{Device, Model};
use rlhf::inference::{InferenceError, Loaded, Writing};
use rlhf::models::Scoring;
use rlhf_core::maths::RewardScale;
use rlhf_core::model::Architecture;
use rlhf_core::model::tokenizer::{AnyTokenizer, Bytes, Tokenizer};
use rlhf_core::sampling::Sampling;
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

fn open(folder: &Path, threads: usize) -> Loaded {
    Loaded::open(folder, None, &rlhf_tests::device::threads(threads)).unwrap()
}

#[test]
fn a_response_depends_on_prompt_seed_and_number_alone() {
    let folder = tempfile::tempdir().unwrap();
    save(folder.path(), false);
    let how = |count, seed| Writing { count, seed, longest: 6, ..Writing::default() };
    let mut model = open(folder.path(), 2);
    let many = model.write("a", &how(70, 1)).unwrap();
    model.write("other", &how(3, 1)).unwrap();
    assert_eq!(model.write("a", &how(66, 1)).unwrap(), many[..66]);
    assert_eq!(open(folder.path(), 1).write("a", &how(2, 1)).unwrap(), many[..2]);
    let texts = |responses: &[rlhf::inference::Response]| responses.iter().map(|r| r.text.clone()).collect();
    let all: std::collections::BTreeSet<String> = texts(&many);
    assert!(all.len() > 60, "each of them is another draw");
    assert_ne!(model.write("a", &how(1, 2)).unwrap()[0], many[0]);
    assert_ne!(model.write("b", &how(1, 1)).unwrap()[0], many[0]);
    assert!(many.iter().all(|r| r.tokens <= 6 && r.log_prob < 0.0));
}

#[test]
fn what_does_not_fit_is_an_error_of_its_own() {
    let (language, reward) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    save(language.path(), false);
    save(reward.path(), true);
    let (mut policy, mut reward) = (open(language.path(), 1), open(reward.path(), 1));
    let full = "x".repeat(32);
    assert!(matches!(
        policy.write(&full, &Writing::default()),
        Err(InferenceError::Context { context: 32, tokens: 33.. })
    ));
    assert!(reward.judge(&full, &[&full]).unwrap()[0].cut);
    assert!(matches!(policy.score("a", "b"), Err(InferenceError::NoScalarHead { .. })));
    assert!(matches!(reward.write("a", &Writing::default()), Err(InferenceError::RewardModel { .. })));
    let hot = Writing { sampling: Sampling::at_temperature(-1.0), ..Writing::default() };
    assert!(matches!(policy.write("a", &hot), Err(InferenceError::Engine(_))));
}

#[test]
fn gain_and_bias_survive() {
    let folder = tempfile::tempdir().unwrap();
    save(folder.path(), true);
    let raw = open(folder.path(), 1).score("a", "b").unwrap();
    let scale = RewardScale { gain: 2.5, bias: -0.25 };
    Scoring::new(scale, None).write(folder.path()).unwrap();
    assert_eq!(open(folder.path(), 1).score("a", "b").unwrap(), scale.apply(raw));
}

#[test]
#[cfg_attr(not(shared_data), ignore = "skipped: wants ../shared/data, or the folder of RLHF_DATA")]
fn a_llama2c_file_and_its_tokenizer_tell_a_story() {
    let models = rlhf_tests::shared::data("models");
    let (model, tokenizer) = (models.join("stories260K.bin"), models.join("tok512.bin"));
    let mut model = Loaded::open(&model, Some(&tokenizer), &Device::default()).unwrap();
    let greedy = Writing { sampling: Sampling::Greedy, longest: 24, ..Writing::default() };
    let story = model.write("Once upon a time", &greedy).unwrap();
    assert!(story[0].text.starts_with(", there was a little girl named Lily."), "{}", story[0].text);
    assert!(Loaded::open(&models.join("stories260K.bin"), None, &Device::default()).is_err());
}
