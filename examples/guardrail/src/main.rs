//! The command: see `guardrail --help`.

use clap::Parser;
use guardrail::{RewardModel, Service, Settings, router, serve};
use std::error::Error;
use std::io::Write;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;

/// Scores chat replies with a reward model, over HTTP.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// A model file, as `rlhf export` writes it.
    model: PathBuf,
    /// The address to listen on; port 0 is any that is free.
    #[arg(long, default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Threads that score [default: one for each core].
    #[arg(long)]
    workers: Option<NonZeroUsize>,
    /// Requests that may wait for a thread; the next are answered 503.
    #[arg(long, default_value_t = Settings::default().queue)]
    queue: NonZeroUsize,
    /// The longest text, in tokens [default: the model's].
    #[arg(long)]
    context: Option<NonZeroUsize>,
    /// The largest body, in bytes.
    #[arg(long, default_value_t = Settings::default().body_bytes)]
    max_body: usize,
    /// The most messages of a request.
    #[arg(long, default_value_t = Settings::default().messages)]
    max_messages: usize,
    /// The most candidates of a request.
    #[arg(long, default_value_t = Settings::default().candidates)]
    max_candidates: usize,
    /// The longest that a request may take, in seconds.
    #[arg(long, default_value_t = Settings::default().timeout.as_secs(), value_parser = seconds())]
    timeout: u64,
    /// The longest that a shutdown waits for answers, in seconds.
    #[arg(long, default_value_t = 30, value_parser = seconds())]
    drain: u64,
}

fn seconds() -> clap::builder::RangedU64ValueParser {
    clap::value_parser!(u64).range(1..=86_400)
}

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("guardrail: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> Result<(), Box<dyn Error>> {
    let model = RewardModel::open(&arguments.model, arguments.context.map(NonZeroUsize::get))?;
    let settings = Settings {
        queue: arguments.queue,
        body_bytes: arguments.max_body,
        messages: arguments.max_messages,
        candidates: arguments.max_candidates,
        timeout: Duration::from_secs(arguments.timeout),
    };
    let service = Arc::new(Service::new(model, settings));
    let cores = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let workers = service.start_workers(arguments.workers.unwrap_or(cores))?;
    // One thread for all connections: it only moves bytes.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let served = runtime.block_on(async {
        let stop = stop()?;
        let listener = TcpListener::bind(arguments.listen).await;
        let listener = listener.map_err(|error| format!("--listen {}: {error}", arguments.listen))?;
        writeln!(std::io::stdout(), "listening on http://{}", listener.local_addr()?)?;
        Ok(serve(listener, router(service), stop, Duration::from_secs(arguments.drain)).await?)
    });
    // With the runtime go the requests that are out of time, for which workers then do not score.
    drop(runtime);
    workers.drain();
    served
}

/// Waits for SIGTERM or SIGINT, which end nothing by themselves from now on.
#[cfg(unix)]
fn stop() -> std::io::Result<impl Future<Output = ()> + Send + 'static> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// Waits for Ctrl-C.
#[cfg(not(unix))]
fn stop() -> std::io::Result<impl Future<Output = ()> + Send + 'static> {
    Ok(async {
        let _ = tokio::signal::ctrl_c().await;
    })
}
