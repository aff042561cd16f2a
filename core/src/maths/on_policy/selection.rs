//! Which of several scored responses are kept and imitated.

use super::spans;
use crate::error::{check, rising};
use crate::ranges::{finite, within};
use crate::{Error, Real};

/// Rejection sampling: of the responses to each prompt, those to keep. Served, that is best-of-n; as
/// examples for [`crate::objectives::CrossEntropy`], expert iteration (Anthony et al.,
/// arXiv:1705.08439), RAFT (Dong et al., arXiv:2304.06767) or ReST (Gulcehre et al.,
/// arXiv:2308.08998). Of equal scores the earlier response ranks first.
///
/// ```
/// use rlhf_core::maths::on_policy::Selection;
/// let mut keep = [false; 5];
/// let kept = Selection::Best { count: 1 }.keep(&[0.1, 0.7, 0.2, -1.0, -0.5], &[3, 5], &mut keep)?;
/// assert_eq!((kept, keep), (2, [false, true, false, false, true]));
/// # Ok::<(), rlhf_core::Error>(())
/// ```
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "alloc", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Selection {
    /// The `count` best of each prompt, all where there are fewer. With 1, the best of n.
    Best {
        /// How many, at least 1.
        #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
        count: u32,
    },
    /// The best share of each prompt's responses, rounded up.
    Share {
        /// Above 0, up to 1.
        #[cfg_attr(feature = "schema", schemars(range(max = 1), extend("exclusiveMinimum" = 0)))]
        share: f64,
    },
    /// Every response with a score of at least this, in units of score, be it none of a prompt's.
    AtLeast {
        /// The lowest score kept.
        score: f64,
    },
    /// The `count` best of each prompt among those with a score of at least `score`.
    BestAtLeast {
        /// How many, at least 1.
        #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
        count: u32,
        /// The lowest score kept.
        score: f64,
    },
}

impl Selection {
    /// Checks every range.
    ///
    /// # Errors
    /// [`Error::Range`] names the setting.
    pub fn validate(&self) -> Result<(), Error> {
        if let Self::Best { count } | Self::BestAtLeast { count, .. } = *self {
            within("count", f64::from(count), 1.0, f64::MAX)?;
        }
        if let Self::AtLeast { score } | Self::BestAtLeast { score, .. } = *self {
            within("score", score, f64::MIN, f64::MAX)?;
        }
        match *self {
            Self::Share { share } => within("share", share, f64::MIN_POSITIVE, 1.0),
            _ => Ok(()),
        }
    }

    /// Marks what is kept and returns how many that are. `scores`, `keep`: `[responses]`, the prompts'
    /// groups end to end, in any unit; `ends`: one past each group's last response, `[prompts]`.
    /// `keep` is overwritten. Takes time with the square of a group's size.
    ///
    /// # Errors
    /// [`Error::Shape`], [`Error::Ends`], [`Error::Range`]; [`Error::NotFinite`] for a score.
    pub fn keep<R: Real>(&self, scores: &[R], ends: &[usize], keep: &mut [bool]) -> Result<usize, Error> {
        self.validate()?;
        check("keep", keep.len(), scores.len())?;
        rising(ends, scores.len())?;
        finite("scores", scores)?;
        for span in spans(ends) {
            let (scores, keep) = (&scores[span.clone()], &mut keep[span]);
            let (count, lowest) = match *self {
                Self::Best { count } => (count as usize, f64::MIN),
                Self::Share { share } => (libm::ceil(share * scores.len() as f64) as usize, f64::MIN),
                Self::AtLeast { score } => (scores.len(), score),
                Self::BestAtLeast { count, score } => (count as usize, score),
            };
            for (i, keep) in keep.iter_mut().enumerate() {
                *keep = scores[i].f64() >= lowest && rank(scores, i) < count;
            }
        }
        Ok(keep.iter().filter(|k| **k).count())
    }
}

/// How many responses of the group come before response `i`.
fn rank<R: Real>(scores: &[R], i: usize) -> usize {
    let before = |&(j, s): &(usize, &R)| *s > scores[i] || *s == scores[i] && j < i;
    scores.iter().enumerate().filter(before).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::vec;
    use std::vec::Vec;

    fn kept(selection: Selection, scores: &[f64]) -> Vec<usize> {
        let mut keep = vec![true; scores.len()];
        let count = selection.keep(scores, &[scores.len()], &mut keep).unwrap();
        let kept: Vec<usize> = (0..scores.len()).filter(|&i| keep[i]).collect();
        assert_eq!(count, kept.len());
        kept
    }

    proptest! {
        #[test]
        fn what_is_kept_is_what_sorting_finds(
            scores in prop::collection::vec((-3i32..3).prop_map(f64::from), 1..10),
            count in 1u32..6, score in -3.0..3.0, share in 0.05..1.0f64,
        ) {
            let mut order: Vec<usize> = (0..scores.len()).collect();
            order.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]));
            let best = |count: usize, lowest: f64| {
                let mut all: Vec<usize> =
                    order.iter().copied().take(count).filter(|&i| scores[i] >= lowest).collect();
                all.sort_unstable();
                all
            };
            let part = (share * scores.len() as f64).ceil() as usize;
            prop_assert_eq!(kept(Selection::Best { count }, &scores), best(count as usize, f64::MIN));
            prop_assert_eq!(kept(Selection::Share { share }, &scores), best(part, f64::MIN));
            prop_assert_eq!(kept(Selection::AtLeast { score }, &scores), best(scores.len(), score));
            prop_assert_eq!(kept(Selection::BestAtLeast { count, score }, &scores), best(count as usize, score));
        }
    }

    #[test]
    fn groups_stand_alone_and_bad_input_is_named() {
        let mut keep = [true; 4];
        let best = Selection::Best { count: 1 };
        assert_eq!(best.keep(&[5.0, 5.0, -2.0, -1.0], &[2, 4], &mut keep), Ok(2));
        assert_eq!(keep, [true, false, false, true]);
        assert_eq!(Selection::AtLeast { score: 9.0 }.keep(&[1.0], &[1], &mut keep[..1]), Ok(0));
        let nan = best.keep(&[1.0, f64::NAN], &[2], &mut keep[..2]);
        assert_eq!(nan, Err(Error::NotFinite { name: "scores", index: 1 }));
        for wrong in [
            Selection::Best { count: 0 },
            Selection::Share { share: 0.0 },
            Selection::Share { share: 1.5 },
            Selection::AtLeast { score: f64::NAN },
        ] {
            assert!(matches!(wrong.validate(), Err(Error::Range { .. })), "{wrong:?}");
        }
    }
}
