//! Sessions on a tiny network of random weights: enough to see that all is wired as it should be.

use super::*;
use rlhf_core::model::Architecture;
use rlhf_core::model::tokenizer::{Tokenizer, Words};

const WORDS: [&str; 8] = ["the", "fox", "was", "happy", "sad", "!", ".", "and"];

fn session(seed: u64) -> Session {
    let tokenizer: AnyTokenizer = Words::new(WORDS).unwrap().into();
    let architecture = Architecture::gpt2(tokenizer.vocabulary(), 24, 16, 1, 2);
    let model = Model::random(&Cpu::default(), architecture, 1).unwrap();
    let mut session = Session::new(model, tokenizer, seed).unwrap();
    let settings = Settings { max_new_tokens: 8, batch: 16, learning_rate: 3e-3, ..Settings::default() };
    session.set(settings).unwrap();
    session
}

fn vote(better: &str, worse: &str) -> Vote {
    Vote { prompt: "the fox".into(), answers: vec![worse.into(), better.into()], ranks: vec![2, 1] }
}

fn prompts() -> [String; 2] {
    ["the fox was".into(), "the fox and".into()]
}

/// Votes for happiness, as many as asked for.
fn votes(session: &mut Session, count: usize) {
    for i in 0..count {
        let replies = session.generate("the fox", &Writing { seed: i as u64, ..Writing::default() }).unwrap();
        let happy = |reply: &Reply| reply.text.matches("happy").count();
        let (a, b) = (&replies[0], &replies[1]);
        if happy(a) != happy(b) {
            let (better, worse) = if happy(a) > happy(b) { (a, b) } else { (b, a) };
            session.vote(vote(&better.text, &worse.text)).unwrap();
        }
    }
}

fn fit(session: &mut Session) -> RewardStep {
    session.begin_reward().unwrap();
    let mut last = None;
    while let Some(step) = session.step_reward(3).unwrap() {
        last = Some(step);
    }
    last.unwrap()
}

#[test]
fn a_policy_learns_from_votes() {
    let mut session = session(7);
    votes(&mut session, 150);
    let set = Settings { reward_epochs: 30, reward_learning_rate: 5e-3, ..session.settings() };
    session.set(set).unwrap();
    let step = fit(&mut session);
    assert_eq!(step.step, step.total);
    assert!(step.held_back_votes > 5 && step.held_back_accuracy.unwrap() > 0.8, "{step:?}");
    let happy = |session: &mut Session| {
        let replies =
            session.generate("the fox", &Writing { count: 200, seed: 99, ..Writing::default() }).unwrap();
        replies.iter().filter(|reply| reply.text.contains("happy")).count()
    };
    let before = happy(&mut session);
    for _ in 0..40 {
        session.iterate(&prompts(), &RewardRule::default()).unwrap();
    }
    let after = happy(&mut session);
    assert!(after > before + 40, "{before} {after}");
    session.reset_policy().unwrap();
    assert_eq!((happy(&mut session), session.iteration()), (before, 0));
}

#[test]
fn a_rule_is_followed_without_votes() {
    let mut session = session(3);
    let rule = RewardRule { model: 0.0, terms: vec![Term { text: "!".into(), weight: 1.0 }], length: 0.0 };
    let first = session.iterate(&prompts(), &rule).unwrap();
    let counts = first.samples.iter().map(|sample| sample.text.matches('!').count() as f64);
    assert!((first.score - counts.sum::<f64>() / first.samples.len() as f64).abs() < 1e-6);
    let mut last = first.clone();
    for _ in 0..30 {
        last = session.iterate(&prompts(), &rule).unwrap();
    }
    assert!(last.score > first.score + 1.0 && last.iteration == 31, "{} {}", first.score, last.score);
}

#[test]
fn phases_are_those_of_the_iteration() {
    let rule = RewardRule { model: 0.0, length: 0.5, ..RewardRule::default() };
    let (mut one, mut other) = (session(5), session(5));
    let phases = one.iterate_in_phases(&prompts(), &rule, 4).unwrap();
    assert_eq!(phases.iteration, other.iterate(&prompts(), &rule).unwrap());
    assert_eq!(one.policy.weights(), other.policy.weights());
    for i in 0..4 {
        let tokens = phases.replies[i].tokens.len();
        let parts = [&phases.log_ratios, &phases.rewards, &phases.values, &phases.advantages];
        assert!(parts.iter().all(|part| part[i].len() == tokens));
        assert_eq!(phases.scores[i], 0.5 * tokens as f32);
        assert_eq!(phases.replies[i].text, phases.iteration.samples[i].text);
    }
}

