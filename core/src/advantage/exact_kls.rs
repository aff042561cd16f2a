//! The exact KL from a reference, token by token.

use crate::advantage::exact_kl;
use crate::capabilities::Rows;
use crate::error::check;
use crate::log_probs::log_softmax;
use crate::{Batch, Error, HeldRows};
use alloc::vec;

/// `out[t]` is KL(policy ‖ reference) in nats over all that token t might have been, under the batch's
/// temperature, where it is in the loss mask, else 0 (see [`exact_kl`]): what the estimates of
/// [`crate::advantage::KlEstimator`] scatter about. `reference`: its rows at the batch's loss tokens;
/// `out`: `[tokens]`.
///
/// # Errors
/// The policy's; [`Error::Shape`]; [`Error::Range`] for a loss token without a reference's row;
/// [`Error::NotFinite`] for logits.
pub async fn exact_kls<P: Rows>(
    policy: &mut P,
    reference: &HeldRows,
    batch: Batch<'_>,
    out: &mut [f32],
) -> Result<(), P::Error> {
    check("out", out.len(), batch.loss_mask().len())?;
    let width = policy.row_len();
    let temperature = f64::from(batch.temperature());
    let (mut log_p, mut log_q) = (vec![0.0; width], vec![0.0; width]);
    let mut measure = |position, logits: &[f32]| -> Result<f32, Error> {
        log_softmax(logits, temperature, &mut log_p)?;
        log_softmax(reference.row(position)?, temperature, &mut log_q)?;
        exact_kl(&log_p, &log_q)
    };
    out.fill(0.0);
    let mut fault = None;
    let visit = &mut |position, logits: &[f32]| match measure(position, logits) {
        Ok(kl) => out[position] = kl,
        Err(error) => fault = fault.or(Some(error)),
    };
    policy.rows(batch, visit).await?;
    Ok(fault.map_or(Ok(()), Err)?)
}

#[cfg(test)]
mod tests;
