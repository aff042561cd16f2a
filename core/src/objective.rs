//! The interface between algorithms and backends: losses with their gradients.

use crate::Error;

/// The outputs of a network that an objective reads. A *loss token* is a token in the batch's loss mask.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// The log-probability of each loss token.
    pub log_probs: bool,
    /// The entropy of the distribution that predicts each loss token.
    pub entropy: bool,
    /// The value at every token: the scalar head's output there.
    pub values: bool,
    /// The score of each sequence: the scalar head's output at its last token.
    pub scores: bool,
}

/// The tokens whose losses depend on each other in [`Objective::tokens`]. It limits how a batch may be split.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coupling {
    /// None: every token's loss is its own. A backend may call [`Objective::tokens`] several times, a tile of tokens each.
    Token,
    /// The tokens of a sequence. For this and the variants below, a backend calls [`Objective::tokens`] once per batch.
    Sequence,
    /// The tokens of a group of neighboring sequences, such as a pair. A batch may be split only between groups.
    Group,
    /// All tokens of the optimizer batch, which may not be split.
    Batch,
}

/// A loss and its exact gradient with respect to log-probabilities, entropies, values and scores.
///
/// Each method returns its part of the loss: a sum over its arguments, already divided by a denominator of the
/// *whole* optimizer batch, so that a batch has the same gradient however it is split. It writes every element of its
/// `grad_*` slices. A method is called only if [`Objective::needs`] asks for its input.
pub trait Objective {
    /// Returns the outputs that the loss reads.
    fn needs(&self) -> Needs;

    /// Returns the tokens whose losses depend on each other. The default is that none do.
    fn coupling(&self) -> Coupling {
        Coupling::Token
    }

    /// Computes the part of the loss that reads loss tokens. `positions` are their indices among the batch's tokens, in
    /// rising order. Each slice has one element per position; `entropy` and `grad_entropy` are empty unless
    /// [`Objective::needs`] asks for entropies. Log-probabilities and entropies are in nats.
    ///
    /// # Errors
    /// The objective's own; its documentation lists them.
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

    /// Computes the part of the loss that reads values: `values[i]` is the value of the state after its sequence up to
    /// and including token `i`, `[tokens]`. Called once per batch.
    ///
    /// # Errors
    /// The objective's own; its documentation lists them.
    fn values(&mut self, values: &[f32], grad_values: &mut [f32]) -> Result<f64, Error> {
        let _ = values;
        grad_values.fill(0.0);
        Ok(0.0)
    }

    /// Computes the part of the loss that reads the scores of whole sequences, `[sequences]`. Called once per batch.
    ///
    /// # Errors
    /// The objective's own; its documentation lists them.
    fn scores(&mut self, scores: &[f32], grad_scores: &mut [f32]) -> Result<f64, Error> {
        let _ = scores;
        grad_scores.fill(0.0);
        Ok(0.0)
    }
}

/// A borrowed objective is an objective too, so that the caller can read its statistics afterwards.
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

/// A loss over whole rows of logits and its exact gradient: distillation from a teacher's rows, action values (ILQL),
/// a policy within another's support (NLPO). [`LearnRows`](crate::capabilities::LearnRows) learns from it.
///
/// The loss is a sum over rows, already divided by a denominator of the whole optimizer batch.
pub trait RowObjective {
    /// Returns the loss of the row that predicts `tokens[position]`, and writes its gradient to all of `grad_logits`.
    /// `logits`, `[vocabulary]`, are not divided by a temperature. Called once for each loss token, in rising order of
    /// position.
    ///
    /// # Errors
    /// The objective's own; its documentation lists them.
    fn row(&mut self, position: usize, logits: &[f32], grad_logits: &mut [f32]) -> Result<f64, Error>;
}

/// A borrowed objective is an objective too.
impl<O: RowObjective + ?Sized> RowObjective for &mut O {
    fn row(&mut self, position: usize, logits: &[f32], grad_logits: &mut [f32]) -> Result<f64, Error> {
        (**self).row(position, logits, grad_logits)
    }
}

/// A loss over the log-probabilities of `k` candidate ids at each loss token, and its exact gradient. It replaces a
/// [`RowObjective`] where copying whole rows from a device is too slow.
/// [`LearnCandidates`](crate::capabilities::LearnCandidates) learns from it.
///
/// The loss is a sum over positions, already divided by a denominator of the whole optimizer batch.
pub trait CandidateObjective {
    /// Returns the loss at `positions`, which are indices of loss tokens among the batch's tokens, in rising order, and
    /// writes all of `grad_log_probs`. `log_probs` are in nats under the batch's temperature; both are `[positions, k]`. A
    /// backend may call it several times, a tile of positions each.
    ///
    /// # Errors
    /// The objective's own; its documentation lists them.
    fn candidates(
        &mut self,
        positions: &[usize],
        log_probs: &[f32],
        grad_log_probs: &mut [f32],
    ) -> Result<f64, Error>;
}

/// A borrowed objective is an objective too.
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
