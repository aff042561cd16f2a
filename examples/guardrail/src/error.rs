//! What can go wrong, as status codes with a JSON body.

use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use std::path::PathBuf;
use std::time::Duration;

/// An error of a service that starts.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The model file cannot be read.
    #[error("{}: {error}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The reason.
        error: std::io::Error,
    },
    /// The model cannot score texts of such a length.
    #[error("{}: {error}", path.display())]
    Model {
        /// The file.
        path: PathBuf,
        /// The reason.
        error: rlhf_scorer::Error,
    },
    /// The system starts no thread.
    #[error("cannot start a worker thread: {0}: ask for fewer by --workers")]
    Thread(std::io::Error),
}

/// A conversation that cannot be scored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MessagesError {
    /// A list without an element.
    #[error("{field}: want one or more")]
    Empty {
        /// The field of the request.
        field: &'static str,
    },
    /// A list that is too long.
    #[error("{field}: {got}, of which at most {most} are taken: send fewer")]
    TooMany {
        /// The field of the request.
        field: &'static str,
        /// The number in the request.
        got: usize,
        /// The largest number.
        most: usize,
    },
    /// Nothing to score.
    #[error("messages: want an assistant's message last, or candidates beside them")]
    NoReply,
    /// A reply in `messages` and others in `candidates`.
    #[error("messages: end with an assistant's message while there are candidates: send one or the other")]
    TwoReplies,
    /// Nothing that a reply could answer.
    #[error("messages: want a user's message before the reply")]
    NoUser,
}

/// An error of a request.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServiceError {
    /// 413: the body is too large.
    #[error("the body is longer than {limit} bytes: send fewer or shorter messages")]
    BodyTooLarge {
        /// The largest body, in bytes.
        limit: usize,
    },
    /// 400: the body could not be received.
    #[error("the body could not be received: {0}")]
    Body(String),
    /// 408: the body took too long.
    #[error("the body did not arrive within {} s", .0.as_secs_f32())]
    BodyTimeout(Duration),
    /// 400: the body is not JSON. 422: it is JSON, but no request.
    #[error("{0}")]
    Json(#[from] serde_json::Error),
    /// 422: the conversation cannot be scored.
    #[error(transparent)]
    Messages(#[from] MessagesError),
    /// 422: prompt and reply together are too long.
    #[error("the conversation with a reply has more than {context} tokens: leave out its beginning")]
    TooManyTokens {
        /// The longest text, in tokens.
        context: usize,
    },
    /// 503: as many requests wait as may.
    #[error("too many requests wait: send it again in {retry_after} s")]
    QueueFull {
        /// When there may be room again, in seconds.
        retry_after: u64,
    },
    /// 503: the service is being shut down.
    #[error("the service is being shut down: send it to another, or again in 1 s")]
    ShuttingDown,
    /// 504: no worker was done in time.
    #[error("no score within {} s: send it again when fewer wait, or raise --timeout", .0.as_secs_f32())]
    Timeout(Duration),
    /// 500: the scorer failed.
    #[error("the scorer failed: {0}")]
    Scorer(rlhf_scorer::Error),
    /// 500: a worker ended without an answer.
    #[error("a worker ended without an answer: restart the service and report a bug")]
    NoAnswer,
    /// 404: no such path.
    #[error("no such path: there are POST /score, GET /health and GET /metrics")]
    NotFound,
    /// 405: another method.
    #[error("this path takes another method: there are POST /score, GET /health and GET /metrics")]
    MethodNotAllowed,
}

impl ServiceError {
    /// Returns the status code.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::BodyTooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Body(_) => StatusCode::BAD_REQUEST,
            Self::BodyTimeout(_) => StatusCode::REQUEST_TIMEOUT,
            Self::Json(error) if error.is_data() => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Json(_) => StatusCode::BAD_REQUEST,
            Self::Messages(_) | Self::TooManyTokens { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            Self::QueueFull { .. } | Self::ShuttingDown => StatusCode::SERVICE_UNAVAILABLE,
            Self::Timeout(_) => StatusCode::GATEWAY_TIMEOUT,
            Self::Scorer(_) | Self::NoAnswer => StatusCode::INTERNAL_SERVER_ERROR,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        }
    }

    /// Returns the name of the kind of error, which does not change.
    pub fn code(&self) -> &'static str {
        match self {
            Self::BodyTooLarge { .. } => "body_too_large",
            Self::Body(_) => "body",
            Self::BodyTimeout(_) => "body_timeout",
            Self::Json(_) => "json",
            Self::Messages(_) => "messages",
            Self::TooManyTokens { .. } => "too_many_tokens",
            Self::QueueFull { .. } => "queue_full",
            Self::ShuttingDown => "shutting_down",
            Self::Timeout(_) => "timeout",
            Self::Scorer(_) | Self::NoAnswer => "internal",
            Self::NotFound => "not_found",
            Self::MethodNotAllowed => "method_not_allowed",
        }
    }

    /// When to send the request again, in seconds.
    fn retry_after(&self) -> Option<u64> {
        match self {
            Self::QueueFull { retry_after } => Some(*retry_after),
            Self::ShuttingDown => Some(1),
            _ => None,
        }
    }
}

impl From<rlhf_scorer::Error> for ServiceError {
    fn from(error: rlhf_scorer::Error) -> Self {
        match error {
            rlhf_scorer::Error::Context { context, .. } => Self::TooManyTokens { context },
            error => Self::Scorer(error),
        }
    }
}

/// `{"error": {"code": …, "message": …}}`.
impl IntoResponse for ServiceError {
    fn into_response(self) -> Response {
        let body = json!({"error": {"code": self.code(), "message": self.to_string()}}).to_string();
        let mut response = (self.status(), [(CONTENT_TYPE, "application/json")], body).into_response();
        if let Some(seconds) = self.retry_after() {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
