use super::*;
use crate::oracle::{close, slope};
use proptest::prelude::*;
use std::vec;
use std::vec::Vec;

/// The definitions, word for word.
fn naive(logits: &[f64], temperature: f64) -> (Vec<f64>, f64) {
    let e: Vec<f64> = logits.iter().map(|z| (z / temperature).exp()).collect();
    let p: Vec<f64> = e.iter().map(|x| x / e.iter().sum::<f64>()).collect();
    let h = p.iter().filter(|p| **p > 0.0).map(|p| -p * p.ln()).sum();
    (p.iter().map(|p| p.ln()).collect(), h)
}

proptest! {
    #[test]
    fn equals_the_definition(z in prop::collection::vec(-20.0..20.0, 1..40), t in 0.3..3.0) {
        let (want, entropy) = naive(&z, t);
        let mut got = vec![f64::NAN; z.len()];
        log_softmax(&z, t, &mut got).unwrap();
        for (target, (got, want)) in got.iter().zip(&want).enumerate() {
            close(*got, *want, 1e-11);
            let (log_prob, h) = log_prob(&z, target, t).unwrap();
            prop_assert_eq!(log_prob, *got);
            close(h, entropy, 1e-11);
        }
    }

    #[test]
    fn pulls_the_slope_of_what_it_computes(
        z in prop::collection::vec(-3.0..3.0, 1..8), t in 0.5..2.0, a in -2.0..2.0, b in -2.0..2.0,
    ) {
        let target = z.len() / 2;
        let mut grad = vec![0.0; z.len()];
        log_prob_pull(&z, target, t, a, b, &mut grad).unwrap();
        slope(&z, &grad, |z| {
            let (log_prob, entropy) = log_prob(z, target, t).unwrap();
            a * log_prob + b * entropy
        });
    }

    #[test]
    fn single_precision_follows_double(z in prop::collection::vec(-20.0f32..20.0, 1..200)) {
        let wide: Vec<f64> = z.iter().map(|&z| f64::from(z)).collect();
        let (a, h) = log_prob(&z, 0, 1.0).unwrap();
        let (b, g) = log_prob(&wide, 0, 1.0).unwrap();
        close(f64::from(a), b, 1e-6);
        close(f64::from(h), g, 1e-6);
    }
}

#[test]
fn what_cannot_be_drawn_adds_nothing() {
    let out = f64::NEG_INFINITY;
    let (log_prob_3, h) = log_prob(&[0.0, out, 0.0, out], 3, 1.0).unwrap();
    assert_eq!(log_prob_3, out);
    close(h, 2f64.ln(), 1e-15);
    let mut grad = [0.0; 4];
    log_prob_pull(&[0.0, out, 0.0, out], 0, 1.0, 1.0, 1.0, &mut grad).unwrap();
    assert_eq!(grad, [0.5, 0.0, -0.5, 0.0]);
    assert_eq!(log_prob(&[out, out], 0, 1.0), Err(Error::NotFinite { name: "logits", index: 0 }));
}

#[test]
fn huge_logits_are_stable() {
    for (z, target, want) in [([1e30f32, 0.0], 1, -1e30f32), ([-1e30, -1e30], 0, -(2f32.ln()))] {
        let (log_prob, h) = log_prob(&z, target, 1.0).unwrap();
        assert_eq!(log_prob, want);
        assert!((0.0..1.0).contains(&h));
    }
}

#[test]
fn bad_rows_are_named() {
    let nan = Err(Error::NotFinite { name: "logits", index: 1 });
    assert_eq!(log_prob(&[0.0, f64::NAN], 0, 1.0), nan);
    assert_eq!(log_prob(&[0.0, f64::INFINITY], 0, 1.0), nan);
    assert!(matches!(log_prob(&[0.0], 1, 1.0), Err(Error::Range { name: "target", .. })));
    assert!(matches!(log_prob(&[0.0], 0, 0.0), Err(Error::Range { name: "temperature", .. })));
}

#[test]
fn sequences_reduce_alone() {
    let (lp, loss_mask) = ([9.0, -1.0, -2.0, 9.0, -4.0], [false, true, true, false, true]);
    let mut out = [f64::NAN; 2];
    sequence_log_probs(&lp, &loss_mask, &[3, 5], Reduction::Mean, &mut out).unwrap();
    assert_eq!(out, [-1.5, -4.0]);
    sequence_log_probs(&lp, &[false; 5], &[3, 5], Reduction::Sum, &mut out).unwrap();
    assert_eq!(out, [0.0, 0.0]);
    let none = sequence_log_probs(&lp, &[false; 5], &[3, 5], Reduction::Mean, &mut out);
    assert_eq!(none, Err(Error::TooFew { name: "loss_mask", need: 1, got: 0 }));
}
