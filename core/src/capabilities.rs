//! Optional capabilities of backends, which a few objectives need. A backend has those that it implements; no
//! trainer asks for one that its objective does not need.
//!
//! | capability | for |
//! |---|---|
//! | [`Rows`], [`LearnRows`] | distillation by teacher tiles, ILQL's action values, NLPO's support, exact KL |
//! | [`Candidates`], [`LearnCandidates`] | distillation by the teacher's k best, without rows leaving a device |
//! | [`Parameters`] | TRPO: a direction, a line search; copies that lag behind |
//!
//! `HeldRows` keeps the rows of one network while another learns from them, `sampling::sample_by` samples
//! with several networks' rows.

use crate::roles::{Learner, Reference};
use crate::{Batch, CandidateObjective, RowObjective};
use core::future::Future;

/// Shows whole rows of its vocabulary-sized head.
pub trait Rows: Reference {
    /// Elements of a row: the vocabulary.
    fn row_len(&self) -> usize;

    /// Calls `visit(position, logits)` for each loss token in rising order with the row that
    /// `tokens[position]` is predicted by: `[row_len]` logits, not divided by a temperature. At most a
    /// tile of rows is held at once.
    ///
    /// # Errors
    /// Boxed form of [`Reference::log_probs`].
    fn rows(
        &mut self,
        batch: Batch<'_>,
        visit: &mut dyn FnMut(usize, &[f32]),
    ) -> impl Future<Output = Result<(), Self::Error>>;
}

/// Learns from any [`RowObjective`].
pub trait LearnRows: Learner {
    /// Accumulates as [`Learner::accumulate`], from whole rows.
    ///
    /// # Errors
    /// Boxed form of [`Learner::accumulate`].
    fn accumulate_rows<O: RowObjective>(
        &mut self,
        batch: Batch<'_>,
        objective: &mut O,
    ) -> impl Future<Output = Result<f64, <Self as Learner>::Error>>;
}

/// Gives several ids at a position their log-probabilities.
pub trait Candidates: Reference {
    /// The `k` likeliest ids at each loss token, in falling order (equal ones by rising id), with their
    /// log-probabilities in nats under the batch's temperature. `ids`, `log_probs`: `[loss tokens, k]`.
    ///
    /// # Errors
    /// As [`Reference::log_probs`]; a `k` of 0 or beyond the vocabulary; another length of the outputs.
    fn top(
        &mut self,
        batch: Batch<'_>,
        k: usize,
        ids: &mut [u32],
        log_probs: &mut [f32],
    ) -> impl Future<Output = Result<(), Self::Error>>;

    /// The log-probabilities of given ids: `ids`, `log_probs`: `[loss tokens, k]`.
    ///
    /// # Errors
    /// As [`Candidates::top`]; an id outside the vocabulary.
    fn candidates(
        &mut self,
        batch: Batch<'_>,
        k: usize,
        ids: &[u32],
        log_probs: &mut [f32],
    ) -> impl Future<Output = Result<(), Self::Error>>;
}

/// Learns from any [`CandidateObjective`].
pub trait LearnCandidates: Learner {
    /// Accumulates as [`Learner::accumulate`], from the log-probabilities of `ids`, `[loss tokens, k]`.
    ///
    /// # Errors
    /// As [`Learner::accumulate`] and [`Candidates::candidates`].
    fn accumulate_candidates<O: CandidateObjective>(
        &mut self,
        batch: Batch<'_>,
        k: usize,
        ids: &[u32],
        objective: &mut O,
    ) -> impl Future<Output = Result<f64, <Self as Learner>::Error>>;
}

/// Lets its weights and its gradient be read and its weights be set, as flat vectors in one order.
pub trait Parameters: Learner {
    /// Returns the number of weights.
    fn parameters(&self) -> usize;

    /// Copies the weights to `out`, `[parameters]`.
    ///
    /// # Errors
    /// Another length, or the device's own.
    fn read(&mut self, out: &mut [f32]) -> impl Future<Output = Result<(), <Self as Learner>::Error>>;

    /// Sets the weights from `values`, `[parameters]`. The optimizer's state stays as it is.
    ///
    /// # Errors
    /// Another length, or the device's own.
    fn write(&mut self, values: &[f32]) -> impl Future<Output = Result<(), <Self as Learner>::Error>>;

    /// Copies the accumulated gradient to `out`, `[parameters]`, and forgets it.
    ///
    /// # Errors
    /// Another length, or the device's own.
    fn take_gradient(
        &mut self,
        out: &mut [f32],
    ) -> impl Future<Output = Result<(), <Self as Learner>::Error>>;
}
