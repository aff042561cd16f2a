//! A run that goes on after a stop ends in the bits of one that never stopped.

use crate::preferences::world::{STOPPING, TOKENS, pairs, prompts, reference, sampled, settings, worth};
use rlhf::train::profile::{BanditTraining, KtoTraining, OnlinePreference};
use rlhf::train::{Bandit, Kto, Labeled, Logged, Models, OnlinePreferences, Preferences, RewardJudge, now};
use rlhf_core::testing::Table;

fn bits(policy: &Table) -> Vec<u32> {
    policy.weights.iter().map(|w| w.to_bits()).collect()
}

#[test]
fn pairs_go_on_to_the_same_bits() {
    let (data, settings) = (pairs(200, 7, |_| false), settings("dpo"));
    let run = |policy: &mut Table, from: u64, steps: u64| {
        let mut all = Preferences::new(&data, &settings, 3).unwrap().after(from);
        let mut done = 0;
        while done < steps && now(all.step(policy, &mut reference())).unwrap().is_some() {
            done += 1;
        }
        done
    };
    let (mut never, mut stopped) = (reference(), reference());
    let total = run(&mut never, 0, u64::MAX);
    assert_eq!(run(&mut stopped, 0, 5) + run(&mut stopped, 5, u64::MAX), total);
    assert!(total > 8 && bits(&never) == bits(&stopped));
}

#[test]
fn labels_and_logs_go_on_to_the_same_bits() {
    let out = sampled(&reference(), 200, 11);
    let (mut labels, mut log) = (Labeled::default(), Logged::default());
    for i in 0..200 {
        let response = out.response(i);
        labels.push(&[i as u32 % TOKENS], response, worth(response) > 0.5).unwrap();
        log.push(&[i as u32 % TOKENS], response, -8.0, worth(response)).unwrap();
    }
    let mut of_labels = KtoTraining::by_name("kto").unwrap();
    let mut of_log = BanditTraining::by_name("bandit").unwrap();
    for passes in [&mut of_labels.passes, &mut of_log.passes] {
        (passes.batch, passes.epochs) = (30, 2);
    }
    let run = |policy: &mut Table, from: u64, to: u64| {
        let mut kto = Kto::new(&labels, &of_labels, 3).unwrap().after(from);
        let mut bandit = Bandit::new(&log, &of_log, 3).unwrap().after(from);
        for _ in from..to {
            now(kto.step(policy, &mut reference())).unwrap().unwrap();
            now(bandit.step(policy)).unwrap().unwrap();
        }
    };
    let (mut never, mut stopped) = (reference(), reference());
    run(&mut never, 0, 14);
    run(&mut stopped, 0, 6);
    run(&mut stopped, 6, 14);
    assert_eq!(bits(&never), bits(&stopped));
}

#[test]
fn iterations_go_on_to_the_same_bits() {
    let settings = |name| {
        let mut settings = OnlinePreference::by_name(name).unwrap();
        settings.passes.epochs = 2;
        settings
    };
    for settings in OnlinePreference::names().map(settings) {
        let prompts = prompts(24);
        let run = |policy: &mut Table, from: u32, to: u32| {
            let mut online = OnlinePreferences::new(settings, 6, 3).unwrap().after(from);
            for _ in from..to {
                let mut reward = |text: &[u32]| worth(&text[1..]);
                let (reference, judge) = (&mut reference(), &mut RewardJudge(&mut reward));
                let mut models = Models::new(&mut *policy).with_reference(reference).with_reward(judge);
                now(online.iterate(&mut models, prompts.sequences().unwrap(), &STOPPING)).unwrap();
            }
        };
        let (mut never, mut stopped) = (reference(), reference());
        run(&mut never, 0, 6);
        run(&mut stopped, 0, 2);
        run(&mut stopped, 2, 6);
        assert_eq!(bits(&never), bits(&stopped));
        assert_ne!(never.weights, reference().weights);
    }
}
