//! Running a future of a backend that never waits.

use core::future::Future;
use core::pin::pin;
use core::task::{Context, Poll, Waker};

/// The result of a future that is ready at its first poll, or `None` where it would have waited.
///
/// Role methods are asynchronous only because a device may have to be read; the futures of a
/// backend on this processor are always ready.
///
/// ```
/// assert_eq!(rlhf_core::ready(async { 7 }), Some(7));
/// assert_eq!(rlhf_core::ready(core::future::pending::<()>()), None);
/// ```
pub fn ready<F: Future>(future: F) -> Option<F::Output> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}
