//! The loss of a batch of responses whose advantages are known.

use crate::error::{at, check, rising};
use crate::loss::PolicyToken;
use crate::ranges::finite;
use crate::{Coupling, Error, Needs, Objective, Real};

mod kl_term;
mod normalization;
mod stats;
mod surrogate;
#[cfg(test)]
mod unbiased;

pub use kl_term::KlTerm;
pub use normalization::Normalization;
pub use stats::OnPolicyStats;
pub use surrogate::Surrogate;

/// Columns that the loss reads beside the log-probabilities that it differentiates. All but `ends` are laid
/// out as the batch's tokens, and only loss tokens are read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PolicyColumns<'a, R> {
    /// One past each sequence's last token, `[sequences]`. Read where a sequence's tokens share a
    /// ratio; may be empty otherwise.
    pub ends: &'a [usize],
    /// ln p of each token when it was drawn, in nats.
    pub old: &'a [R],
    /// ln p of each token under the reference, in nats. Read with a [`KlTerm`]; may be empty otherwise.
    pub reference: &'a [R],
    /// The advantage of each token, in units of reward. A detached weight w ≥ 0 on a token's policy
    /// loss, [`crate::advantage::ImportanceCorrection`]'s, is the same as w times its advantage.
    pub advantages: &'a [R],
    /// The weight of each token: [`crate::loss::Normalization::weights`].
    pub weights: &'a [R],
}

/// `L = Σ_t w[t]·(surrogate[t] + β·KL[t])` over the loss tokens, and its gradient.
///
/// `positions` rise and index the columns; `log_probs`, in nats, and `grad`, `∂L/∂log_probs`, which is
/// overwritten, have one element for each. Weights hold the denominator, counted over the whole
/// optimizer batch. Where a sequence's tokens share a ratio s, with `ln s` the sum or the mean of
/// their log-ratios, `∂L/∂log_prob[t]` is the same for all tokens of a response but for its KL, and
/// `positions` have to hold all loss tokens of every sequence that they touch.
///
/// # Errors
/// [`Error::Shape`], [`Error::Ends`], [`Error::Range`]; [`Error::NotFinite`], with the position in the
/// batch, for a token whose loss is not finite. `grad` is then unspecified.
pub fn policy_gradient<R: Real>(
    positions: &[usize],
    log_probs: &[R],
    columns: &PolicyColumns<'_, R>,
    surrogate: &Surrogate,
    kl: Option<&KlTerm>,
    grad: &mut [R],
) -> Result<(f64, OnPolicyStats), Error> {
    check("log_probs", log_probs.len(), positions.len())?;
    check("grad", grad.len(), positions.len())?;
    surrogate.validate()?;
    kl.map_or(Ok(()), KlTerm::validate)?;
    let mut sum = Sum { columns, surrogate, kl, loss: 0.0, stats: OnPolicyStats::default() };
    if !surrogate.by_sequence() {
        for (i, &position) in positions.iter().enumerate() {
            let old = at("old", columns.old, position)?;
            let (pull, token) = sum.policy(position, log_probs[i], old)?;
            sum.record(log_probs[i], old, &token, position)?;
            grad[i] = R::of(pull + sum.reference(position, log_probs[i])?);
        }
        return Ok((sum.loss, sum.stats));
    }
    rising(columns.ends, columns.old.len())?;
    let mut start = 0;
    for &end in columns.ends {
        let count = positions[start..].iter().take_while(|&&p| p < end).count();
        let run = start..start + count;
        start += count;
        if count > 0 {
            sum.sequence(&positions[run.clone()], &log_probs[run.clone()], &mut grad[run])?;
        }
    }
    check("positions", start, positions.len())?;
    Ok((sum.loss, sum.stats))
}

struct Sum<'a, R> {
    columns: &'a PolicyColumns<'a, R>,
    surrogate: &'a Surrogate,
    kl: Option<&'a KlTerm>,
    loss: f64,
    stats: OnPolicyStats,
}

