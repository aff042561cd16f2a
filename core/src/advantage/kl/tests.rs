use super::*;
use crate::log_probs::log_softmax;
use crate::oracle::{close, slope};
use proptest::prelude::*;
use std::vec;
use std::vec::Vec;

const ALL: [KlEstimator; 4] = [KlEstimator::K1, KlEstimator::K2, KlEstimator::K3, KlEstimator::Abs];

fn normalized(logits: &[f64]) -> Vec<f64> {
    let mut out = vec![0.0; logits.len()];
    log_softmax(logits, 1.0, &mut out).unwrap();
    out
}

proptest! {
    #[test]
    fn estimators_equal_their_definitions_and_slopes(a in -5.0..0.0, b in -5.0..0.0) {
        let d: f64 = a - b;
        let naive = [d, d * d / 2.0, (-d).exp() - 1.0 + d, d.abs()];
        prop_assume!(d.abs() > 1e-4);
        for (e, want) in ALL.into_iter().zip(naive) {
            close(e.estimate(a, b), want, 1e-13);
            slope(&[a], &[e.slope(a, b)], |x| e.estimate(x[0], b));
            prop_assert!(e == KlEstimator::K1 || e.estimate(a, b) >= 0.0);
        }
    }

    #[test]
    fn k1_and_k3_average_to_the_exact_kl(z in prop::collection::vec((-3.0..3.0, -3.0..3.0), 1..12)) {
        let p = normalized(&z.iter().map(|x| x.0).collect::<Vec<_>>());
        let q = normalized(&z.iter().map(|x| x.1).collect::<Vec<_>>());
        let kl = exact_kl(&p, &q).unwrap();
        for e in [KlEstimator::K1, KlEstimator::K3] {
            close(p.iter().zip(&q).map(|(&p, &q)| p.exp() * e.estimate(p, q)).sum(), kl, 1e-12);
        }
    }

    #[test]
    fn exact_kl_pulls_its_slope(z in prop::collection::vec((-3.0..3.0, -3.0..3.0), 1..8)) {
        let logits: Vec<f64> = z.iter().map(|x| x.0).collect();
        let q = normalized(&z.iter().map(|x| x.1).collect::<Vec<_>>());
        let mut grad = vec![0.0; z.len()];
        exact_kl_pull(&normalized(&logits), &q, 1.5, &mut grad).unwrap();
        slope(&logits, &grad, |z| 1.5 * exact_kl(&normalized(z), &q).unwrap());
    }
}

#[test]
fn impossible_tokens() {
    let out = f64::NEG_INFINITY;
    assert_eq!(exact_kl(&[0.0, out], &[-1.0, out]), Ok(1.0));
    assert_eq!(exact_kl(&[-1.0, -0.5], &[0.0, out]), Ok(f64::INFINITY));
    assert!(exact_kl_pull(&[-1.0, -0.5], &[0.0, out], 1.0, &mut [0.0; 2]).is_err());
}

#[test]
fn the_controller_steers_towards_its_target() {
    let mut c = KlController::Adaptive { beta: 0.1, target: 6.0, horizon: 100.0 };
    c.update(6.0, 10).unwrap();
    assert_eq!(c.beta(), 0.1);
    c.update(100.0, 10).unwrap();
    close(c.beta(), 0.1 * 1.02, 1e-15);
    c.update(0.0, 10).unwrap();
    close(c.beta(), 0.1 * 1.02 * 0.98, 1e-15);
    assert!(c.update(f64::NAN, 10).is_err());
    let mut f = KlController::Fixed { beta: 0.02 };
    f.update(100.0, 10).unwrap();
    assert_eq!(f.beta(), 0.02);
    assert!(KlController::Fixed { beta: -1.0 }.validate().is_err());
}
