//! Rejection sampling: the choice among several scored responses.

use crate::batch::spans;
use crate::error::{check, rising};
use crate::ranges::{finite, within};
use crate::{Error, Real};

/// Rejection sampling: of the responses to each prompt, those to keep. Served, that is best-of-n; as
/// examples for [`crate::loss::CrossEntropy`], expert iteration (Anthony et al.,
/// arXiv:1705.08439), RAFT (Dong et al., arXiv:2304.06767) or ReST (Gulcehre et al.,
/// arXiv:2308.08998). Of equal scores the earlier response ranks first.
///
/// ```
/// use rlhf_core::advantage::Selection;
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
        /// The number kept, at least 1.
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
        /// The number kept, at least 1.
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

/// The number of responses of the group that come before response `i`.
fn rank<R: Real>(scores: &[R], i: usize) -> usize {
    let before = |&(j, s): &(usize, &R)| *s > scores[i] || *s == scores[i] && j < i;
    scores.iter().enumerate().filter(before).count()
}

#[cfg(test)]
mod tests;
