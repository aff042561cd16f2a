//! Boxed futures.

use super::EngineError;
use alloc::boxed::Box;
use core::pin::Pin;

/// The future of a dyn-compatible method.
pub type BoxedFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, EngineError>> + 'a>>;

/// Boxes a method's future and converts its error to [`EngineError`].
pub(super) fn boxed<'a, T, E: Into<EngineError>>(
    future: impl Future<Output = Result<T, E>> + 'a,
) -> BoxedFuture<'a, T> {
    Box::pin(async move { future.await.map_err(Into::into) })
}
