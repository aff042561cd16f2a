//! The log-probabilities of whole texts under a frozen model.

use super::{Examples, TOKENS_AT_ONCE, TrainError};
use alloc::vec;
use alloc::vec::Vec;
use rlhf_core::roles::Reference;
use rlhf_core::{Batch, Error};

/// The absence of a reference, for objectives that have none (SimPO, CPO, ORPO). For all others it is an error.
///
/// ```
/// use rlhf_train::NoReference;
/// use rlhf_core::{Batch, Ragged, ready, roles::Reference};
/// let asked = Batch::new(Ragged::new(&[1, 2], &[2])?, &[false, true])?;
/// let error = ready(NoReference.log_probs(asked, &mut [0.0; 2])).unwrap().unwrap_err();
/// assert_eq!(error.to_string(), "reference: need at least 1 elements, got 0");
/// # Ok::<(), rlhf_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NoReference;

impl Reference for NoReference {
    type Error = Error;

    async fn log_probs(&mut self, _: Batch<'_>, _: &mut [f32]) -> Result<(), Error> {
        Err(Error::TooFew { name: "reference", need: 1, got: 0 })
    }
}

/// The log-probabilities of the loss tokens of texts, in nats, 0 at the other tokens. `name` is the model's role, for
/// errors.
pub(super) async fn log_probs<F: Reference<Error: 'static>>(
    role: &mut F,
    name: &'static str,
    texts: &Examples,
    temperature: f32,
) -> Result<Vec<f32>, TrainError> {
    let mut out = vec![0.0; texts.tokens()];
    for part in texts.parts(TOKENS_AT_ONCE) {
        let batch = part.batch()?.at_temperature(temperature)?;
        role.log_probs(batch, &mut out[part.span.clone()]).await.map_err(TrainError::role(name))?;
    }
    Ok(out)
}
