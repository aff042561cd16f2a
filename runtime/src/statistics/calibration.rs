//! Calibration of a reward model.

use super::Histogram;
use super::interval::{Interval, at_least, wilson};
use rlhf_core::Error;
use serde::{Deserialize, Serialize};

/// A judgment of two answers: the score of the first less that of the second, and which of them people
/// prefer: 1 the first, 0 the second, between them the share of votes for the first.
pub type Judgment = (f64, f64);

/// The certainty of a reward model, σ(|margin|) from ½ to 1, against how often people agree with it.
///
/// Of two answers neither is the first by nature, so nothing here changes when a pair is turned around.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// The expected calibration error: the mean over judgments of |sure − agreed| of their bin. Chance
    /// alone makes it greater than 0, the more so the fewer judgments there are.
    pub error: f64,
    /// The ten bins of equal width, without empty ones.
    pub bins: Vec<Bin>,
    /// The margins towards the answer that people prefer: below 0 the reward model is wrong. Judgments
    /// that prefer neither are left out.
    pub margins: Histogram,
}

/// Judgments of which the reward model is about equally sure.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bin {
    /// The bin's lower end.
    pub from: f64,
    /// Its upper end.
    pub to: f64,
    /// The mean certainty of the reward model.
    pub sure: f64,
    /// The share on which people agree, with Wilson's interval.
    pub agreed: Interval,
}

const BINS: usize = 10;

/// The calibration of a reward model on held-out judgments.
///
/// # Errors
/// [`Error::TooFew`] without a judgment; [`Error::NotFinite`] for a margin that is none;
/// [`Error::Range`] for a preference outside `[0, 1]`.
pub fn calibration(judgments: &[Judgment]) -> Result<Calibration, Error> {
    at_least("judgments", judgments.len(), 1)?;
    let (mut sure, mut agreed, mut counts) = ([0.0; BINS], [0.0; BINS], [0usize; BINS]);
    for (index, &(margin, preferred)) in judgments.iter().enumerate() {
        if !margin.is_finite() {
            return Err(Error::NotFinite { name: "margins", index });
        }
        if !(0.0..=1.0).contains(&preferred) {
            return Err(Error::Range { name: "preferred", value: preferred, low: 0.0, high: 1.0 });
        }
        let confidence = 1.0 / (1.0 + libm::exp(-margin.abs()));
        let bin = (((confidence - 0.5) * 2.0 * BINS as f64) as usize).min(BINS - 1);
        sure[bin] += confidence;
        // A model that scores both alike agrees with half of the votes, whatever they are.
        agreed[bin] += if margin > 0.0 {
            preferred
        } else if margin < 0.0 {
            1.0 - preferred
        } else {
            0.5
        };
        counts[bin] += 1;
    }
    let (mut bins, mut error) = (Vec::new(), 0.0);
    for i in (0..BINS).filter(|i| counts[*i] > 0) {
        let (n, end) = (counts[i] as f64, |i: usize| 0.5 + 0.5 * i as f64 / BINS as f64);
        error += (sure[i] - agreed[i]).abs() / judgments.len() as f64;
        bins.push(Bin {
            from: end(i),
            to: end(i + 1),
            sure: sure[i] / n,
            agreed: wilson(agreed[i], counts[i])?,
        });
    }
    let right = judgments.iter().filter(|j| j.1 != 0.5).map(|j| if j.1 > 0.5 { j.0 } else { -j.0 });
    Ok(Calibration { error, bins, margins: Histogram::of(&right.collect::<Vec<_>>()) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rlhf_core::random::{Key, Stream};

    #[test]
    fn four_judgments_worked_out_by_hand() {
        // σ(0) = 0.5, σ(ln 3) = 0.75, and people agree with one of the two of 0.75.
        let ln3 = 3f64.ln();
        let c = calibration(&[(ln3 + 1e-9, 1.0), (-ln3 - 1e-9, 1.0), (0.0, 1.0), (20.0, 1.0)]).unwrap();
        let seen: Vec<_> = c.bins.iter().map(|b| (b.from, b.sure, b.agreed.value, b.agreed.n)).collect();
        assert_eq!(seen.len(), 3);
        for (got, want) in seen.iter().zip([(0.5, 0.5, 0.5, 1), (0.75, 0.75, 0.5, 2), (0.95, 1.0, 1.0, 1)]) {
            assert!((got.0 - want.0).abs() < 1e-12 && (got.1 - want.1).abs() < 1e-8, "{got:?}");
            assert_eq!((got.2, got.3), (want.2, want.3));
        }
        assert!((c.error - 2.0 * 0.25 / 4.0).abs() < 1e-8);
        let m = &c.margins;
        assert_eq!((m.from, m.width, m.counts.iter().sum::<usize>()), (-2.0, 2.0, 4));
        assert_eq!((m.counts[0], m.counts[1], m.counts[11]), (1, 2, 1));
    }

    #[test]
    fn votes_drawn_from_the_model_itself_are_calibrated_and_doubled_margins_are_not() {
        let (scores, votes) = (Key::new(1, Stream::Data, 0), Key::new(2, Stream::Data, 0));
        let judged = |scale: f64| {
            let one = |i: u32| {
                let margin = 1.5 * scores.normal(i, 0);
                let p = 1.0 / (1.0 + (-margin).exp());
                (scale * margin, f64::from(u8::from(votes.draws(i).uniform() < p)))
            };
            calibration(&(0..20_000).map(one).collect::<Vec<_>>()).unwrap()
        };
        let (right, sure) = (judged(1.0), judged(3.0));
        assert!(right.error < 0.02 && sure.error > 0.1, "{} {}", right.error, sure.error);
        let within = right.bins.iter().filter(|b| (b.agreed.low..=b.agreed.high).contains(&b.sure)).count();
        assert!(within >= 8, "{right:?}");
    }

    #[test]
    fn what_is_no_judgment_is_refused() {
        assert!(matches!(calibration(&[]), Err(Error::TooFew { .. })));
        assert!(matches!(
            calibration(&[(1.0, 1.0), (f64::NAN, 0.0)]),
            Err(Error::NotFinite { index: 1, .. })
        ));
        assert!(matches!(calibration(&[(1.0, 1.5)]), Err(Error::Range { .. })));
        assert!(matches!(calibration(&[(1.0, f64::NAN)]), Err(Error::Range { .. })));
    }

    proptest! {
        #[test]
        fn turning_a_pair_around_or_mixing_them_changes_nothing(
            judgments in prop::collection::vec((-8.0..8.0, prop::sample::select(vec![0.0, 0.25, 0.5, 1.0])), 1..60),
            turned in prop::collection::vec(any::<bool>(), 60),
        ) {
            let around = |(j, turn): (&Judgment, &bool)| if *turn { (-j.0, 1.0 - j.1) } else { *j };
            let mut other: Vec<_> = judgments.iter().zip(&turned).map(around).collect();
            other.reverse();
            let (a, b) = (calibration(&judgments).unwrap(), calibration(&other).unwrap());
            prop_assert!((a.error - b.error).abs() < 1e-12);
            prop_assert_eq!(&a.margins, &b.margins);
            prop_assert_eq!(a.bins.iter().map(|b| b.agreed.n).sum::<usize>(), judgments.len());
            for (a, b) in a.bins.iter().zip(&b.bins) {
                prop_assert!((a.sure - b.sure).abs() < 1e-12 && (a.agreed.value - b.agreed.value).abs() < 1e-12);
                prop_assert!(a.from <= a.sure + 1e-12 && a.sure <= a.to + 1e-12);
            }
        }
    }
}
