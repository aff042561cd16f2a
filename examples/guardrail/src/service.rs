//! The routes.

use crate::{Job, Metrics, PushError, Queue, RewardModel, Score, ScoreRequest, ServiceError, Settings};
use crate::{StartError, Workers};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, FromRequest, Request, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Serialize;
use serde_json::json;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::oneshot;
use tokio::time::timeout_at;

/// The longest that a client is told to wait before it sends a request again, in seconds.
const MOST_RETRY_AFTER: f64 = 60.0;

/// What all requests share.
#[derive(Debug)]
pub struct Service {
    settings: Settings,
    model: Arc<RewardModel>,
    queue: Arc<Queue<Job>>,
    metrics: Arc<Metrics>,
}

impl Service {
    /// Creates a service, whose requests wait until there are workers.
    pub fn new(model: RewardModel, settings: Settings) -> Self {
        let queue = Arc::new(Queue::new(settings.queue));
        Self { settings, model: Arc::new(model), queue, metrics: Arc::default() }
    }

    /// Starts threads that score.
    ///
    /// # Errors
    /// [`StartError::Thread`].
    pub fn start_workers(&self, count: NonZeroUsize) -> Result<Workers, StartError> {
        Workers::start(count, &self.model, &self.queue, &self.metrics)
    }

    /// How long it will take until all that waits now was scored, in whole seconds from 1.
    fn retry_after(&self) -> u64 {
        let waiting = self.queue.len() as f64 / self.metrics.workers().max(1) as f64;
        (waiting * self.metrics.mean_scoring_seconds()).ceil().clamp(1.0, MOST_RETRY_AFTER) as u64
    }
}

/// Returns the routes of a service.
pub fn router(service: Arc<Service>) -> Router {
    Router::new()
        .route("/score", post(score))
        .route("/health", get(health))
        .route("/metrics", get(metrics))
        .fallback(async || ServiceError::NotFound)
        .method_not_allowed_fallback(async || ServiceError::MethodNotAllowed)
        .layer(DefaultBodyLimit::max(service.settings.body_bytes))
        .layer(from_fn_with_state(service.clone(), count))
        .with_state(service)
}

/// Counts each answer.
async fn count(State(service): State<Arc<Service>>, request: Request, next: Next) -> Response {
    let begun = Instant::now();
    // A label for each path that exists, so that strangers cannot make more.
    let path = match request.uri().path() {
        "/score" => "/score",
        "/health" => "/health",
        "/metrics" => "/metrics",
        _ => "other",
    };
    let response = next.run(request).await;
    service.metrics.answered(path, response.status().as_u16(), begun.elapsed());
    response
}

async fn score(State(service): State<Arc<Service>>, request: Request) -> Result<Response, ServiceError> {
    let settings = &service.settings;
    let deadline = tokio::time::Instant::now() + settings.timeout;
    let body = timeout_at(deadline, Bytes::from_request(request, &()))
        .await
        .map_err(|_| ServiceError::BodyTimeout(settings.timeout))?
        .map_err(|rejection| match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => ServiceError::BodyTooLarge { limit: settings.body_bytes },
            _ => ServiceError::Body(rejection.body_text()),
        })?;
    let request: ScoreRequest = serde_json::from_slice(&body)?;
    let several = request.candidates.is_some();
    let conversation = request.conversation(settings)?;
    let (answer, scores) = oneshot::channel();
    service.queue.push(Job { conversation, answer }).map_err(|error| match error {
        PushError::Full => ServiceError::QueueFull { retry_after: service.retry_after() },
        PushError::Closed => ServiceError::ShuttingDown,
    })?;
    // Out of time, the receiver is dropped, and workers leave the job.
    let scores = timeout_at(deadline, scores)
        .await
        .map_err(|_| ServiceError::Timeout(settings.timeout))?
        .map_err(|_| ServiceError::NoAnswer)??;
    Ok(match scores[..] {
        [score] if !several => json(StatusCode::OK, &score),
        _ => json(StatusCode::OK, &Candidates { candidates: scores }),
    })
}

/// The answer to a request with candidates, in their order.
#[derive(Serialize)]
struct Candidates {
    candidates: Vec<Score>,
}

/// Tells whether the service can score.
async fn health(State(service): State<Arc<Service>>) -> Response {
    let workers = service.metrics.workers();
    let (status, word) = match workers {
        0 => (StatusCode::SERVICE_UNAVAILABLE, "no workers"),
        _ => (StatusCode::OK, "ok"),
    };
    json(status, &json!({"status": word, "workers": workers, "context": service.model.context()}))
}

async fn metrics(State(service): State<Arc<Service>>) -> Response {
    let text = service.metrics.text(service.queue.len(), service.queue.capacity());
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
}

fn json(status: StatusCode, body: &impl Serialize) -> Response {
    match serde_json::to_string(body) {
        Ok(body) => (status, [(CONTENT_TYPE, "application/json")], body).into_response(),
        Err(error) => ServiceError::Json(error).into_response(),
    }
}
