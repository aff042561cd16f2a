use super::*;
use crate::oracle::{close, slope};
use proptest::prelude::*;
use std::vec;
use std::vec::Vec;

fn run(s: &Kto, x: &[f64], good: &[bool], z: f64) -> (LabelStats, Vec<f64>) {
    let mut grad = vec![f64::NAN; x.len()];
    (kto(s, x, good, z, 7.0, &mut grad).unwrap(), grad)
}

proptest! {
    #[test]
    fn equals_the_definition_and_its_slope_and_splits(
        r in prop::collection::vec((-30.0..30.0, any::<bool>()), 1..9), z in 0.0..4.0, at in 0usize..9,
    ) {
        let (x, good): (Vec<f64>, Vec<bool>) = r.iter().copied().unzip();
        for loss in [KtoLoss::Kto, KtoLoss::ApoZeroUnpaired] {
            let s = Kto { loss, beta: 0.2, desirable: 1.33, undesirable: 0.7 };
            let z0 = if loss == KtoLoss::Kto { z } else { 0.0 };
            let v = |x: f64| 1.0 / (1.0 + (-x).exp());
            let naive: f64 = r.iter()
                .map(|&(x, good)| if good { 1.33 * (1.0 - v(0.2 * (x - z0))) } else { 0.7 * (1.0 - v(0.2 * (z0 - x))) })
                .sum::<f64>() / 7.0;
            let (stats, grad) = run(&s, &x, &good, z);
            close(stats.loss, naive, 1e-13);
            slope(&x, &grad, |x| run(&s, x, &good, z).0.loss);
            let at = at.min(x.len());
            let (mut a, mut left) = run(&s, &x[..at], &good[..at], z);
            let (b, right) = run(&s, &x[at..], &good[at..], z);
            a.merge(&b);
            left.extend(right);
            prop_assert_eq!(left, grad);
            close(a.loss, stats.loss, 1e-13);
        }
    }
}

#[test]
fn a_weight_of_0_silences_a_label_and_far_ratios_stay_finite() {
    let s = Kto { desirable: 0.0, ..Kto::default() };
    let (stats, grad) = run(&s, &[3.0, -2.0], &[true, false], 0.0);
    assert_eq!((grad[0], stats.desirable, stats.desirable_rewards), (0.0, 1, 3.0 * 0.1));
    assert!(grad[1] > 0.0);
    let (stats, grad) = run(&Kto::default(), &[1e4, -1e4, 1e4, -1e4], &[true, true, false, false], 0.0);
    assert_eq!((stats.loss, grad), (2.0 / 7.0, vec![-0.0, -0.0, 0.0, 0.0]));
}

#[test]
fn the_baseline_is_a_mean_that_is_not_negative() {
    assert_eq!(kto_baseline(&[-1.0, -2.0], &[-2.0, -4.0]), Ok(1.5));
    assert_eq!(kto_baseline(&[-3.0f32], &[-2.0]), Ok(0.0));
    assert_eq!(kto_baseline::<f32>(&[], &[]), Err(Error::TooFew { name: "log_probs", need: 1, got: 0 }));
    assert!(kto(&Kto::default(), &[0.0], &[true], -1.0, 1.0, &mut [0.0]).is_err());
    assert!(kto(&Kto { beta: -1.0, ..Kto::default() }, &[0.0], &[true], 0.0, 1.0, &mut [0.0]).is_err());
}

#[test]
fn a_margin_needs_both_labels() {
    let mut all = LabelStats { desirable: 2, desirable_rewards: 1.0, ..LabelStats::default() };
    assert_eq!(all.margin(), None);
    all.merge(&LabelStats { undesirable: 1, undesirable_rewards: -0.5, ..LabelStats::default() });
    assert_eq!(all.margin(), Some(1.0));
}
