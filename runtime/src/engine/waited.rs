//! Futures of Burn's.

use super::EngineError;

/// What a future of Burn's came to: natively they never wait.
pub(super) fn waited<T>(
    future: impl Future<Output = Result<T, rlhf_burn::BurnError>>,
) -> Result<T, EngineError> {
    let late = || rlhf_burn::BurnError::Device { reason: "it would have to be waited for".into() };
    Ok(rlhf_core::ready(future).unwrap_or_else(|| Err(late()))?)
}
