//! The service over loopback.

mod client;
mod command;
mod exposition;
mod limits;
mod metrics;
mod overload;
mod routes;
mod running;
mod shutdown;
mod transcripts;
