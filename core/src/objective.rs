//! The seam between algorithms and backends.

use crate::Error;

/// The outputs of a network that an objective reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// Log-probability of each loss token.
    pub log_probs: bool,
    /// Entropy of the distribution that each loss token was drawn from.
    pub entropy: bool,
    /// The value head at every token.
    pub values: bool,
    /// The scalar head at each sequence's last token.
    pub scores: bool,
}

/// The elements that an objective's token part couples, and so how finely a backend may call it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coupling {
    /// Every token stands alone: [`Objective::tokens`] may be called tile by tile.
    Token,
    /// The tokens of a sequence belong together: it is called once with all loss tokens.
    Sequence,
    /// Neighboring sequences belong together; who splits a batch never splits a group.
    Group,
    /// The whole optimizer batch belongs together: it is never split.
    Batch,
}

/// A loss with its exact gradient with respect to each scalar that the network gives.
///
/// Losses are sums over what is shown, already divided by a denominator of the *whole* optimizer
/// batch, so that any split of it gives the same gradient. Every method writes all of its `grad_*`
/// slices. A method is called only when [`Objective::needs`] asks for its outputs.
pub trait Objective {
    /// Returns the outputs that are read.
    fn needs(&self) -> Needs;

    /// Returns what [`Objective::tokens`] couples.
    fn coupling(&self) -> Coupling {
        Coupling::Token
    }

    /// The loss of tokens in the loss mask: `positions` rise and index the batch's tokens; all slices have
    /// one element for each. Log-probabilities and entropies are in nats. `entropy` and `grad_entropy` are empty
    /// unless asked for. Returns this part of the loss.
    ///
    /// # Errors
    /// What the objective's own documentation says.
    fn tokens(
        &mut self,
        positions: &[usize],
        log_probs: &[f32],
        entropy: &[f32],
        grad_log_probs: &mut [f32],
        grad_entropy: &mut [f32],
    ) -> Result<f64, Error> {
        let _ = (positions, log_probs, entropy);
        grad_log_probs.fill(0.0);
        grad_entropy.fill(0.0);
        Ok(0.0)
    }

    /// Values: `values[i]` is the value of the state after reading up to and including token `i`,
    /// `[tokens]`. Called once. Returns this part of the loss.
    ///
    /// # Errors
    /// What the objective's own documentation says.
    fn values(&mut self, values: &[f32], grad_values: &mut [f32]) -> Result<f64, Error> {
        let _ = values;
        grad_values.fill(0.0);
        Ok(0.0)
    }

    /// Scores of whole sequences, `[sequences]`. Called once. Returns this part of the loss.
    ///
    /// # Errors
    /// What the objective's own documentation says.
    fn scores(&mut self, scores: &[f32], grad_scores: &mut [f32]) -> Result<f64, Error> {
        let _ = scores;
        grad_scores.fill(0.0);
        Ok(0.0)
    }
}

/// A borrowed objective, so that one may lie within another and be read afterwards.
impl<O: Objective + ?Sized> Objective for &mut O {
    fn needs(&self) -> Needs {
        (**self).needs()
    }

    fn coupling(&self) -> Coupling {
        (**self).coupling()
    }

    fn tokens(
        &mut self,
        positions: &[usize],
        log_probs: &[f32],
        entropy: &[f32],
        grad_log_probs: &mut [f32],
        grad_entropy: &mut [f32],
    ) -> Result<f64, Error> {
        (**self).tokens(positions, log_probs, entropy, grad_log_probs, grad_entropy)
    }

    fn values(&mut self, values: &[f32], grad_values: &mut [f32]) -> Result<f64, Error> {
        (**self).values(values, grad_values)
    }

    fn scores(&mut self, scores: &[f32], grad_scores: &mut [f32]) -> Result<f64, Error> {
        (**self).scores(scores, grad_scores)
    }
}

/// A loss over whole rows of a vocabulary-sized head, with its exact gradient: distillation from a
/// teacher's rows, action values (ILQL), a policy within another's support (NLPO). For a
/// [`crate::capabilities::LearnRows`].
///
/// Losses are sums over what is shown, already divided by a denominator of the whole optimizer batch.
pub trait RowObjective {
    /// The row that `tokens[position]` was drawn from: `logits`, `[vocabulary]`, as the network gives
    /// them, not divided by a temperature. Rows come in rising order of position, one for each loss
    /// token. All of `grad_logits` is written. Returns this row's part of the loss.
    ///
    /// # Errors
    /// What the objective's own documentation says.
    fn row(&mut self, position: usize, logits: &[f32], grad_logits: &mut [f32]) -> Result<f64, Error>;
}

/// A borrowed one.
impl<O: RowObjective + ?Sized> RowObjective for &mut O {
    fn row(&mut self, position: usize, logits: &[f32], grad_logits: &mut [f32]) -> Result<f64, Error> {
        (**self).row(position, logits, grad_logits)
    }
}

/// A loss over the log-probabilities of `k` candidate ids at each loss token, with its exact gradient:
/// what [`RowObjective`] is where rows are too dear to leave a device. For a
/// [`crate::capabilities::LearnCandidates`].
///
/// Losses are sums over what is shown, already divided by a denominator of the whole optimizer batch.
pub trait CandidateObjective {
    /// `positions` rise and index the batch's tokens; `log_probs`, in nats under the batch's
    /// temperature, and `grad_log_probs`, all of it written, are `[positions, k]`. May be called tile
    /// by tile. Returns this part of the loss.
    ///
    /// # Errors
    /// What the objective's own documentation says.
    fn candidates(
        &mut self,
        positions: &[usize],
        log_probs: &[f32],
        grad_log_probs: &mut [f32],
    ) -> Result<f64, Error>;
}

/// A borrowed one.
impl<O: CandidateObjective + ?Sized> CandidateObjective for &mut O {
    fn candidates(
        &mut self,
        positions: &[usize],
        log_probs: &[f32],
        grad_log_probs: &mut [f32],
    ) -> Result<f64, Error> {
        (**self).candidates(positions, log_probs, grad_log_probs)
    }
}
