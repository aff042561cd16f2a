use super::*;
use crate::capabilities::LearnRows;
use crate::loss::{PolicyClip, PpoPolicy};
use crate::random::{Key, Stream};
use crate::roles::{Learner, Policy};
use crate::sampling::{Request, SamplingParams, StopCriteria, Support, sample_by};
use crate::testing::{Table, loss_mask};
use crate::{Batch, Ragged, ready};
use std::vec;

const CLIP: PolicyClip = PolicyClip::symmetric(0.2);

#[test]
fn with_all_tokens_it_is_the_objective_inside() {
    let tokens = [0, 1, 2, 3, 3, 0, 2, 1, 3];
    let sequences = Ragged::new(&tokens, &[5, 9]).unwrap();
    let loss_mask = loss_mask(sequences);
    let batch = Batch::new(sequences, &loss_mask).unwrap().at_temperature(0.5).unwrap();
    let old: Vec<f32> = (0..9).map(|i| -1.0 - 0.1 * i as f32).collect();
    let advantages: Vec<f32> = (0..9).map(|i| 1.0 - 0.25 * i as f32).collect();
    let mut lagging = Table::random(4, 1);
    let held = ready(HeldRows::of(&mut lagging, batch)).unwrap().unwrap();
    let ppo = || PpoPolicy::new(&old, &advantages, CLIP, 0.01, 7.0).unwrap();
    let (mut plain, mut within) = (Table::random(4, 2), Table::random(4, 2));
    let (mut a, mut b) = (ppo(), WithinSupport::new(ppo(), &tokens, &held, 1.0, 0.5).unwrap());
    let want = ready(plain.accumulate(batch, &mut a)).unwrap().unwrap();
    let got = ready(within.accumulate_rows(batch, &mut b)).unwrap().unwrap();
    assert_eq!(b.objective.stats, a.stats);
    assert!((got - want).abs() < 1e-15, "{got} {want}");
    assert_eq!(within.gradient, plain.gradient);
    assert!(a.stats.clipped > 0 && a.stats.clipped < 7, "both sides of the clip are seen");
}

/// Masked ids have no gradient; the others have the gradient of a vocabulary of the support alone.
#[test]
fn outside_the_support_there_is_nothing() {
    let held = HeldRows::new(vec![1], 4, vec![-9.0, 1.0, 2.0, -9.0]).unwrap();
    let (old, advantages) = ([0.0, -1.0], [0.0, 2.0]);
    let ppo = || PpoPolicy::new(&old, &advantages, CLIP, 0.3, 1.0).unwrap();
    let logits = [7.0, 0.5, 0.25, 8.0];
    let mut grad = [f32::NAN; 4];
    let mut masked = WithinSupport::new(ppo(), &[0, 2], &held, 0.9, 2.0).unwrap();
    let loss = masked.row(1, &logits, &mut grad).unwrap();
    let all = HeldRows::new(vec![1], 2, vec![0.0; 2]).unwrap();
    let mut small = WithinSupport::new(ppo(), &[0, 1], &all, 1.0, 2.0).unwrap();
    let mut want = [f32::NAN; 2];
    assert_eq!(small.row(1, &logits[1..3], &mut want).unwrap(), loss);
    assert_eq!(grad, [0.0, want[0], want[1], 0.0]);
    let mut gone = WithinSupport::new(ppo(), &[0, 3], &held, 0.9, 2.0).unwrap();
    let impossible = Err(Error::NotFinite { name: "log-probability within the support", index: 1 });
    assert_eq!(gone.row(1, &logits, &mut grad), impossible);
    assert!(matches!(gone.row(0, &logits, &mut grad), Err(Error::Range { name: "position", .. })));
    let batch_wide = ppo().with_ratio_threshold(10.0).unwrap();
    assert!(WithinSupport::new(batch_wide, &[0, 3], &held, 0.9, 2.0).is_err());
    assert!(WithinSupport::new(ppo(), &[0, 3], &held, 0.0, 2.0).is_err());
}

#[test]
fn what_is_drawn_within_the_support_has_a_ratio_of_one() {
    let (mut policy, mut lagging) = (Table::random(6, 7), Table::random(6, 8));
    let (starts, ends): (Vec<u32>, Vec<usize>) = (0..24).map(|i| (i % 6, i as usize + 1)).unzip();
    let sampling = SamplingParams::at_temperature(0.8);
    let stopping = StopCriteria { max_new_tokens: 4, eos: &[], stop: &[] };
    let request = Request {
        prompts: Ragged::new(&starts, &ends).unwrap(),
        sampling: &sampling,
        stopping: &stopping,
        context: 5,
        key: Key::new(1, Stream::Sampling, 0),
        first: 0,
    };
    let mut guide = Support::new(&mut lagging, 0.6, 0.8f32.into()).unwrap();
    let responses = ready(sample_by(&mut policy, &mut guide, &request)).unwrap().unwrap();
    let (mut tokens, mut old) = (Vec::new(), Vec::new());
    for (i, &start) in starts.iter().enumerate() {
        tokens.push(start);
        tokens.extend_from_slice(responses.response(i));
        old.push(0.0);
        old.extend_from_slice(&responses.log_probs[responses.span(i)]);
    }
    let ends: Vec<usize> = (1..=24).map(|i| 5 * i).collect();
    let sequences = Ragged::new(&tokens, &ends).unwrap();
    let loss_mask = loss_mask(sequences);
    let batch = Batch::new(sequences, &loss_mask).unwrap().at_temperature(0.8).unwrap();
    let held = ready(HeldRows::of(&mut lagging, batch)).unwrap().unwrap();
    let advantages = vec![1.0; tokens.len()];
    let ppo = PpoPolicy::new(&old, &advantages, CLIP, 0.0, 96.0).unwrap();
    let mut nlpo = WithinSupport::new(ppo, &tokens, &held, 0.6, 0.8f32.into()).unwrap();
    ready(policy.accumulate_rows(batch, &mut nlpo)).unwrap().unwrap();
    let stats = nlpo.objective.stats;
    assert_eq!((stats.tokens, stats.ratio_min, stats.ratio_max), (96, 1.0, 1.0));
    let free = ready(policy.sample(request.prompts, &sampling, &stopping, request.key, 0));
    assert_ne!(free.unwrap().unwrap().tokens, responses.tokens, "the mask made a difference");
}
