//! Reads from the device.

use crate::EngineError;
use crate::tensor::{Element, Tensor, TensorData, Transaction, list};

/// Waits for what was registered. Natively the thread waits, so that the roles' futures are always ready;
/// a browser has no thread that may.
pub(crate) async fn fetch(transaction: Transaction) -> Result<Vec<TensorData>, EngineError> {
    #[cfg(target_family = "wasm")]
    let data = transaction.execute_async().await;
    #[cfg(not(target_family = "wasm"))]
    let data = transaction.try_execute();
    data.map_err(|error| EngineError::Device { reason: format!("{error}") })
}

/// The next tensor's numbers, in the order of registration.
pub(crate) fn numbers<E: Element>(
    data: &mut impl Iterator<Item = TensorData>,
) -> Result<Vec<E>, EngineError> {
    let failed = |reason: String| EngineError::Device { reason };
    let data = data.next().ok_or_else(|| failed("it returned fewer tensors than were asked for".into()))?;
    list(data).map_err(failed)
}

/// Reads the numbers of a tensor, row-major.
pub(crate) async fn floats<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>, EngineError> {
    let data = fetch(Transaction::default().register(tensor)).await?;
    numbers(&mut data.into_iter())
}