#[test]
fn a_saved_session_goes_on_with_the_same_bits() {
    let mut session = session(11);
    votes(&mut session, 40);
    fit(&mut session);
    session.iterate(&prompts(), &RewardRule::default()).unwrap();
    let bytes = session.save().unwrap();
    let mut other = super::tests::session(0);
    other.restore(&bytes).unwrap();
    assert_eq!(other.votes(), session.votes());
    let [a, b] = [&mut session, &mut other].map(|s| s.iterate(&prompts(), &RewardRule::default()).unwrap());
    assert_eq!(a, b);
    assert_eq!(session.policy.weights(), other.policy.weights());
    for cut in [0, 5, 20, bytes.len() / 2, bytes.len() - 1] {
        assert_eq!(other.restore(&bytes[..cut]).unwrap_err().code, "state");
    }
    assert_eq!(session.policy.weights(), other.policy.weights());
}

#[test]
fn exports_are_read_again() {
    let mut session = session(2);
    votes(&mut session, 40);
    fit(&mut session);
    let lines = session.votes_as_lines();
    let held = session.votes().len();
    session.clear_votes();
    assert_eq!(session.add_votes(&lines).unwrap(), held);
    assert_eq!(session.votes_as_lines(), lines);

    let file =
        rlhf_scorer::ModelFile::new(rlhf_scorer::Buffer::from(&session.reward_file().unwrap()[..])).unwrap();
    let mut arena = rlhf_scorer::Buffer::zeros(rlhf_scorer::arena_bytes(&file.model().shape(), 24));
    let mut scorer = rlhf_scorer::Scorer::of(file.model(), 24, &mut arena).unwrap();
    let score = scorer.score_reply("the fox", "was happy .").unwrap();
    let seen = session.inspect("the fox", "was happy .").unwrap();
    assert!((score - seen.reward.last().unwrap()).abs() < 0.1, "{score} {seen:?}");

    let mut policy = Session::open(session.policy_files().unwrap(), 0).unwrap();
    policy.set(session.settings()).unwrap();
    let writing = Writing { seed: 4, ..Writing::default() };
    assert_eq!(policy.generate("the", &writing).unwrap(), session.generate("the", &writing).unwrap());
}

#[test]
fn an_untouched_policy_is_its_reference() {
    let mut session = session(2);
    let seen = session.inspect("the fox", "was sad .").unwrap();
    assert_eq!(seen.tokens.len(), 4);
    assert!(seen.log_ratio.iter().all(|ratio| *ratio == 0.0) && seen.reward.is_empty());
    assert!(seen.value.iter().all(|value| *value == 0.0));
}

#[test]
fn what_is_wrong_is_said_and_changes_nothing() {
    let mut session = session(2);
    let code = |result: Result<(), Error>| result.unwrap_err().code;
    assert_eq!(code(session.begin_reward()), "votes");
    assert_eq!(code(session.vote(Vote { ranks: vec![1], ..vote("a", "b") })), "vote");
    assert_eq!(code(session.vote(vote(&"fox ".repeat(40), "b"))), "context");
    let tie = Vote { ranks: vec![1, 1], ..vote("was happy", "was sad") };
    session.vote(tie).unwrap();
    assert_eq!(code(session.begin_reward()), "votes");
    let long = Settings { temperature: 0.0, ..session.settings() };
    assert_eq!(code(session.set(long)), "setting");
    assert_eq!(session.iterate(&prompts(), &RewardRule::default()).unwrap_err().code, "votes");
    let rule = RewardRule { model: 0.0, ..RewardRule::default() };
    assert_eq!(session.iterate(&[], &rule).unwrap_err().code, "empty");
    assert_eq!(session.generate(&"fox ".repeat(40), &Writing::default()).unwrap_err().code, "context");
    assert_eq!(Session::open([("config.json", b"{}".to_vec())], 0).unwrap_err().code, "model");
    assert_eq!(session.iteration(), 0);
}
