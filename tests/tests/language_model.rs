//! The facade's calls: text in, text out.

use rlhf::engine::{Device, EngineError};
use rlhf::prelude::*;
use rlhf::scorer::{Buffer, Model as ModelFile, Scorer, WeightFormat, arena_bytes};
use rlhf::train::TrainError;
use rlhf::{Error, train::profile::WarmUpLength};
use rlhf_core::loss::{Per, SupervisedTerm};

/// A network that reads bytes.
fn network(seed: u64) -> LanguageModel {
    let network = Architecture::gpt2(257, 24, 24, 2, 4);
    LanguageModel::random(&Device::default(), network, Bytes, seed).unwrap()
}

const ANSWERS: [(&str, &str); 4] = [("A ", "aa."), ("A ", "bb."), ("B ", "aa."), ("B ", "bb.")];

/// A network that answers `aa.` as often as `bb.`.
fn undecided() -> LanguageModel {
    let mut model = network(1);
    let mut losses = Vec::new();
    let training = model.fine_tune(&ANSWERS).seed(2);
    let training =
        training.set(|s| (s.epochs, s.batch, s.dropout, s.optimizer.learning_rate) = (150, 4, 0.0, 3e-3));
    training.each(|step| losses.push(step.loss)).run().unwrap();
    assert_eq!(losses.len(), 150);
    assert!(losses[149] < 0.35 && losses[149] < losses[0] / 10.0, "{losses:?}");
    model
}

/// The share of answers that are `aa.`.
fn share(model: &mut LanguageModel, prompt: &str) -> f64 {
    let writing = Writing { count: 200, longest: 8, ..Writing::default() };
    let answers = model.generate(prompt, &writing).unwrap();
    answers.iter().filter(|answer| answer.text == "aa.").count() as f64 / 200.0
}

fn weights(model: &LanguageModel) -> Vec<u32> {
    model.model().weights().unwrap().iter().map(|weight| weight.to_bits()).collect()
}

/// The model after PPO, and the mean reward of each iteration.
fn ppo<Kind>(reward: impl IntoReward<Kind>, seed: u64) -> (LanguageModel, Vec<f64>) {
    let mut model = undecided();
    let mut scores = Vec::new();
    let ppo = model.ppo(&["A ", "B "], reward).seed(seed).set(|s| {
        (s.iterations, s.max_new_tokens, s.method.batch, s.method.minibatches) = (16, 8, Some(32), 4);
        (s.method.policy.learning_rate, s.method.critic.learning_rate) = (1e-3, 1e-3);
        s.method.policy.warm_up = WarmUpLength::Steps(0);
    });
    ppo.each(|seen| scores.push(seen.score)).run().unwrap();
    assert_eq!(scores.len(), 16);
    (model, scores)
}

#[test]
fn a_closure_over_text_is_one_over_ids() {
    let rule = |text: &str| f32::from(text.ends_with(" aa."));
    let (text, other) = (ppo(rule, 1).0, ppo(rule, 2).0);
    let ids = ppo(|ids: &[u32]| rule(&Bytes.decode(ids)), 1).0;
    assert_eq!(weights(&text), weights(&ids));
    assert_ne!(weights(&text), weights(&other));
    let (mut before, mut after) = (undecided(), text);
    let (was, is) = (share(&mut before, "B "), share(&mut after, "B "));
    assert!((0.3..0.7).contains(&was) && is > 0.85, "{was} {is}");
}

#[test]
fn a_reward_model_of_rankings_trains_a_policy() {
    let model = undecided();
    let rankings = ["A ", "B "].map(|prompt| (prompt, ["aa.", "bb."]));
    let training = model.reward_model(&rankings).set(|s| {
        (s.epochs, s.optimizer.learning_rate) = (30, 1e-3);
    });
    let mut accuracy = None;
    let mut reward = training.each(|(_, seen)| accuracy = seen.accuracy()).run().unwrap();
    assert_eq!(accuracy, Some(1.0));
    assert!(reward.score("A ", "aa.").unwrap() > reward.score("A ", "bb.").unwrap() + 1.0);
    let folder = tempfile::tempdir().unwrap();
    reward.save(folder.path()).unwrap();
    let mut read = RewardModel::open(folder.path(), &Device::default()).unwrap();
    assert_eq!(read.score("B ", "bb.").unwrap().to_bits(), reward.score("B ", "bb.").unwrap().to_bits());
    // It rises, though so small a reward model may come to like what nobody ranked.
    let scores = ppo(&reward, 1).1;
    assert!(scores[15] > scores[0] + 0.5, "{scores:?}");

    // So it does from the reward model's file, in int8.
    let file = Buffer::from(&reward.to_scorer(WeightFormat::Int8, None).unwrap()[..]);
    let mut arena = Buffer::zeros(arena_bytes(&ModelFile::new(&file).unwrap().shape(), 24));
    let mut scorer = Scorer::new(&file, &mut arena).unwrap();
    let (got, want) = (scorer.score_reply("A ", "aa.").unwrap(), reward.score("A ", "aa.").unwrap());
    assert!((got - want).abs() < 0.05 * want.abs(), "{got} {want}");
    let scores = ppo(scorer, 1).1;
    assert!(scores[15] > scores[0] + 0.5, "{scores:?}");
}

