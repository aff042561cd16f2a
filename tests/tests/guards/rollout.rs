//! Faults that are found before anything is learnt: policy and critic stay as they were.

use super::spy::Spy;
use rlhf::record::offending;
use rlhf::train::{Fault, Guard, Guards, Offender, Place, TrainError};
use rlhf_tests::small::{Small, bits, broken_at, settings};
use serde_json::Value;

pub fn fault<T>(result: Result<T, TrainError>) -> Fault {
    match result {
        Err(TrainError::Guard(fault)) => *fault,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("nothing stopped it"),
    }
}

pub fn indices(fault: &Fault) -> Vec<usize> {
    fault.offenders.iter().map(|offender| offender.index).collect()
}

#[test]
fn one_nan_score_stops_the_run_in_its_iteration_and_names_its_sample() {
    let mut small = Small::new(settings(), 1);
    let mut scored = 0;
    let mut reward = |text: &[u32]| {
        scored += 1;
        if scored == 2 * 16 + 6 { f32::NAN } else { text.len() as f32 }
    };
    small.iterate(&mut reward).unwrap();
    small.iterate(&mut reward).unwrap();
    let before = (bits(&small.policy), bits(&small.critic));
    let fault = fault(small.iterate(&mut reward));
    assert_eq!((bits(&small.policy), bits(&small.critic)), before);
    assert_eq!((fault.guard, fault.place), (Guard::NonFinite, Place::Iteration(3)));
    assert_eq!((indices(&fault), fault.of), (vec![5], 16));
    let message = TrainError::from(Box::new(fault.clone())).to_string();
    for part in ["iteration 3", "scores", "NaN", "1 of 16", "number 5"] {
        assert!(message.contains(part), "{message}");
    }

    let folder = tempfile::tempdir().unwrap();
    let path = offending(folder.path(), &fault, |ids| format!("{ids:?}")).unwrap();
    assert!(path.ends_with("offending.jsonl"));
    let text = std::fs::read_to_string(path).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let [line] = &lines[..] else { panic!("{text}") };
    assert_eq!((&line["guard"], &line["step"], &line["index"]), (&"non_finite".into(), &3.into(), &5.into()));
    assert_eq!((&line["score"], &line["limit"]), (&"NaN".into(), &Value::Null));
    assert_eq!(line["prompt_tokens"], serde_json::json!([3, 6]));
    assert_eq!(line["prompt"], "[3, 6]");
    let response = line["response_tokens"].as_array().unwrap();
    assert!(["eos", "stop", "length"].contains(&line["finish"].as_str().unwrap()));
    for column in ["log_probs", "ref_log_probs", "values", "rewards"] {
        assert_eq!(line[column].as_array().unwrap().len(), response.len(), "{column}");
    }
    assert!(line["log_probs"][0].as_f64().unwrap() < 0.0);
}

#[test]
fn a_run_goes_on_after_its_fault_is_mended() {
    let mut whole = Small::new(settings(), 1);
    let mut broken = Small::new(settings(), 1);
    let mut fine = |text: &[u32]| text.len() as f32;
    assert!(broken.iterate(&mut |_: &[u32]| f32::INFINITY).is_err());
    for _ in 0..2 {
        whole.iterate(&mut fine).unwrap();
        broken.iterate(&mut fine).unwrap();
    }
    assert_eq!(bits(&whole.policy), bits(&broken.policy));
}

#[test]
fn log_probs_that_the_policy_itself_gives_are_looked_at() {
    let mut small = Small::new(settings(), 1).with_policy(Spy::new);
    small.policy.mute = Some(9);
    let fault = fault(small.iterate(&mut |_: &[u32]| 1.0));
    assert_eq!((fault.guard, indices(&fault)), (Guard::NonFinite, vec![9]));
    assert!(fault.offenders[0].columns[0].1.iter().all(|p| p.is_nan()));
}

#[test]
fn the_critics_and_the_references_nan_are_told_apart() {
    let mut small = Small::new(settings(), 1);
    small.critic = broken_at(&small.critic, 9);
    let found = fault(small.iterate(&mut |_: &[u32]| 1.0));
    assert!(found.what.contains("critic") && found.to_string().contains("ppo.critic.learning_rate"));
    only_those_with_9(&small, &found);
    let mut small = Small::new(settings(), 1);
    small.reference = broken_at(&small.reference, 9);
    let found = fault(small.iterate(&mut |_: &[u32]| 1.0));
    assert!(found.what.contains("reference"), "{found}");
    only_those_with_9(&small, &found);
}

fn only_those_with_9(small: &Small, fault: &Fault) {
    let found = indices(fault);
    assert!((0..16).all(|i| found.contains(&i) || !small.prompts.text(i).contains(&9)));
    assert!(found.len() < 16);
    for Offender { prompt, response, .. } in &fault.offenders {
        assert!(prompt.contains(&9) || response.contains(&9), "{prompt:?} {response:?}");
    }
}

#[test]
fn an_exploding_kl_stops_the_run_before_it_is_learned_from() {
    let mut settings = settings();
    (settings.policy.learning_rate, settings.minibatches) = (0.3, 1);
    let mut small = Small::new(settings, 1);
    let limit = 3.0;
    small.ppo = small.ppo.with_guards(Guards { max_kl: limit, ..Guards::default() }).unwrap();
    let mut reward = |text: &[u32]| text.iter().filter(|&&t| t == 4).count() as f32;
    let first = small.iterate(&mut reward).unwrap();
    assert_eq!(first.kl, 0.0);
    let before = (bits(&small.policy), bits(&small.critic));
    let fault = fault(small.iterate(&mut reward));
    assert_eq!((bits(&small.policy), bits(&small.critic)), before);
    assert_eq!((fault.guard, fault.place, fault.limit), (Guard::Kl, Place::Iteration(2), Some(limit)));
    assert!(fault.value > limit && !fault.offenders.is_empty());
    for offender in &fault.offenders {
        let [(_, new), (_, reference), ..] = &offender.columns[..] else { panic!() };
        let kl: f64 = new.iter().zip(reference).map(|(p, q)| f64::from(p - q)).sum();
        assert!(kl > limit);
    }
    let message = fault.to_string();
    for part in ["iteration 2", "limit 3", "ppo.policy.learning_rate", "ppo.controller"] {
        assert!(message.contains(part), "{message}");
    }
}

#[test]
fn limits_are_settings_and_unknown_ones_are_refused() {
    assert_eq!(serde_json::from_str::<Guards>("{}").unwrap(), Guards::default());
    let own: Guards = serde_json::from_str(r#"{"max_kl": 50}"#).unwrap();
    assert_eq!(own, Guards { max_kl: 50.0, ..Guards::default() });
    assert!(serde_json::from_str::<Guards>(r#"{"max_lk": 50}"#).unwrap_err().to_string().contains("max_lk"));
    assert!(Guards { max_ratio: f64::INFINITY, ..Guards::default() }.validate().is_ok());
    for wrong in [Guards { max_ratio: 0.5, ..own }, Guards { max_kl: f64::NAN, ..own }] {
        let small = Small::new(settings(), 1);
        assert!(small.ppo.with_guards(wrong).unwrap_err().to_string().contains("guards.max_"));
    }
}
