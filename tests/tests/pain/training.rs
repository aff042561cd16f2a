//! Rows 3 and 10, and those without a number: what a run does.

use rlhf::train::profile::{PretrainingMix, Profile};
use rlhf::train::{Examples, Guard, Guards, TrainError, now};
use rlhf_core::advantage::KlController;
use rlhf_tests::small::{Small, bits, broken_at, network, settings};

fn fours(text: &[u32]) -> f32 {
    text.iter().filter(|&&t| t == 4).count() as f32
}

/// trl#322, trl#41, open-r1#373, OpenRLHF#1263: nothing held the policy, and nothing said so.
#[test]
fn row_03_a_kl_penalty_holds_the_policy_and_a_kl_budget_ends_the_run() {
    let run = |beta: f64, max_kl: f64| {
        let mut settings = settings();
        (settings.controller, settings.policy.learning_rate) = (KlController::Fixed { beta }, 0.02);
        let mut small = Small::new(settings, 1);
        small.ppo = small.ppo.with_guards(Guards { max_kl, ..Guards::default() }).unwrap();
        let mut last = (0.0, 0.0);
        for _ in 0..20 {
            let seen = small.iterate(&mut fours)?;
            last = (seen.score, seen.kl);
        }
        Ok(last)
    };
    let (free, held) = (run(0.0, 200.0).unwrap(), run(0.5, 200.0).unwrap());
    assert!(free.1 > 4.0 && held.1 < 0.5 * free.1 && free.0 > held.0, "{free:?} {held:?}");
    let Err(TrainError::Guard(fault)) = run(0.0, 4.0) else { panic!("the budget did not hold") };
    assert!(fault.guard == Guard::Kl && fault.value > 4.0);
}

/// verl#3126, verl#7216.
#[test]
fn row_10_a_seed_gives_the_same_weights_on_any_number_of_threads() {
    let run = |threads: usize, seed: u64| {
        let mut settings = settings();
        settings.epochs = 2;
        let mut small = Small::on(network(threads, 5), settings, seed);
        for _ in 0..3 {
            small.iterate(&mut fours).unwrap();
        }
        (bits(&small.policy), bits(&small.critic))
    };
    let one = run(1, 1);
    assert_eq!(one, run(1, 1));
    assert_eq!(one, run(2, 1));
    assert_eq!(one, run(3, 1));
    assert_ne!(one.0, run(1, 2).0);
}

/// DeepSpeedExamples#533, #391: PPO collapsed in its second epoch.
#[test]
fn row_plus_four_epochs_a_rollout_learn_and_stay_within_the_guards() {
    let mut settings = settings();
    settings.epochs = 4;
    let mut small = Small::new(settings, 1);
    // Far below the default: what a healthy run keeps.
    small.ppo = small.ppo.with_guards(Guards { max_ratio: 2.0, ..Guards::default() }).unwrap();
    let mut scores = Vec::new();
    for _ in 0..30 {
        let seen = small.iterate(&mut fours).unwrap();
        assert!(seen.policy.ratio_max < 10.0 && seen.policy.clip_fraction() < 0.6, "{:?}", seen.policy);
        assert!(seen.value.mean_squared_error().is_finite());
        scores.push(seen.score);
    }
    assert!(scores[29] > scores[0] + 2.0, "{scores:?}");
}

/// trl#716, trl#1050, ms-swift#5814 ask for PPO-ptx; DeepSpeedExamples#266: its loss diverged.
#[test]
fn row_plus_the_pretraining_mix_is_there_and_keeps_what_was_learned() {
    assert!(Profile::instructgpt().ppo.pretraining.is_some());
    let texts = Examples::try_from_iter((0..32u32).map(|i| ([], [2 + i % 3, 6, 7, 8, 6, 7, 8, 9]))).unwrap();
    let mut base = network(2, 1);
    let mut sft = Profile::instructgpt().supervised.unwrap();
    (sft.optimizer.learning_rate, sft.epochs) = (1e-2, 20);
    now(rlhf::train::supervised(&mut base, &texts, &sft, 1, &mut |_| {})).unwrap();
    let run = |coefficient: f64| {
        let mut settings = settings();
        settings.policy.learning_rate = 0.01;
        // A coefficient of next to nothing measures the loss without a pull.
        settings.pretraining = Some(PretrainingMix { coefficient, examples: 1.0 });
        let mut small = Small::on(base.clone(), settings, 1);
        small.mix = texts.clone();
        let losses: Vec<f64> = (0..20).map(|_| small.iterate(&mut fours).unwrap().pretraining).collect();
        (losses[0], losses[19])
    };
    let (with, without) = (run(1.0), run(1e-9));
    assert!(with.1 < with.0 + 0.1 && without.1 > with.1 + 0.2, "{with:?} {without:?}");
}

/// verl#498: the critic's NaN went on into the policy.
#[test]
fn row_plus_a_critics_nan_never_reaches_the_policy() {
    let mut small = Small::new(settings(), 1);
    small.critic = broken_at(&small.critic, 9);
    let before = bits(&small.policy);
    let Err(TrainError::Guard(fault)) = small.iterate(&mut fours) else { panic!("it was learnt from") };
    assert!(fault.what.contains("critic") && !fault.offenders.is_empty());
    assert_eq!(bits(&small.policy), before);
}
