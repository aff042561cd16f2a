use super::*;
use crate::loss::bradley_terry;
use crate::oracle::{close, slope};
use proptest::prelude::*;
use std::vec;
use std::vec::Vec;

fn run(values: &[f64], mask: &[bool], ends: &[usize], mu: &[f64], noise: f64, n: f64) -> (f64, Vec<f64>) {
    let mut grad = vec![f64::NAN; values.len()];
    let got = segment_preferences(values, mask, ends, mu, noise, n, &mut grad).unwrap();
    (got.loss, grad)
}

/// Some pairs of segments of one to four steps: values with their masks.
type Pairs = Vec<([Vec<(f64, bool)>; 2], f64)>;

fn pairs() -> impl Strategy<Value = Pairs> {
    let segment = || prop::collection::vec((-2.0..2.0, prop::bool::weighted(0.8)), 1..5);
    let mu = prop_oneof![Just(0.0), Just(0.5), Just(1.0)];
    prop::collection::vec(([segment(), segment()], mu), 1..6)
}

fn laid(pairs: &Pairs) -> (Vec<f64>, Vec<bool>, Vec<usize>, Vec<f64>) {
    let steps: Vec<(f64, bool)> = pairs.iter().flat_map(|(p, _)| p.concat()).collect();
    let mut end = 0;
    let ends = pairs.iter().flat_map(|(p, _)| p).map(|s| {
        end += s.len();
        end
    });
    let ends = ends.collect();
    let (values, mask) = steps.into_iter().unzip();
    (values, mask, ends, pairs.iter().map(|p| p.1).collect())
}

proptest! {
    #[test]
    fn equals_the_definition_its_slope_and_its_parts(pairs in pairs(), noise in 0.0..0.5) {
        let (values, mask, ends, mu) = laid(&pairs);
        let n = pairs.len() as f64;
        let (loss, grad) = run(&values, &mask, &ends, &mu, noise, n);
        let sum = |s: &[(f64, bool)]| -> f64 { s.iter().map(|(v, m)| if *m { *v } else { 0.0 }).sum() };
        let naive: f64 = pairs.iter().map(|([a, b], mu)| {
            let p = (1.0 - noise) * sum(a).exp() / (sum(a).exp() + sum(b).exp()) + noise / 2.0;
            -mu * p.ln() - (1.0 - mu) * (1.0 - p).ln()
        }).sum();
        close(loss, naive / n, 1e-12);
        slope(&values, &grad, |v| run(v, &mask, &ends, &mu, noise, n).0);
        // Pair by pair, in any order, to the bit.
        let (mut start, mut parts) = (0, 0.0);
        for (i, pair) in ends.chunks(2).enumerate() {
            let span = start..pair[1];
            let own = [pair[0] - start, pair[1] - start];
            let (l, g) = run(&values[span.clone()], &mask[span.clone()], &own, &mu[i..=i], noise, n);
            assert_eq!(g, grad[span]);
            (start, parts) = (pair[1], parts + l);
        }
        close(parts, loss, 1e-12);
    }

    /// Swapping the two segments and replacing the label μ by 1 − μ leaves the loss unchanged.
    #[test]
    fn the_order_of_the_two_does_not_matter(pairs in pairs(), noise in 0.0..0.5) {
        let turned: Pairs = pairs.iter().cloned().map(|([a, b], mu)| ([b, a], 1.0 - mu)).collect();
        let loss = |p: &Pairs| { let (v, m, e, mu) = laid(p); run(&v, &m, &e, &mu, noise, 1.0).0 };
        close(loss(&turned), loss(&pairs), 1e-12);
    }

    /// Segments of one step, without noise, are Bradley–Terry on the steps.
    #[test]
    fn single_steps_are_bradley_terry(x in prop::collection::vec((-4.0..4.0, -4.0..4.0), 1..9)) {
        let n = x.len();
        let values: Vec<f64> = x.iter().flat_map(|p| [p.0, p.1]).collect();
        let ends: Vec<usize> = (1..=2 * n).collect();
        let (loss, grad) = run(&values, &vec![true; 2 * n], &ends, &vec![1.0; n], 0.0, n as f64);
        let a: Vec<f64> = x.iter().map(|p| p.0).collect();
        let b: Vec<f64> = x.iter().map(|p| p.1).collect();
        let (mut ga, mut gb) = (vec![0.0; n], vec![0.0; n]);
        let want = bradley_terry(&a, &b, None, 0.0, n as f64, &mut ga, &mut gb).unwrap();
        close(loss, want.loss, 1e-14);
        for i in 0..n {
            close(grad[2 * i], ga[i], 1e-14);
            close(grad[2 * i + 1], gb[i], 1e-14);
        }
    }
}

