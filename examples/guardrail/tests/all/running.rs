//! A service that runs beside a test.

use crate::client::{Answer, Client};
use crate::exposition::samples;
use guardrail::{RewardModel, ServeError, Service, Settings, Workers, router, serve};
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// The model that the scorer's tests have: bytes, 64 tokens.
pub const MODEL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../backends/scorer/tests/tiny.rlhf");
/// A model that was trained, with a gain and a bias.
pub const TRAINED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../firmware/model.rlhf");
/// The address of any free port.
pub const ANY: &str = "127.0.0.1:0";

/// The longest that a test waits for what happens at once.
const PATIENCE: Duration = Duration::from_secs(30);

/// A request that is fine.
pub const HELLO: &str =
    r#"{"messages":[{"role":"user","content":"Hi"},{"role":"assistant","content":"Hello"}]}"#;

pub struct Running {
    pub address: SocketAddr,
    pub service: Arc<Service>,
    workers: Option<Workers>,
    stop: oneshot::Sender<()>,
    served: JoinHandle<Result<(), ServeError>>,
}

impl Running {
    /// Starts a service with so many workers.
    pub async fn start(settings: Settings, workers: usize) -> Self {
        Self::of(MODEL, settings, workers, Duration::from_secs(60)).await
    }

    /// Starts a service of a model, whose shutdown lasts `drain` at most.
    pub async fn of(model: &str, settings: Settings, workers: usize, drain: Duration) -> Self {
        let model = RewardModel::open(Path::new(model), None).unwrap();
        let service = Arc::new(Service::new(model, settings));
        let listener = TcpListener::bind(ANY).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let stopped = async {
            let _ = stopped.await;
        };
        let served = tokio::spawn(serve(listener, router(service.clone()), stopped, drain));
        let mut running = Self { address, service, workers: None, stop, served };
        running.work(workers);
        running
    }

    /// Starts workers.
    pub fn work(&mut self, workers: usize) {
        self.workers = NonZeroUsize::new(workers).map(|workers| self.service.start_workers(workers).unwrap());
    }

    /// Sends a request on a connection of its own.
    pub async fn send(&self, method: &str, path: &str, body: &str) -> Answer {
        let mut client = Client::connect(self.address).await.unwrap();
        client.send(method, path, body).await.unwrap()
    }

    /// Sends a request for scores beside the test.
    pub fn spawn(&self, body: &'static str) -> JoinHandle<Answer> {
        let address = self.address;
        tokio::spawn(async move {
            Client::connect(address).await.unwrap().send("POST", "/score", body).await.unwrap()
        })
    }

    /// A metric's value; 0 where there is none yet.
    pub async fn metric(&self, sample: &str) -> f64 {
        let answer = self.send("GET", "/metrics", "").await;
        samples(&answer.body).get(sample).copied().unwrap_or_default()
    }

    /// Waits until a metric has a value.
    pub async fn until(&self, sample: &str, value: f64) {
        let reached = async {
            while self.metric(sample).await != value {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(PATIENCE, reached).await.unwrap_or_else(|_| panic!("{sample} does not become {value}"));
    }

    /// Begins to stop, and waits until no more connections are taken.
    pub async fn stop(self) -> Stopping {
        self.stop.send(()).unwrap();
        refuses(self.address).await;
        Stopping { service: self.service, workers: self.workers, served: self.served }
    }
}

/// Waits until no more connections are taken.
pub async fn refuses(address: SocketAddr) {
    let refused = async {
        while Client::connect(address).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, refused).await.expect("connections are still taken");
}

/// A service that answers what it has.
pub struct Stopping {
    pub service: Arc<Service>,
    workers: Option<Workers>,
    served: JoinHandle<Result<(), ServeError>>,
}

impl Stopping {
    /// Waits for its end.
    pub async fn end(self) -> Result<(), ServeError> {
        let served = self.served.await.unwrap();
        if let Some(workers) = self.workers {
            workers.drain();
        }
        served
    }
}
