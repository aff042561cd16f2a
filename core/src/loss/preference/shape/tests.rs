use super::*;
use crate::oracle::{close, slope};
use proptest::prelude::*;

const SHAPES: [RewardShape; 4] =
    [RewardShape::Log, RewardShape::JensenShannon, RewardShape::Alpha(0.5), RewardShape::Alpha(-0.25)];

proptest! {
    #[test]
    fn slopes_are_slopes_and_rise(x in -6.0..6.0) {
        for shape in SHAPES {
            let (_, up) = shape.of(x);
            slope(&[x], &[up], |x| shape.of(x[0]).0);
            prop_assert!(up > 0.0);
        }
        let below = -x.abs() - 1e-2;
        slope(&[below], &[RewardShape::LogOdds.of(below).1], |x| RewardShape::LogOdds.of(x[0]).0);
    }
}

#[test]
fn an_alpha_towards_0_is_the_log_ratio() {
    close(RewardShape::Alpha(1e-9).of(3.0).0, 3.0, 1e-8);
    assert_eq!(RewardShape::Alpha(0.0).of(3.0), (3.0, 1.0));
}

#[test]
fn log_odds_are_exact_near_certainty_and_far_from_it() {
    // p = 1 − 1e−12: the odds are 1e12.
    close(RewardShape::LogOdds.of(-1e-12).0, 12.0 * 10f64.ln(), 1e-12);
    assert_eq!(RewardShape::LogOdds.of(-1e4), (-1e4, 1.0));
    assert_eq!(RewardShape::JensenShannon.of(-1e4).0, -1e4);
    assert_eq!(RewardShape::JensenShannon.of(1e4).0, 0.0);
    assert!(!RewardShape::LogOdds.of(0.0).0.is_finite());
    assert!(RewardShape::Alpha(f64::NAN).validate().is_err());
}
