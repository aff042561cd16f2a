use super::*;
use crate::oracle::{close, slope};
use proptest::prelude::*;
use std::vec;

const SETTINGS: Ilql = Ilql { expectile: 0.8, discount: 0.9, conservatism: 0.3 };

proptest! {
    #[test]
    fn an_action_has_its_definition_and_its_slope(
        q in prop::collection::vec(-3.0..3.0, 1..8), a in 0usize..8, target in -2.0..2.0,
    ) {
        let a = a % q.len();
        let loss = |q: &[f64]| {
            let parts = SETTINGS.action(q, a, target, 1.0, &mut vec![0.0; q.len()]).unwrap();
            parts.squared_error + 0.3 * parts.cross_entropy
        };
        let sum: f64 = q.iter().map(|q: &f64| q.exp()).sum();
        close(loss(&q), (q[a] - target).powi(2) + 0.3 * (sum.ln() - q[a]), 1e-12);
        let mut grad = vec![f64::NAN; q.len()];
        SETTINGS.action(&q, a, target, 0.5, &mut grad).unwrap();
        slope(&q, &grad, |q| 0.5 * loss(q));
    }

    #[test]
    fn a_value_has_its_definition_and_its_slope(value in -3.0..3.0, target in -3.0..3.0) {
        let gap: f64 = target - value;
        prop_assume!(gap.abs() > 1e-4);
        let (loss, pull) = SETTINGS.value(value, target);
        close(loss, if gap < 0.0 { 0.2 } else { 0.8 } * gap * gap, 1e-14);
        slope(&[value], &[pull], |v| SETTINGS.value(v[0], target).0);
    }

    /// The value at which the slopes of many targets cancel rises with τ, from their mean.
    #[test]
    fn expectiles_lie_between_the_mean_and_the_best(targets in prop::collection::vec(-3.0..3.0, 2..9)) {
        let settle = |expectile: f64| {
            let settings = Ilql { expectile, ..SETTINGS };
            let (mut low, mut high) = (-3.0, 3.0);
            for _ in 0..60 {
                let middle = 0.5 * (low + high);
                let pull: f64 = targets.iter().map(|&t| settings.value(middle, t).1).sum();
                if pull < 0.0 { low = middle } else { high = middle }
            }
            low
        };
        let best = targets.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        close(settle(0.5), targets.iter().sum::<f64>() / targets.len() as f64, 1e-9);
        prop_assert!(settle(0.5) <= settle(0.9) + 1e-9 && settle(0.9) <= best + 1e-9);
        prop_assert!(best - settle(0.999) < 0.1);
    }
}

#[test]
fn an_end_is_worth_its_reward_and_a_cut_bootstraps() {
    let mut out = [f64::NAN; 5];
    let (rewards, values) = ([0.0, 1.0, 2.0, 0.0, 1.0], [10.0, 20.0, 30.0, 40.0, 50.0]);
    SETTINGS.targets(&rewards, &values, &[3, 5], &[true, false], &mut out).unwrap();
    assert_eq!(out, [9.0, 19.0, 2.0, 36.0, 46.0]);
    let short = SETTINGS.targets(&rewards, &values, &[3, 4], &[true; 2], &mut out);
    assert_eq!(short, Err(Error::Ends { sequence: 1 }));
}

#[test]
fn bad_numbers_are_errors() {
    for bad in [
        Ilql { expectile: 1.0, ..SETTINGS },
        Ilql { discount: 1.1, ..SETTINGS },
        Ilql { conservatism: -1.0, ..SETTINGS },
    ] {
        assert!(bad.validate().is_err());
    }
    assert!(Ilql::default().validate().is_ok());
    let act = |q: &[f64], a, target| SETTINGS.action(q, a, target, 1.0, &mut vec![0.0; q.len()]);
    assert!(matches!(act(&[0.0], 1, 0.0), Err(Error::Range { .. })));
    assert!(matches!(act(&[0.0], 0, f64::NAN), Err(Error::NotFinite { name: "target", .. })));
    assert!(matches!(act(&[f64::NEG_INFINITY, 0.0], 1, 0.0), Err(Error::NotFinite { name: "q", .. })));
}
