//! The whole chain, from rewards to the gradient, has the expectation that it is for: every way that
//! K draws from a distribution over a few one-token responses can fall is enumerated.

use super::*;
use crate::advantage::{
    Baseline, GroupAdvantages, ImportanceCorrection, ImportanceLevel, ImportanceLimit, Scale,
};
use crate::log_probs::log_softmax;
use crate::loss::PolicyClip;
use crate::oracle::close;
use proptest::prelude::*;
use std::vec;
use std::vec::Vec;

const ARMS: usize = 3;

fn normalized(logits: &[f64]) -> Vec<f64> {
    let mut out = vec![0.0; logits.len()];
    log_softmax(logits, 1.0, &mut out).unwrap();
    out
}

/// ∂(−E[r])/∂logits.
fn truth(log_p: &[f64], rewards: &[f64]) -> Vec<f64> {
    let mean: f64 = log_p.iter().zip(rewards).map(|(l, r)| l.exp() * r).sum();
    log_p.iter().zip(rewards).map(|(l, r)| -l.exp() * (r - mean)).collect()
}

/// One way that the draws fall.
struct Draw<'a> {
    arms: &'a [usize],
    advantages: &'a [f64],
    log_p: &'a [f64],
    log_q: &'a [f64],
}

impl Draw<'_> {
    /// Pulls the loss's gradient back to the logits of `log_p`. The draws are from `log_q`.
    fn pull(&self, surrogate: &Surrogate) -> Vec<f64> {
        let k = self.arms.len();
        let of = |log: &[f64]| self.arms.iter().map(|&a| log[a]).collect::<Vec<f64>>();
        let (ends, weights): (Vec<usize>, _) = ((1..=k).collect(), vec![1.0 / k as f64; k]);
        let (new, old) = (of(self.log_p), of(self.log_q));
        let columns = PolicyColumns {
            ends: &ends,
            old: &old,
            reference: &[],
            advantages: self.advantages,
            weights: &weights,
        };
        let positions: Vec<usize> = (0..k).collect();
        let mut grad = vec![f64::NAN; k];
        policy_gradient(&positions, &new, &columns, surrogate, None, &mut grad).unwrap();
        let one = |j: usize, a: usize| if a == j { 1.0 } else { 0.0 };
        let logit =
            |j: usize| self.arms.iter().zip(&grad).map(move |(&a, g)| g * (one(j, a) - self.log_p[j].exp()));
        (0..ARMS).map(|j| logit(j).sum()).collect()
    }
}

/// The expectation of `estimate(arms)` over K independent draws from `log_q`.
fn expected(k: usize, log_q: &[f64], estimate: impl Fn(&[usize]) -> Vec<f64>) -> Vec<f64> {
    let mut sum = vec![0.0; ARMS];
    for outcome in 0..ARMS.pow(k as u32) {
        let arms: Vec<usize> = (0..k).map(|i| outcome / ARMS.pow(i as u32) % ARMS).collect();
        let probability = arms.iter().map(|&a| log_q[a]).sum::<f64>().exp();
        sum.iter_mut().zip(estimate(&arms)).for_each(|(s, e)| *s += probability * e);
    }
    sum
}

fn advantages(baseline: Baseline, given: &[f64], rewards: &[f64]) -> Vec<f64> {
    let settings = GroupAdvantages { baseline, scale: Scale::None, epsilon: 0.0 };
    let mut out = vec![f64::NAN; rewards.len()];
    settings.advantages(rewards, &[rewards.len()], given, &mut out).unwrap();
    out
}

proptest! {
    #[test]
    fn baselines_leave_the_gradient_alone(
        logits in prop::collection::vec(-2.0..2.0, ARMS), rewards in prop::collection::vec(-2.0..2.0, ARMS),
        b in -2.0..2.0, k in 2usize..5,
    ) {
        let log_p = normalized(&logits);
        let want = truth(&log_p, &rewards);
        for (baseline, given, shrunk) in [
            (Baseline::None, &[][..], 1.0),
            (Baseline::Greedy, &[b], 1.0),
            (Baseline::LeaveOneOut, &[], 1.0),
            (Baseline::GroupMean, &[], 1.0 - 1.0 / k as f64),
        ] {
            let got = expected(k, &log_p, |arms| {
                let drawn: Vec<f64> = arms.iter().map(|&a| rewards[a]).collect();
                let advantages = advantages(baseline, given, &drawn);
                Draw { arms, advantages: &advantages, log_p: &log_p, log_q: &log_p }.pull(&Surrogate::LogProb)
            });
            for (got, want) in got.iter().zip(&want) {
                close(*got, want * shrunk, 1e-11);
            }
        }
    }

    /// Draws from another distribution: untruncated weights, and ratios within a clip that holds
    /// nothing, give the gradient of the policy that learns.
    #[test]
    fn corrections_undo_another_sampler(
        logits in prop::collection::vec(-1.0..1.0, ARMS), others in prop::collection::vec(-1.0..1.0, ARMS),
        rewards in prop::collection::vec(-2.0..2.0, ARMS),
    ) {
        let (log_p, log_q) = (normalized(&logits), normalized(&others));
        let wide = PolicyClip { high: 1e3, ..PolicyClip::symmetric(1.0) };
        let limit = ImportanceLimit::Truncate { high: 1e3 };
        let correction = ImportanceCorrection { level: ImportanceLevel::Sequence, limit };
        let drawn = |arms: &[usize]| arms.iter().map(|&a| rewards[a]).collect::<Vec<f64>>();
        let want = truth(&log_p, &rewards);
        let weighted = expected(2, &log_q, |arms| {
            let of = |log: &[f64]| arms.iter().map(|&a| log[a]).collect::<Vec<f64>>();
            let mut weights = [f64::NAN; 2];
            correction.weights(&of(&log_p), &of(&log_q), &[1, 2], &[true; 2], &mut weights).unwrap();
            let advantages: Vec<f64> = drawn(arms).iter().zip(weights).map(|(r, w)| r * w).collect();
            Draw { arms, advantages: &advantages, log_p: &log_p, log_q: &log_p }.pull(&Surrogate::LogProb)
        });
        let mut all = vec![weighted];
        for surrogate in [Surrogate::Clipped(wide), Surrogate::Detached(wide), Surrogate::SequenceMean(wide)] {
            all.push(expected(2, &log_q, |arms| {
                Draw { arms, advantages: &drawn(arms), log_p: &log_p, log_q: &log_q }.pull(&surrogate)
            }));
        }
        for got in all {
            for (got, want) in got.iter().zip(&want) {
                close(*got, *want, 1e-11);
            }
        }
    }
}
