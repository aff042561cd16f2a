//! The main job keeps its promises, on a seed that nobody tuned it on; and its controls.
//!
//! Three whole runs, some minutes: `tests/run quickstart`. `RLHF_QUICKSTART_SEED` picks another seed.

use rlhf::engine::{Device, Model};
use rlhf::run::{Finished, RunOptions};
use rlhf::statistics::win_rate;
use rlhf_cli::quickstart::world::{LABELERS, Prompt, World, encode, gold};
use rlhf_cli::quickstart::{Labels, Settings, Summary, run};
use rlhf_core::Ragged;
use rlhf_core::random::{Key, Stream};
use rlhf_core::ready;
use rlhf_core::roles::Policy;
use rlhf_core::sampling::{FinishReason, SamplingParams, StopCriteria};
use std::sync::Mutex;

fn seed() -> u64 {
    std::env::var("RLHF_QUICKSTART_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(11)
}

/// One run at a time: each takes all the processor has.
static TURN: Mutex<()> = Mutex::new(());

fn settings(given: &[&str]) -> Settings {
    let given: Vec<_> = given.iter().map(|given| given.parse().unwrap()).collect();
    Settings::new(seed(), &given).unwrap()
}

fn outcome(settings: &Settings) -> (Summary, Finished) {
    let _turn = TURN.lock();
    let mut tell = |phase, done, total, figure: &str| {
        if done == total {
            eprintln!("{phase:?} {figure}");
        }
    };
    let ended = run(settings, &Device::default(), &RunOptions::default(), &mut tell);
    let (s, finished) = ended.unwrap_or_else(|e| panic!("{e}")).unwrap();
    eprintln!(
        "{:.3?}, KL {:.2}, distinct {:.3?}, accuracy {:.3}, agreement {:.3}",
        s.gold, s.common.kl, s.distinct, s.reward_model.accuracy.value, s.labelers.agreement
    );
    (s, finished)
}

/// The bars of the main job, and that no constant answer would have done.
#[test]
#[ignore = "minutes: tests/run quickstart"]
fn ppo_tells_better_stories_than_the_supervised_model() {
    let settings = settings(&[]);
    let (s, mut finished) = outcome(&settings);
    let (wins, accuracy) = (s.gold.win_rate, s.reward_model.accuracy);
    assert!(wins.n >= 512);
    assert!(wins.value >= 0.70 && wins.low >= 0.65, "{wins:?}");
    assert!((0.0..=10.0).contains(&s.common.kl), "{}", s.common.kl);
    assert!(s.distinct.ppo >= 0.8 * s.distinct.sft, "{:?}", s.distinct);
    assert!((s.labelers.agreement - 0.73).abs() <= 0.04, "{} by {LABELERS}", s.labelers.agreement);
    assert!(accuracy.low > 0.6, "{accuracy:?}");
    assert!(s.ppo_curve.len() >= 5 && s.best_of_n.len() >= 5);

    // The best constant answer: what PPO or the supervised model wrote for any prompt, told to all.
    let world = World::new(settings.config.seed);
    let answers = answers(&settings, &mut finished.supervised, world.test());
    let theirs: Vec<f64> = golds(world.test(), &answers);
    let shown = s.samples.iter().map(|sample| encode(&sample.ppo.text).unwrap());
    let best = answers
        .iter()
        .step_by(4)
        .cloned()
        .chain(shown)
        .map(|constant| {
            let ours = world.test().iter().map(|prompt| gold(prompt, &constant, FinishReason::Eos));
            win_rate(&ours.collect::<Vec<_>>(), &theirs).unwrap().value
        })
        .fold(0.0, f64::max);
    eprintln!("the best constant answer wins {best:.3}");
    assert!(best <= 0.30, "{best}");
}

/// One answer of the supervised model to each prompt.
fn answers(settings: &Settings, supervised: &mut Model, prompts: &[Prompt]) -> Vec<Vec<u32>> {
    use rlhf_cli::quickstart::world::END;
    let (mut tokens, mut ends) = (Vec::new(), Vec::new());
    for prompt in prompts {
        tokens.push(END);
        tokens.extend(prompt.tokens());
        ends.push(tokens.len());
    }
    let stopping = StopCriteria { max_new_tokens: settings.config.ppo.response, eos: &[END], stop: &[] };
    let key = Key::new(99, Stream::Sampling, 7);
    let prompts = Ragged::new(&tokens, &ends).unwrap();
    let sampling = SamplingParams::at_temperature(1.0);
    let drawn = ready(supervised.sample(prompts, &sampling, &stopping, key, 0)).unwrap().unwrap();
    (0..drawn.len()).map(|i| drawn.response(i).to_vec()).collect()
}

fn golds(prompts: &[Prompt], answers: &[Vec<u32>]) -> Vec<f64> {
    use rlhf_cli::quickstart::world::END;
    prompts
        .iter()
        .zip(answers)
        .map(|(prompt, answer)| {
            let finish = if answer.last() == Some(&END) { FinishReason::Eos } else { FinishReason::Length };
            gold(prompt, answer, finish)
        })
        .collect()
}

/// A reward model that has learnt from shuffled labels is no teacher.
#[test]
#[ignore = "minutes: tests/run quickstart"]
fn shuffled_labels_teach_nothing() {
    let settings = Settings { labels: Labels::Shuffled, best_of: 1, ..settings(&[]) };
    let (s, _) = outcome(&settings);
    // A random reward still moves the policy somewhere: seeds win 51 to 55 % after it, and 82 to 87 % after a true one.
    assert!((0.40..=0.60).contains(&s.gold.win_rate.value), "{:?}", s.gold.win_rate);
    assert!(s.reward_model.accuracy.low < 0.55, "{:?}", s.reward_model.accuracy);
}

/// A policy that may not move does not.
#[test]
#[ignore = "minutes: tests/run quickstart"]
fn a_very_large_beta_keeps_the_policy_where_it_is() {
    // Its distance is seen soon, or never.
    let far = ["ppo.controller.fixed.beta=100", "ppo.iterations=20"];
    let (s, _) = outcome(&Settings { best_of: 1, ..settings(&far) });
    assert!((0.45..=0.55).contains(&s.gold.win_rate.value), "{:?}", s.gold.win_rate);
    assert!(s.common.kl < 0.3, "{}", s.common.kl);
}
