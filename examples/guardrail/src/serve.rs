//! Serving until it is to stop.

use axum::Router;
use axum::serve::ListenerExt;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::Notify;

/// An error of a service that was running.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// Connections were still open.
    #[error("connections were open {} s after the shutdown began: give them longer by --drain", .0.as_secs_f32())]
    Drain(Duration),
    /// The listener failed.
    #[error("cannot serve: {0}")]
    Listener(#[from] std::io::Error),
}

/// Serves until `stop` is done, then takes no more connections and answers the requests that it has, for at most `drain`.
///
/// # Errors
/// [`ServeError::Drain`] where that was not enough.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    stop: impl Future<Output = ()> + Send + 'static,
    drain: Duration,
) -> Result<(), ServeError> {
    let stopping = Arc::new(Notify::new());
    let begun = stopping.clone();
    // Answers are short: none waits for the next to fill a packet.
    let listener = listener.tap_io(|connection| {
        let _ = connection.set_nodelay(true);
    });
    let server = axum::serve(listener, router).with_graceful_shutdown(async move {
        stop.await;
        begun.notify_one();
    });
    let out_of_time = async {
        stopping.notified().await;
        tokio::time::sleep(drain).await;
    };
    tokio::select! {
        ended = server.into_future() => Ok(ended?),
        () = out_of_time => Err(ServeError::Drain(drain)),
    }
}
