//! Counts and times, in Prometheus' text format.

use std::collections::BTreeMap;
use std::fmt::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Upper ends of the buckets of times, in seconds.
const BUCKETS: [f64; 13] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// The metrics of a service.
#[derive(Debug, Default)]
pub struct Metrics {
    /// By path and status code.
    requests: Mutex<BTreeMap<(&'static str, u16), u64>>,
    /// From the head of a request for scores to its answer.
    answers: Histogram,
    /// From where a worker takes a conversation to its scores.
    scoring: Histogram,
    replies: AtomicU64,
    abandoned: AtomicU64,
    workers: AtomicU64,
}

/// A worker that counts as alive until this is dropped.
#[derive(Debug)]
pub struct Alive(Arc<Metrics>);

impl Metrics {
    /// Counts an answer to a request.
    pub fn answered(&self, path: &'static str, status: u16, time: Duration) {
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        *requests.entry((path, status)).or_default() += 1;
        if path == "/score" {
            self.answers.add(time);
        }
    }

    /// Counts a conversation that a worker is done with, and its replies that have a score.
    pub fn scored(&self, time: Duration, replies: usize) {
        self.scoring.add(time);
        self.replies.fetch_add(replies as u64, Relaxed);
    }

    /// Counts a conversation that nobody waited for any more.
    pub fn abandoned(&self) {
        self.abandoned.fetch_add(1, Relaxed);
    }

    /// Counts a worker.
    pub fn worker(self: &Arc<Self>) -> Alive {
        self.workers.fetch_add(1, Relaxed);
        Alive(self.clone())
    }

    /// Returns the number of workers that are alive.
    pub fn workers(&self) -> u64 {
        self.workers.load(Relaxed)
    }

    /// Returns the mean time that a conversation takes a worker, in seconds; 0 before the first.
    pub fn mean_scoring_seconds(&self) -> f64 {
        match self.scoring.count() {
            0 => 0.0,
            count => self.scoring.seconds() / count as f64,
        }
    }

    /// Returns all of them in Prometheus' text format, version 0.0.4, with the state of the queue.
    pub fn text(&self, waiting: usize, capacity: usize) -> String {
        let mut out = String::new();
        // Writing to a string does not fail.
        let _ = self.write(&mut out, waiting, capacity);
        out
    }

    fn write(&self, out: &mut String, waiting: usize, capacity: usize) -> fmt::Result {
        let load = |number: &AtomicU64| number.load(Relaxed);
        head(out, "guardrail_requests_total", "counter", "Requests that were answered.")?;
        for ((path, code), count) in self.requests.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            writeln!(out, "guardrail_requests_total{{path=\"{path}\",code=\"{code}\"}} {count}")?;
        }
        self.answers.write(out, "guardrail_score_request_seconds", "Time to the answer of POST /score.")?;
        self.scoring.write(out, "guardrail_scoring_seconds", "Time that a conversation takes a worker.")?;
        let numbers = [
            ("replies_total", "counter", "Replies that were scored.", load(&self.replies)),
            (
                "abandoned_total",
                "counter",
                "Conversations nobody waited for any more.",
                load(&self.abandoned),
            ),
            ("queue_length", "gauge", "Conversations that wait for a worker.", waiting as u64),
            ("queue_capacity", "gauge", "Conversations that may wait.", capacity as u64),
            ("workers", "gauge", "Worker threads that are alive.", load(&self.workers)),
        ];
        for (name, kind, help, value) in numbers {
            head(out, &format!("guardrail_{name}"), kind, help)?;
            writeln!(out, "guardrail_{name} {value}")?;
        }
        Ok(())
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.workers.fetch_sub(1, Relaxed);
    }
}

fn head(out: &mut String, name: &str, kind: &str, help: &str) -> fmt::Result {
    writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}")
}

/// Counts of times by their length.
#[derive(Debug, Default)]
struct Histogram {
    /// Times within each bucket, and beyond the last.
    counts: [AtomicU64; BUCKETS.len() + 1],
    nanoseconds: AtomicU64,
}

impl Histogram {
    fn add(&self, time: Duration) {
        let seconds = time.as_secs_f64();
        let bucket = BUCKETS.iter().position(|end| seconds <= *end).unwrap_or(BUCKETS.len());
        self.counts[bucket].fetch_add(1, Relaxed);
        // 64 bits hold five centuries.
        self.nanoseconds.fetch_add(time.as_nanos() as u64, Relaxed);
    }

    fn count(&self) -> u64 {
        self.counts.iter().map(|count| count.load(Relaxed)).sum()
    }

    fn seconds(&self) -> f64 {
        self.nanoseconds.load(Relaxed) as f64 / 1e9
    }

    fn write(&self, out: &mut String, name: &str, help: &str) -> fmt::Result {
        head(out, name, "histogram", help)?;
        let mut so_far = 0;
        for (n, count) in self.counts.iter().enumerate() {
            so_far += count.load(Relaxed);
            match BUCKETS.get(n) {
                Some(end) => writeln!(out, "{name}_bucket{{le=\"{end}\"}} {so_far}")?,
                None => writeln!(out, "{name}_bucket{{le=\"+Inf\"}} {so_far}")?,
            }
        }
        writeln!(out, "{name}_sum {}\n{name}_count {so_far}", self.seconds())
    }
}
