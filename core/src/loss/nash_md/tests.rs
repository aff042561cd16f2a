use super::*;
use crate::oracle::close;
use proptest::prelude::*;
use std::vec;
use std::vec::Vec;

proptest! {
    /// The expectation over all responses of the gradient is the gradient of what is maximized:
    /// P(y ≻ y′) − τ·KL, with the opponent held.
    #[test]
    fn on_average_it_climbs_preference_less_kl(
        z in prop::collection::vec((-2.0..2.0f64, -2.0..2.0f64, 0.0..1.0), 3),
    ) {
        let (tau, n) = (0.3, z.len());
        let soft = |x: &[f64]| {
            let sum: f64 = x.iter().map(|x| x.exp()).sum();
            x.iter().map(|x| x.exp() / sum).collect::<Vec<_>>()
        };
        let logits: Vec<f64> = z.iter().map(|z| z.0).collect();
        let mu = soft(&z.iter().map(|z| z.1).collect::<Vec<_>>());
        let worth = |logits: &[f64]| -> f64 {
            let p = soft(logits);
            (0..n).map(|i| p[i] * (z[i].2 - tau * (p[i] / mu[i]).ln())).sum()
        };
        let p = soft(&logits);
        let mut want = vec![0.0; n];
        for i in 0..n {
            let mut grad = [f64::NAN];
            let settings = NashMd { tau, kl: NashKl::Response };
            nash_md(&settings, &[p[i].ln()], &[mu[i].ln()], &[1], &[z[i].2], 1.0, &mut grad).unwrap();
            for j in 0..n {
                want[j] -= p[i] * grad[0] * (f64::from(u8::from(i == j)) - p[j]);
            }
        }
        crate::oracle::slope(&logits, &want, worth);
    }
}

#[test]
fn a_response_weighs_its_tokens_by_its_own_or_its_whole_log_ratio() {
    let (new, old) = ([-1.0, -2.0, -1.0], [-1.5, -2.0, -2.0]);
    let mut grad = [f64::NAN; 3];
    let run = |kl, grad: &mut [f64]| {
        nash_md(&NashMd { tau: 1.0, kl }, &new, &old, &[2, 3], &[1.0, 0.5], 2.0, grad).unwrap()
    };
    close(run(NashKl::Response, &mut grad), -0.5, 1e-15);
    assert_eq!(grad, [0.0, 0.0, 0.5]);
    close(run(NashKl::Token, &mut grad), 0.0, 1e-15);
    assert_eq!(grad, [0.0, -0.25, 0.5]);
}

#[test]
fn what_does_not_fit_is_refused() {
    let s = NashMd::default();
    assert!(nash_md(&s, &[-1.0], &[-1.0], &[1], &[1.5], 1.0, &mut [0.0]).is_err());
    assert!(nash_md(&s, &[f64::NAN], &[-1.0], &[1], &[0.5], 1.0, &mut [0.0]).is_err());
}