#[test]
fn groups_and_pairs_teach_it_too() {
    let mut model = undecided();
    let grpo = model.grpo(&["A ", "B "], |text: &str| f32::from(text.ends_with(" aa."))).set(|s| {
        (s.iterations, s.max_new_tokens) = (12, 8);
        (s.method.prompts, s.method.group, s.method.passes.minibatches) = (4, 8, 1);
        s.method.passes.optimizer.learning_rate = 1e-3;
    });
    grpo.run().unwrap();
    assert!(share(&mut model, "A ") > 0.8, "{}", share(&mut model, "A "));

    let mut model = undecided();
    let pairs = ["A ", "B "].map(|prompt| (prompt, "aa.", "bb."));
    let mut margins = Vec::new();
    let dpo = model.prefer(&pairs).set(|s| {
        (s.passes.epochs, s.passes.batch, s.passes.optimizer.learning_rate) = (30, 2, 3e-4);
        s.passes.optimizer.warm_up = WarmUpLength::Steps(0);
        s.objective.supervised = SupervisedTerm { coefficient: 1.0, per: Per::Response };
    });
    dpo.each(|(_, seen)| margins.extend(seen.margin())).run().unwrap();
    let is = share(&mut model, "A ");
    assert!(margins[29] > margins[1] && is > 0.8, "{is} {margins:?}");
}

#[test]
fn what_is_saved_writes_the_same() {
    let (folder, mut model) = (tempfile::tempdir().unwrap(), undecided());
    model.save(folder.path()).unwrap();
    let mut read = LanguageModel::open(folder.path(), &Device::default()).unwrap();
    assert_eq!(weights(&read), weights(&model));
    let writing = Writing { count: 5, longest: 8, ..Writing::default() };
    assert_eq!(read.generate("A ", &writing).unwrap(), model.generate("A ", &writing).unwrap());
}

/// Nothing is cut unseen, and nothing of the model changes where it cannot be trained.
#[test]
fn what_cannot_be_learned_is_named() {
    let mut model = network(1);
    let before = weights(&model);
    let long = "x".repeat(30);
    let texts = [("A ", long.as_str())];
    assert!(matches!(model.fine_tune(&texts).run(), Err(Error::Context { tokens: 33, context: 24 })));
    assert!(matches!(
        model.ppo(&[&long], |_: &str| 0.0).run(),
        Err(Error::Context { tokens: 31, context: 24 })
    ));
    assert!(matches!(model.fine_tune(&[("", "a")]).run(), Err(Error::Empty)));
    let none: [(&str, &str); 0] = [];
    assert!(matches!(model.fine_tune(&none).run(), Err(Error::Train(TrainError::Nothing { .. }))));
    let none: [&str; 0] = [];
    assert!(matches!(model.grpo(&none, |_: &str| 0.0).run(), Err(Error::Train(TrainError::Nothing { .. }))));
    let wrong = model.fine_tune(&ANSWERS).set(|s| s.dropout = 2.0).run().unwrap_err().to_string();
    assert!(wrong.contains("dropout"), "{wrong}");
    assert_eq!(weights(&model), before);
    let small = Architecture::gpt2(100, 24, 24, 2, 4);
    assert!(matches!(
        LanguageModel::random(&Device::default(), small, Bytes, 1),
        Err(Error::Vocabulary { has: 100, wanted: 257, .. })
    ));
    let odd = Architecture::gpt2(257, 24, 25, 2, 4);
    assert!(matches!(
        LanguageModel::random(&Device::default(), odd, Bytes, 1),
        Err(Error::Engine(EngineError::Core(_)))
    ));
}
