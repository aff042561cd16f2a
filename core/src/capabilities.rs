//! Optional capabilities of backends. A backend implements as many as it likes: a trainer requires a capability only
//! if its objective needs it.
//!
//! | capability | used by |
//! |---|---|
//! | [`Rows`], [`LearnRows`] | distillation by teacher tiles, ILQL's action values, NLPO's support, exact KL |
//! | [`Candidates`], [`LearnCandidates`] | distillation by the teacher's k best ids, without copying rows from a device |
//! | [`Parameters`] | TRPO's search direction and line search; copies of a network that lag behind it |
//!
//! A network with [`Rows`] has [`Candidates`] by an empty `impl`; override its methods where rows are slow to fetch.
//!
//! `HeldRows` stores the rows of one network while another learns from them; `sampling::sample_by` samples from the rows
//! of several networks.

use crate::error::check;
use crate::log_probs::log_probs_of;
use crate::roles::{Learner, Reference};
use crate::{Batch, CandidateObjective, Error, RowObjective};
use core::future::Future;

/// A network that gives whole rows of logits.
pub trait Rows: Reference {
    /// Returns the length of a row: the size of the vocabulary.
    fn row_len(&self) -> usize;

    /// Calls `visit(position, logits)` for each token in the loss mask, in rising order, with the row that predicts
    /// `tokens[position]`: `[row_len]` logits, not divided by a temperature. Holds at most a tile of rows at once.
    ///
    /// # Errors
    /// Those of [`Reference::log_probs`].
    fn rows(
        &mut self,
        batch: Batch<'_>,
        visit: &mut dyn FnMut(usize, &[f32]),
    ) -> impl Future<Output = Result<(), Self::Error>>;
}

/// A learner that learns from any [`RowObjective`].
pub trait LearnRows: Learner {
    /// Accumulates as [`Learner::accumulate`] does, from whole rows of logits.
    ///
    /// # Errors
    /// Those of [`Learner::accumulate`].
    fn accumulate_rows<O: RowObjective>(
        &mut self,
        batch: Batch<'_>,
        objective: &mut O,
    ) -> impl Future<Output = Result<f64, <Self as Learner>::Error>>;
}

/// A network that gives the log-probabilities of several ids at each position. By default both methods read whole rows;
/// override them to leave the rows on a device.
pub trait Candidates: Rows {
    /// Writes the `k` most probable ids at each token in the loss mask, most probable first (equal ones by rising id), and
    /// their log-probabilities in nats under the batch's temperature. `ids`, `log_probs`: `[loss tokens, k]`.
    ///
    /// # Errors
    /// Those of [`Reference::log_probs`]; a `k` of 0 or above the size of the vocabulary; outputs of another length.
    fn top(
        &mut self,
        batch: Batch<'_>,
        k: usize,
        ids: &mut [u32],
        log_probs: &mut [f32],
    ) -> impl Future<Output = Result<(), Self::Error>> {
        async move {
            check_candidates(batch, k, self.row_len(), ids.len(), log_probs.len())?;
            let mut outputs = ids.chunks_exact_mut(k).zip(log_probs.chunks_exact_mut(k));
            let mut result = Ok(());
            self.rows(batch, &mut |_, logits| {
                if let (Ok(()), Some((ids, log_probs))) = (result, outputs.next()) {
                    most_probable(logits, ids);
                    result = log_probs_of(logits, ids, batch.temperature().into(), log_probs);
                }
            })
            .await?;
            Ok(result?)
        }
    }

    /// Writes the log-probabilities of given ids. `ids`, `log_probs`: `[loss tokens, k]`.
    ///
    /// # Errors
    /// Those of [`Candidates::top`]; an id outside the vocabulary.
    fn candidates(
        &mut self,
        batch: Batch<'_>,
        k: usize,
        ids: &[u32],
        log_probs: &mut [f32],
    ) -> impl Future<Output = Result<(), Self::Error>> {
        async move {
            check_candidates(batch, k, self.row_len(), ids.len(), log_probs.len())?;
            let mut outputs = ids.chunks_exact(k).zip(log_probs.chunks_exact_mut(k));
            let mut result = Ok(());
            self.rows(batch, &mut |_, logits| {
                if let (Ok(()), Some((ids, log_probs))) = (result, outputs.next()) {
                    result = log_probs_of(logits, ids, batch.temperature().into(), log_probs);
                }
            })
            .await?;
            Ok(result?)
        }
    }
}

/// Refuses a `k` outside `1 ..= vocabulary`, and ids and log-probabilities that are not `k` for each loss token.
fn check_candidates(
    batch: Batch<'_>,
    k: usize,
    vocabulary: usize,
    ids: usize,
    log_probs: usize,
) -> Result<(), Error> {
    if k == 0 || k > vocabulary {
        return Err(Error::Range { name: "k", value: k as f64, low: 1.0, high: vocabulary as f64 });
    }
    let want = batch.positions().count() * k;
    check("ids", ids, want)?;
    check("log_probs", log_probs, want)
}

/// Writes the ids of the largest logits, largest first, equal ones by rising id.
fn most_probable(logits: &[f32], ids: &mut [u32]) {
    let mut found = 0;
    for (id, logit) in (0..).zip(logits) {
        let place = ids[..found].partition_point(|&other| logits[other as usize].total_cmp(logit).is_ge());
        if place < ids.len() {
            found = (found + 1).min(ids.len());
            ids[place..found].rotate_right(1);
            ids[place] = id;
        }
    }
}

/// A learner that learns from any [`CandidateObjective`].
pub trait LearnCandidates: Learner {
    /// Accumulates as [`Learner::accumulate`] does, from the log-probabilities of `ids`, `[loss tokens, k]`.
    ///
    /// # Errors
    /// Those of [`Learner::accumulate`] and [`Candidates::candidates`].
    fn accumulate_candidates<O: CandidateObjective>(
        &mut self,
        batch: Batch<'_>,
        k: usize,
        ids: &[u32],
        objective: &mut O,
    ) -> impl Future<Output = Result<f64, <Self as Learner>::Error>>;
}

/// A learner whose weights can be read and written and whose gradient can be read, as flat vectors in one order.
pub trait Parameters: Learner {
    /// Returns the number of weights.
    fn parameters(&self) -> usize;

    /// Copies the weights to `out`, `[parameters]`.
    ///
    /// # Errors
    /// Another length, or an error of the device.
    fn read(&mut self, out: &mut [f32]) -> impl Future<Output = Result<(), <Self as Learner>::Error>>;

    /// Sets the weights from `values`, `[parameters]`. The optimizer's state stays as it is.
    ///
    /// # Errors
    /// Another length, or an error of the device.
    fn write(&mut self, values: &[f32]) -> impl Future<Output = Result<(), <Self as Learner>::Error>>;

    /// Copies the accumulated gradient to `out`, `[parameters]`, and clears it.
    ///
    /// # Errors
    /// Another length, or an error of the device.
    fn take_gradient(
        &mut self,
        out: &mut [f32],
    ) -> impl Future<Output = Result<(), <Self as Learner>::Error>>;
}

#[cfg(all(test, feature = "model"))]
mod tests;
