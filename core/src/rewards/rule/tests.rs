use super::*;
use crate::advantage::{Variance, masked_variance};
use crate::oracle::close;
use proptest::prelude::*;
use std::vec;

proptest! {
    #[test]
    fn rules_are_what_they_say_whatever_the_order(
        mut scores in prop::collection::vec(-9.0..9.0, 1..9), k in 0.0..3.0, turn in 0usize..8,
    ) {
        let n = scores.len();
        let mean = scores.iter().sum::<f64>() / n as f64;
        let variance = masked_variance(&scores, &vec![true; n], Variance::Population).unwrap();
        let low = scores.iter().fold(f64::INFINITY, |a: f64, &b| a.min(b));
        scores.rotate_left(turn % n);
        for (rule, want) in [
            (EnsembleRule::Mean, mean),
            (EnsembleRule::Min, low),
            (EnsembleRule::LowerBound { deviations: k }, mean - k * variance.sqrt()),
            (EnsembleRule::VariancePenalized { weight: k }, mean - k * variance),
        ] {
            let (got, disagreement) = rule.combine(&scores).unwrap();
            close(got, want, 1e-12);
            prop_assert!(got <= mean + 1e-12, "no rule is above the mean");
            close(disagreement.mean_deviation(), variance.sqrt(), 1e-12);
            prop_assert_eq!(rule.combine(&scores[..1]).unwrap().0, scores[0], "one member is itself");
        }
    }
}

#[test]
fn disagreement_merges_and_bad_input_is_named() {
    let (_, mut all) = EnsembleRule::Mean.combine(&[1.0, 3.0]).unwrap();
    all.merge(&EnsembleRule::Mean.combine(&[0.0, 0.0]).unwrap().1);
    assert_eq!(all, Disagreement { texts: 2, deviation: 1.0, deviation_max: 1.0, range: 2.0 });
    assert_eq!((all.mean_deviation(), all.mean_range()), (0.5, 1.0));
    let nan = EnsembleRule::Min.combine(&[0.0, f32::NAN]);
    assert_eq!(nan, Err(Error::NotFinite { name: "scores", index: 1 }));
    assert!(EnsembleRule::Mean.combine::<f32>(&[]).is_err());
    assert!(EnsembleRule::LowerBound { deviations: -1.0 }.combine(&[1.0]).is_err());
}