#[test]
fn noise_bounds_what_one_wrong_answer_costs() {
    let far = [1000.0, 0.0];
    let (loss, grad) = run(&far, &[true; 2], &[1, 2], &[0.0], 0.1, 1.0);
    close(loss, -(0.05f64.ln()), 1e-12);
    assert_eq!(grad, [0.0; 2]);
    let (loss, grad) = run(&far, &[true; 2], &[1, 2], &[0.0], 0.0, 1.0);
    assert_eq!((loss, grad), (1000.0, vec![1.0, -1.0]));
}

#[test]
fn a_tie_pulls_both_together_and_is_no_comparison() {
    let mut grad = [f64::NAN; 2];
    let got = segment_preferences(&[1.0, 0.0], &[true; 2], &[1, 2], &[0.5], 0.1, 1.0, &mut grad).unwrap();
    assert!(grad[0] > 0.0 && grad[1] < 0.0);
    assert_eq!((got.pairs, got.accuracy()), (0, None));
    let equal = run(&[0.7, 0.7], &[true; 2], &[1, 2], &[0.5], 0.1, 1.0);
    close(equal.0, 2f64.ln(), 1e-12);
    assert_eq!(equal.1, [0.0; 2]);
}

#[test]
fn an_ensemble_of_one_mind_does_not_disagree() {
    let p = segment_preference(1.0f32, 0.0, 0.0);
    close(p, 1.0 / (1.0 + (-1.0f64).exp()), 1e-12);
    assert_eq!(disagreement(&[p; 3]), Ok(0.0));
    assert_eq!(disagreement(&[0.0, 1.0]), Ok(0.25));
    assert!(matches!(disagreement(&[]), Err(Error::TooFew { .. })));
}

#[test]
fn what_does_not_fit_is_named() {
    let go = |values: &[f64], ends: &[usize], mu: &[f64], noise| {
        segment_preferences(values, &[true; 2], ends, mu, noise, 1.0, &mut [0.0; 2]).unwrap_err()
    };
    assert_eq!(go(&[0.0, f64::NAN], &[1, 2], &[1.0], 0.1), Error::NotFinite { name: "values", index: 1 });
    assert_eq!(go(&[0.0; 2], &[1], &[1.0], 0.1), Error::Shape { name: "ends", want: 2, got: 1 });
    assert_eq!(go(&[0.0; 2], &[1, 1], &[1.0], 0.1), Error::Ends { sequence: 1 });
    assert!(matches!(go(&[0.0; 2], &[1, 2], &[1.5], 0.1), Error::Range { name: "preferred", .. }));
    assert!(matches!(go(&[0.0; 2], &[1, 2], &[1.0], 1.0), Error::Range { name: "noise", .. }));
}

#[test]
fn rewards_add_up_over_a_segment() {
    // Two steps against one, a state's token before each action's.
    let (steps, ends) = ([false, true, false, true, false, true], [4, 6]);
    let mut o = SegmentPreferences::new(&steps, &ends, &[1.0], 0.0, 1.0).unwrap();
    let mut g = [f32::NAN; 6];
    let loss = o.values(&[f32::NAN, 1.0, f32::NAN, 1.0, f32::NAN, 2.0], &mut g).unwrap();
    assert!((loss - 2f64.ln()).abs() < 1e-12);
    assert_eq!(g, [0.0, -0.5, 0.0, -0.5, 0.0, 0.5]);
    assert_eq!((o.coupling(), o.stats.pairs, o.stats.correct), (Coupling::Group, 1, 0));
    assert!(o.values(&[0.0; 5], &mut [0.0; 5]).is_err());
    assert!(SegmentPreferences::new(&steps, &ends, &[1.0], 1.0, 1.0).is_err());
    assert!(SegmentPreferences::new(&steps, &[4], &[1.0], 0.1, 1.0).is_err());
}
