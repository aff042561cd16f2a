//! Advantages of whole responses from the rewards of several responses to each prompt.

use crate::advantage::whitening::{mean, variance};
use crate::advantage::{Baseline, Variance};
use crate::batch::spans;
use crate::error::{check, rising};
use crate::ranges::{finite, within};
use crate::{Error, Real};

/// The divisor of an advantage, to which [`GroupAdvantages::epsilon`] is added. Deviations are Bessel's, over
/// n − 1.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "alloc", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Scale {
    /// 1 (Dr. GRPO, Liu et al., arXiv:2503.20783: dividing by a group's deviation favors prompts
    /// that are nearly always or nearly never solved).
    None,
    /// The deviation of the group's rewards (GRPO).
    #[default]
    Group,
    /// The deviation of all rewards of the optimizer batch (TRL's `scale_rewards="batch"`).
    BatchRewards,
    /// The deviation of all advantages of the optimizer batch, from which their mean is subtracted
    /// first (REINFORCE++'s baseline variant, TRL's `normalize_advantages`).
    BatchAdvantages,
}

/// Advantages of a batch of rewards: `A = (r − b) / (σ + ε)`.
///
/// ```
/// use rlhf_core::advantage::{Baseline, GroupAdvantages, Scale};
/// let rloo = GroupAdvantages { baseline: Baseline::LeaveOneOut, scale: Scale::None, epsilon: 0.0 };
/// let mut advantages = [0.0; 4];
/// rloo.advantages(&[1.0, 3.0, 0.0, 0.5], &[2, 4], &[], &mut advantages)?;
/// assert_eq!(advantages, [-2.0, 2.0, -0.5, 0.5]);
/// # Ok::<(), rlhf_core::Error>(())
/// ```
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "alloc", derive(serde::Serialize, serde::Deserialize))]
pub struct GroupAdvantages {
    /// b.
    pub baseline: Baseline,
    /// σ.
    pub scale: Scale,
    /// ε, in units of reward (TRL: 1e-4), added to the deviation, not to the variance.
    #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
    pub epsilon: f64,
}

impl Default for GroupAdvantages {
    /// GRPO's, with TRL's ε.
    fn default() -> Self {
        Self { baseline: Baseline::GroupMean, scale: Scale::Group, epsilon: 1e-4 }
    }
}

impl GroupAdvantages {
    /// Checks every range.
    ///
    /// # Errors
    /// [`Error::Range`] names the setting.
    pub fn validate(&self) -> Result<(), Error> {
        within("epsilon", self.epsilon, 0.0, f64::MAX)?;
        match self.baseline {
            Baseline::Moving { decay } => within("baseline decay", decay, 0.0, 1.0),
            _ => Ok(()),
        }
    }

