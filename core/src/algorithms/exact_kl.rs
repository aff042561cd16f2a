use crate::capabilities::Rows;
use crate::error::check;
use crate::maths::{exact_kl, log_softmax};
use crate::{Batch, Error, HeldRows};
use alloc::vec;

/// `out[t]` is KL(policy ‖ reference) in nats over all that token t might have been, under the batch's
/// temperature, where it is in the loss mask, else 0 (see [`exact_kl`]): what the estimates of
/// [`crate::maths::KlEstimator`] scatter about. `reference`: its rows at the batch's loss tokens;
/// `out`: `[tokens]`.
///
/// # Errors
/// The policy's; [`Error::Shape`]; [`Error::Range`] for an loss token without a reference's row;
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
mod tests {
    use super::*;
    use crate::testing::Table;
    use crate::{Ragged, ready};

    #[test]
    fn is_the_divergence_of_whole_rows() {
        let sequences = Ragged::new(&[0, 1, 2, 1], &[4]).unwrap();
        let loss_mask = [false, true, false, true];
        let batch = Batch::new(sequences, &loss_mask).unwrap().at_temperature(0.5).unwrap();
        let (mut policy, mut reference) = (Table::new(3, 3), Table::new(3, 3));
        policy.weights[6] = 0.5;
        let held = ready(HeldRows::of(&mut reference, batch)).unwrap().unwrap();
        let mut out = [f32::NAN; 4];
        ready(exact_kls(&mut policy, &held, batch, &mut out)).unwrap().unwrap();
        let (e, z) = (1f64.exp(), 1f64.exp() + 2.0);
        let want = e / z * (3.0 * e / z).ln() + 2.0 / z * (3.0 / z).ln();
        assert_eq!(out[..3], [0.0; 3]);
        assert!((f64::from(out[3]) - want).abs() < 1e-6, "{out:?} {want}");
        let none = HeldRows::default();
        let got = ready(exact_kls(&mut policy, &none, batch, &mut out)).unwrap();
        assert!(matches!(got, Err(Error::Range { name: "position", .. })));
    }
}
