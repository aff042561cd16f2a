use super::*;
use crate::oracle::{close, slope};
use proptest::prelude::*;
use std::vec;
use std::vec::Vec;

type Action = (f64, f64, f64);

fn run(s: &Counterfactual, new: &[f64], x: &[Action], n: f64) -> (CounterfactualStats, Vec<f64>) {
    let logged: Vec<f64> = x.iter().map(|a| a.1).collect();
    let rewards: Vec<f64> = x.iter().map(|a| a.2).collect();
    let mut grad = vec![f64::NAN; new.len()];
    (counterfactual(s, new, &logged, &rewards, n, &mut grad).unwrap(), grad)
}

fn policy(x: &[Action]) -> Vec<f64> {
    x.iter().map(|a| a.0).collect()
}

const SNIPS: Counterfactual = Counterfactual { normalizer: Normalizer::Weights, clip: None };

proptest! {
    #[test]
    fn equals_the_definition_and_its_slope(
        x in prop::collection::vec((-3.0..0.0, -3.0..0.0, -2.0..2.0), 1..9), clip in prop::option::of(0.5..3.0),
    ) {
        let x: Vec<Action> = x;
        // Finite differences mean nothing on a kink.
        prop_assume!(x.iter().all(|a| ((a.0 - a.1).exp() - clip.unwrap_or(99.0)).abs() > 1e-3));
        let weights: Vec<f64> = x.iter().map(|a| (a.0 - a.1).exp().min(clip.unwrap_or(99.0))).collect();
        let gain: f64 = x.iter().zip(&weights).map(|(a, w)| a.2 * w).sum();
        for (normalizer, divisor) in [(Normalizer::Count, 11.0), (Normalizer::Weights, weights.iter().sum())] {
            let s = Counterfactual { normalizer, clip };
            let (stats, grad) = run(&s, &policy(&x), &x, 11.0);
            close(stats.loss, -gain / divisor, 1e-12);
            slope(&policy(&x), &grad, |new| run(&s, new, &x, 11.0).0.loss);
        }
    }

    #[test]
    fn a_split_of_counted_actions_changes_nothing(
        x in prop::collection::vec((-3.0..0.0, -3.0..0.0, -2.0..2.0), 1..9), at in 0usize..9,
    ) {
        let at = at.min(x.len());
        let s = Counterfactual { normalizer: Normalizer::Count, clip: Some(1.5) };
        let (whole, grad) = run(&s, &policy(&x), &x, 9.0);
        let (mut a, mut left) = run(&s, &policy(&x[..at]), &x[..at], 9.0);
        let (b, right) = run(&s, &policy(&x[at..]), &x[at..], 9.0);
        a.merge(&b);
        left.extend(right);
        prop_assert_eq!(left, grad);
        close(a.loss, whole.loss, 1e-13);
        close(a.weights, whole.weights, 1e-13);
        prop_assert_eq!((a.actions, a.clipped), (whole.actions, whole.clipped));
    }

    /// Self-normalized, a constant on all rewards moves the loss by itself and the gradient not at all.
    #[test]
    fn a_constant_reward_teaches_snips_nothing(
        x in prop::collection::vec((-3.0..0.0, -3.0..0.0, -2.0..2.0), 1..9), c in -5.0..5.0,
    ) {
        let (stats, grad) = run(&SNIPS, &policy(&x), &x, 1.0);
        let lifted: Vec<Action> = x.iter().map(|a| (a.0, a.1, a.2 + c)).collect();
        let (up, same) = run(&SNIPS, &policy(&x), &lifted, 1.0);
        close(up.loss, stats.loss - c, 1e-12);
        grad.iter().zip(&same).for_each(|(a, b)| close(*a, *b, 1e-12));
        // Only ratios of weights matter, so moving every log-probability alike does nothing either.
        close(grad.iter().sum(), 0.0, 1e-12);
    }
}

#[test]
fn on_the_loggers_own_policy_it_is_the_mean_reward_and_the_policy_gradient() {
    let x = [(-1.0, -1.0, 2.0), (-2.0, -2.0, -1.0)];
    let (stats, grad) = run(&Counterfactual::default(), &policy(&x), &x, 2.0);
    assert_eq!((stats.loss, grad), (-0.5, vec![-1.0, 0.5]));
    assert_eq!((stats.effective_actions(), stats.rewards), (Some(2.0), 1.0));
}

#[test]
fn a_far_policy_is_clipped_or_refused() {
    let far = [1e4];
    let free = counterfactual(&Counterfactual::default(), &far, &[0.0], &[1.0], 1.0, &mut [0.0]);
    assert_eq!(free, Err(Error::NotFinite { name: "weight", index: 0 }));
    let clip = Counterfactual { clip: Some(10.0), ..Counterfactual::default() };
    let mut grad = [f64::NAN];
    let stats = counterfactual(&clip, &far, &[0.0], &[1.0], 1.0, &mut grad).unwrap();
    assert_eq!((stats.loss, stats.clipped, grad), (-10.0, 1, [0.0]));
    let none = counterfactual(&SNIPS, &[-1e4], &[0.0], &[1.0], 1.0, &mut [0.0]);
    assert_eq!(none, Err(Error::TooFew { name: "weights", need: 1, got: 0 }));
    assert!(Counterfactual { clip: Some(0.0), ..SNIPS }.validate().is_err());
}