    /// `rewards`, `out`: `[responses]`, the groups end to end, in units of reward; `ends`: one past
    /// each group's last response, `[prompts]`; `given`: `[prompts]`, what [`Baseline::Moving`] and
    /// [`Baseline::Greedy`] subtract, and empty for the others. Where the deviation divided by is 0
    /// the advantage is 0.
    ///
    /// # Errors
    /// [`Error::Shape`], [`Error::Ends`], [`Error::Range`], [`Error::NotFinite`];
    /// [`Error::TooFew`] for a group of one response where the group is baseline or scale (PyTorch:
    /// an advantage of 0, or NaN), and for a batch of one where that is the scale.
    pub fn advantages<R: Real>(
        &self,
        rewards: &[R],
        ends: &[usize],
        given: &[R],
        out: &mut [R],
    ) -> Result<(), Error> {
        self.validate()?;
        check("out", out.len(), rewards.len())?;
        rising(ends, rewards.len())?;
        finite("rewards", rewards)?;
        finite("given", given)?;
        let outside = matches!(self.baseline, Baseline::Moving { .. } | Baseline::Greedy);
        check("given", given.len(), if outside { ends.len() } else { 0 })?;
        let grouped = matches!(self.baseline, Baseline::GroupMean | Baseline::LeaveOneOut)
            || self.scale == Scale::Group;
        let smallest = spans(ends).map(|span| span.len()).min();
        if let Some(got) = smallest.filter(|&n| grouped && n < 2) {
            return Err(Error::TooFew { name: "group", need: 2, got });
        }
        let over_batch = matches!(self.scale, Scale::BatchRewards | Scale::BatchAdvantages);
        if over_batch && rewards.len() < 2 {
            return Err(Error::TooFew { name: "rewards", need: 2, got: rewards.len() });
        }
        for (g, span) in spans(ends).enumerate() {
            let given = given.get(g).map_or(0.0, |b| b.f64());
            self.center(&rewards[span.clone()], given, &mut out[span])?;
        }
        match self.scale {
            Scale::None => {}
            Scale::Group => {
                for span in spans(ends) {
                    self.divide(deviation(&rewards[span.clone()])?, &mut out[span]);
                }
            }
            Scale::BatchRewards => self.divide(deviation(rewards)?, out),
            Scale::BatchAdvantages => {
                let (center, deviation) = (mean("advantages", out)?, deviation(out)?);
                out.iter_mut().for_each(|a| *a = R::of(a.f64() - center));
                self.divide(deviation, out);
            }
        }
        Ok(())
    }

    fn center<R: Real>(&self, rewards: &[R], given: f64, out: &mut [R]) -> Result<(), Error> {
        let n = rewards.len() as f64;
        let mean = mean("rewards", rewards)?;
        // r − (n·μ − r)/(n − 1) = (r − μ)·n/(n − 1).
        let (baseline, gain) = match self.baseline {
            Baseline::None => (0.0, 1.0),
            Baseline::Moving { .. } | Baseline::Greedy => (given, 1.0),
            // The mean of equal numbers may be off by rounding, which ε would magnify.
            Baseline::GroupMean | Baseline::LeaveOneOut if all_equal(rewards) => (rewards[0].f64(), 1.0),
            Baseline::GroupMean => (mean, 1.0),
            Baseline::LeaveOneOut => (mean, n / (n - 1.0)),
        };
        for (out, r) in out.iter_mut().zip(rewards) {
            *out = R::of((r.f64() - baseline) * gain);
        }
        Ok(())
    }

    fn divide<R: Real>(&self, deviation: f64, out: &mut [R]) {
        for a in out {
            *a = if deviation > 0.0 { R::of(a.f64() / (deviation + self.epsilon)) } else { R::ZERO };
        }
    }
}

fn deviation<R: Real>(values: &[R]) -> Result<f64, Error> {
    if all_equal(values) { Ok(0.0) } else { variance("rewards", values, Variance::Bessel).map(libm::sqrt) }
}

fn all_equal<R: Real>(values: &[R]) -> bool {
    values.windows(2).all(|pair| pair[0] == pair[1])
}

/// Marks the groups that carry a signal: those whose rewards are not all the same, so that some
/// advantage is not 0. The others are what DAPO's dynamic sampling refills with new prompts (Yu et al.,
/// arXiv:2503.14476, §3.2). Returns how many are marked.
///
/// `rewards`: `[responses]`; `ends`, `keep`: `[prompts]`; `keep` is overwritten.
///
/// # Errors
/// [`Error::Shape`], [`Error::Ends`]; [`Error::NotFinite`] for a reward.
pub fn informative<R: Real>(rewards: &[R], ends: &[usize], keep: &mut [bool]) -> Result<usize, Error> {
    rising(ends, rewards.len())?;
    check("keep", keep.len(), ends.len())?;
    finite("rewards", rewards)?;
    for (keep, span) in keep.iter_mut().zip(spans(ends)) {
        *keep = !all_equal(&rewards[span]);
    }
    Ok(keep.iter().filter(|k| **k).count())
}

#[cfg(test)]
mod tests;
