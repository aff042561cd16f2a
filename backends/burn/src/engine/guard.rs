//! Panics of Burn, as errors: it panics where a driver fails or has no memory left.

use crate::EngineError;
use core::any::Any;
use core::panic::AssertUnwindSafe;
use core::pin::pin;
use core::task::Poll;
use std::panic::catch_unwind;

/// Returns the result of `work`, or [`EngineError::Device`] with the message of its panic.
pub(crate) fn catch_panic<T>(work: impl FnOnce() -> Result<T, EngineError>) -> Result<T, EngineError> {
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|panic| Err(EngineError::Device { reason: panic_message(panic.as_ref()) }))
}

/// Turns a panic of a future into an error.
pub(crate) async fn catch_panic_async<T>(
    work: impl Future<Output = Result<T, EngineError>>,
) -> Result<T, EngineError> {
    let mut work = pin!(work);
    core::future::poll_fn(|context| {
        catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(context))).unwrap_or_else(|panic| {
            Poll::Ready(Err(EngineError::Device { reason: panic_message(panic.as_ref()) }))
        })
    })
    .await
}

/// Returns the message of a panic.
fn panic_message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no reason was given").into()
}
