//! The limits of the service.

use std::num::NonZeroUsize;
use std::time::Duration;

/// The limits of a [`Service`](crate::Service).
#[derive(Clone, Debug)]
pub struct Settings {
    /// Conversations that may wait for a worker; the next one is answered 503.
    pub queue: NonZeroUsize,
    /// The largest body of a request, in bytes.
    pub body_bytes: usize,
    /// The most messages of a request.
    pub messages: usize,
    /// The most candidates of a request.
    pub candidates: usize,
    /// The longest that a request may take, its body included.
    pub timeout: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            queue: const { NonZeroUsize::new(128).unwrap() },
            body_bytes: 1 << 16,
            messages: 64,
            candidates: 16,
            timeout: Duration::from_secs(10),
        }
    }
}