impl<R: Real> Sum<'_, R> {
    /// Adds a position's policy loss; returns its weighted slope.
    fn policy(&mut self, position: usize, log_prob: R, old: R) -> Result<(f64, PolicyToken<R>), Error> {
        let weight = at("weights", self.columns.weights, position)?.f64();
        let advantage = at("advantages", self.columns.advantages, position)?;
        let token = self.surrogate.token(log_prob, old, advantage);
        self.add(position, weight * token.loss.f64())?;
        self.stats.tokens += 1;
        Ok((weight * token.slope.f64(), token))
    }

    /// Adds a position's KL term, where there is one; returns its weighted slope.
    fn reference(&mut self, position: usize, log_prob: R) -> Result<f64, Error> {
        let Some(kl) = self.kl else { return Ok(0.0) };
        let weight = kl.beta * at("weights", self.columns.weights, position)?.f64();
        let (estimate, slope) = kl.token(log_prob, at("reference", self.columns.reference, position)?);
        self.add(position, weight * estimate)?;
        self.stats.kl += estimate;
        Ok(weight * slope)
    }

    fn add(&mut self, position: usize, part: f64) -> Result<(), Error> {
        if !part.is_finite() {
            return Err(Error::NotFinite { name: "policy loss", index: position });
        }
        self.loss += part;
        Ok(())
    }

    /// Counts a ratio.
    fn record(&mut self, log_prob: R, old: R, token: &PolicyToken<R>, position: usize) -> Result<(), Error> {
        let negative = at("advantages", self.columns.advantages, position)? < R::ZERO;
        self.stats.ratios.record(log_prob, old, token);
        self.stats.clipped_low += usize::from(token.clipped && negative);
        Ok(())
    }

    /// All loss tokens of one sequence.
    fn sequence(&mut self, positions: &[usize], log_probs: &[R], grad: &mut [R]) -> Result<(), Error> {
        let mut log_ratio = 0.0;
        for (&position, log_prob) in positions.iter().zip(log_probs) {
            log_ratio += log_prob.f64() - at("old", self.columns.old, position)?.f64();
        }
        let share = match self.surrogate {
            Surrogate::SequenceMean(_) => 1.0 / positions.len() as f64,
            _ => 1.0,
        };
        let log_ratio = R::of(log_ratio * share);
        let (mut pull, mut first) = (0.0, None);
        for &position in positions {
            let (slope, token) = self.policy(position, log_ratio, R::ZERO)?;
            pull += slope;
            first = first.or(Some((token, position)));
        }
        if let Some((token, position)) = first {
            self.record(log_ratio, R::ZERO, &token, position)?;
        }
        for ((&position, &log_prob), grad) in positions.iter().zip(log_probs).zip(grad) {
            *grad = R::of(pull * share + self.reference(position, log_prob)?);
        }
        Ok(())
    }
}

