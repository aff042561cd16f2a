//! Rollouts as `ndarray` views.

use ndarray::ArrayView1;
use rlhf_core::{Error, Rollouts};

/// One response of a buffer: a view of each array of numbers, one for each token that the policy
/// wrote. See [`rlhf_core::Columns`] for what they mean.
#[derive(Clone, Copy, Debug)]
pub struct ResponseView<'a> {
    /// Token ids.
    pub tokens: ArrayView1<'a, u32>,
    /// ln p under the policy that wrote it, in nats.
    pub log_probs: ArrayView1<'a, f32>,
    /// ln p under the reference, in nats.
    pub ref_log_probs: ArrayView1<'a, f32>,
    /// The critic's values.
    pub values: ArrayView1<'a, f32>,
    /// Rewards.
    pub rewards: ArrayView1<'a, f32>,
    /// Advantages.
    pub advantages: ArrayView1<'a, f32>,
    /// Returns.
    pub returns: ArrayView1<'a, f32>,
}

/// Lends response `i`; nothing is copied.
///
/// ```
/// use rlhf_core::{Rollouts, sampling::Finish};
/// let mut rollouts = Rollouts::growing();
/// rollouts.push(&[5, 6], &[7, 8, 0], &[-0.5, -0.25, -0.75], Finish::Eos)?;
/// let response = rlhf_cpu::response(&rollouts, 0)?;
/// assert_eq!(response.tokens.to_vec(), [7, 8, 0]);
/// assert_eq!(response.log_probs.mean(), Some(-0.5));
/// let log_ratio = &response.log_probs - &response.ref_log_probs;
/// assert_eq!(log_ratio.sum(), -1.5);
/// # Ok::<(), rlhf_core::Error>(())
/// ```
///
/// # Errors
/// [`Error::Range`] where there is no response `i`.
pub fn response(rollouts: &Rollouts, i: usize) -> Result<ResponseView<'_>, Error> {
    if i >= rollouts.len() {
        let high = rollouts.len() as f64 - 1.0;
        return Err(Error::Range { name: "index of a response", value: i as f64, low: 0.0, high });
    }
    let span = rollouts.response_span(i);
    Ok(ResponseView {
        tokens: ArrayView1::from(&rollouts.sequences().tokens()[span.clone()]),
        log_probs: ArrayView1::from(&rollouts.log_probs()[span.clone()]),
        ref_log_probs: ArrayView1::from(&rollouts.ref_log_probs()[span.clone()]),
        values: ArrayView1::from(&rollouts.values()[span.clone()]),
        rewards: ArrayView1::from(&rollouts.rewards()[span.clone()]),
        advantages: ArrayView1::from(&rollouts.advantages()[span.clone()]),
        returns: ArrayView1::from(&rollouts.returns()[span]),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rlhf_core::sampling::Finish;

    #[test]
    fn a_view_is_its_own_response_in_every_column() {
        let mut rollouts = Rollouts::growing();
        rollouts.push(&[1], &[2, 3], &[-1.0, -2.0], Finish::Eos).unwrap();
        rollouts.push(&[4, 5, 6], &[7], &[-3.0], Finish::Length).unwrap();
        let columns = rollouts.columns_mut();
        let all =
            [columns.ref_log_probs, columns.values, columns.rewards, columns.advantages, columns.returns];
        for (k, column) in all.into_iter().enumerate() {
            column.iter_mut().enumerate().for_each(|(t, x)| *x = (10 * k + t) as f32);
        }
        let (first, second) = (response(&rollouts, 0).unwrap(), response(&rollouts, 1).unwrap());
        assert_eq!((first.tokens.to_vec(), second.tokens[0]), (alloc::vec![2, 3], 7));
        assert_eq!(first.log_probs.to_vec(), [-1.0, -2.0]);
        let of = |r: ResponseView<'_>| {
            [r.ref_log_probs, r.values, r.rewards, r.advantages, r.returns].map(|c| c[0])
        };
        assert_eq!(of(first), [1.0, 11.0, 21.0, 31.0, 41.0]);
        assert_eq!(of(second), [6.0, 16.0, 26.0, 36.0, 46.0]);
        assert_eq!(
            response(&rollouts, 2).unwrap_err(),
            Error::Range { name: "index of a response", value: 2.0, low: 0.0, high: 1.0 }
        );
    }
}