/// A surrogate loss over responses whose advantages are known, with a KL term and an entropy bonus
/// where asked for: [`policy_gradient`].
///
/// A method is a choice of baseline and scale ([`GroupAdvantages`]), surrogate and normalization:
///
/// | method | baseline, scale | surrogate | normalization |
/// |---|---|---|---|
/// | REINFORCE | [`Baseline::None`] or [`Baseline::Moving`] | [`Surrogate::LogProb`] | [`Normalization::Token`] |
/// | ReMax (arXiv:2310.10505) | [`Baseline::Greedy`] | [`Surrogate::LogProb`] | any |
/// | RLOO (arXiv:2402.14740) | [`Baseline::LeaveOneOut`] | [`Surrogate::SequenceProduct`] | [`Normalization::Response`] |
/// | GRPO (arXiv:2402.03300) | [`Baseline::GroupMean`], [`Scale::Group`] | [`Surrogate::Clipped`], k3 | [`Normalization::Response`] |
/// | Dr. GRPO (arXiv:2503.20783) | [`Baseline::GroupMean`] | [`Surrogate::Clipped`] | [`Normalization::Constant`] |
/// | DAPO (arXiv:2503.14476) | [`Baseline::GroupMean`], [`Scale::Group`] | [`Surrogate::Clipped`], `high` above `low` | [`Normalization::Token`] |
/// | GSPO (arXiv:2507.18071) | [`Baseline::GroupMean`], [`Scale::Group`] | [`Surrogate::SequenceMean`] | [`Normalization::Response`] |
/// | CISPO (arXiv:2506.13585) | [`Baseline::GroupMean`], [`Scale::Group`] | [`Surrogate::Detached`] | [`Normalization::Token`] |
/// | REINFORCE++ (arXiv:2501.03262) | [`reward_to_go`], whitened by [`whiten`] | [`Surrogate::Clipped`] | [`Normalization::Token`] |
/// | A2C (arXiv:1602.01783) | [`Gae`] | [`Surrogate::LogProb`], entropy | [`Normalization::Token`] |
///
/// [`Baseline::None`]: crate::advantage::Baseline::None
/// [`Baseline::Moving`]: crate::advantage::Baseline::Moving
/// [`Baseline::Greedy`]: crate::advantage::Baseline::Greedy
/// [`Baseline::LeaveOneOut`]: crate::advantage::Baseline::LeaveOneOut
/// [`Baseline::GroupMean`]: crate::advantage::Baseline::GroupMean
/// [`Scale::Group`]: crate::advantage::Scale::Group
/// [`GroupAdvantages`]: crate::advantage::GroupAdvantages
/// [`reward_to_go`]: crate::advantage::reward_to_go()
/// [`whiten`]: crate::advantage::whiten
/// [`Gae`]: crate::advantage::Gae
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PolicyGradient<'a> {
    columns: PolicyColumns<'a, f32>,
    surrogate: Surrogate,
    kl: Option<KlTerm>,
    entropy: f64,
    /// Statistics of the parts so far.
    pub stats: OnPolicyStats,
}

impl<'a> PolicyGradient<'a> {
    /// `columns` are laid out as the batch; their weights hold the denominator.
    ///
    /// # Errors
    /// [`Error::Range`] names the surrogate's setting.
    pub fn new(columns: PolicyColumns<'a, f32>, surrogate: Surrogate) -> Result<Self, Error> {
        surrogate.validate()?;
        Ok(Self { columns, surrogate, kl: None, entropy: 0.0, stats: OnPolicyStats::default() })
    }

    /// Adds the distance to the reference to the loss.
    ///
    /// # Errors
    /// [`Error::Range`] names its setting.
    pub fn with_kl(mut self, kl: KlTerm) -> Result<Self, Error> {
        kl.validate()?;
        self.kl = Some(kl);
        Ok(self)
    }

    /// Takes `coefficient` times each token's entropy, weighted as its loss, off the loss.
    ///
    /// # Errors
    /// [`Error::NotFinite`].
    pub fn with_entropy(mut self, coefficient: f64) -> Result<Self, Error> {
        finite("entropy coefficient", &[coefficient])?;
        self.entropy = coefficient;
        Ok(self)
    }
}

impl Objective for PolicyGradient<'_> {
    fn needs(&self) -> Needs {
        Needs { log_probs: true, entropy: self.entropy != 0.0, ..Needs::default() }
    }

    fn coupling(&self) -> Coupling {
        if self.surrogate.by_sequence() { Coupling::Sequence } else { Coupling::Token }
    }

    /// # Errors
    /// Boxed form of [`policy_gradient`].
    fn tokens(
        &mut self,
        positions: &[usize],
        log_probs: &[f32],
        entropy: &[f32],
        grad_log_probs: &mut [f32],
        grad_entropy: &mut [f32],
    ) -> Result<f64, Error> {
        let (mut loss, mut stats) = policy_gradient(
            positions,
            log_probs,
            &self.columns,
            &self.surrogate,
            self.kl.as_ref(),
            grad_log_probs,
        )?;
        grad_entropy.fill(0.0);
        if self.entropy != 0.0 {
            check("entropy", entropy.len(), positions.len())?;
            check("grad_entropy", grad_entropy.len(), positions.len())?;
            for (i, &position) in positions.iter().enumerate() {
                let pay = self.entropy * f64::from(at("weights", self.columns.weights, position)?);
                stats.entropy += f64::from(entropy[i]);
                loss -= pay * f64::from(entropy[i]);
                grad_entropy[i] = -pay as f32;
            }
        }
        self.stats.merge(&stats);
        Ok(loss)
    }
}

#[cfg(test)]
mod tests;
