//! Threads that score, each with a scorer of its own.

use crate::{Conversation, Metrics, Queue, RewardModel, ServiceError, StartError};
use rlhf_scorer::{Error, Scorer, probability};
use serde::Serialize;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};
use std::time::Instant;
use tokio::sync::oneshot;

/// What the model thinks of a reply.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Score {
    /// The score, in units of reward.
    pub score: f32,
    /// The probability that people prefer the reply to the reference, or to a reply of raw score 0.
    pub probability: f32,
}

/// A conversation that waits for its scores.
#[derive(Debug)]
pub struct Job {
    /// The conversation.
    pub conversation: Conversation,
    /// Where the scores of its replies go. Once nobody waits there, they are not computed.
    pub answer: oneshot::Sender<Result<Vec<Score>, ServiceError>>,
}

/// The threads.
#[derive(Debug)]
pub struct Workers {
    queue: Arc<Queue<Job>>,
    threads: Vec<JoinHandle<()>>,
}

impl Workers {
    /// Starts `count` threads that take jobs from the queue until it is closed and empty.
    ///
    /// # Errors
    /// [`StartError::Thread`]; threads that were started end again.
    pub fn start(
        count: NonZeroUsize,
        model: &Arc<RewardModel>,
        queue: &Arc<Queue<Job>>,
        metrics: &Arc<Metrics>,
    ) -> Result<Self, StartError> {
        let mut workers = Self { queue: queue.clone(), threads: Vec::new() };
        for n in 0..count.get() {
            let (model, queue, metrics) = (model.clone(), queue.clone(), metrics.clone());
            // Counted before the thread runs, so that the service is healthy at once.
            let alive = metrics.worker();
            let run = move || {
                let _alive = alive;
                if let Err(error) = model.with_scorer(|scorer| work(scorer, &queue, &metrics)) {
                    eprintln!("worker {n}: {error}");
                }
            };
            match Builder::new().name(format!("scorer {n}")).spawn(run) {
                Ok(thread) => workers.threads.push(thread),
                Err(error) => {
                    workers.drain();
                    return Err(StartError::Thread(error));
                }
            }
        }
        Ok(workers)
    }

    /// Closes the queue, and waits until all that is in it was scored.
    pub fn drain(self) {
        self.queue.close();
        for thread in self.threads {
            // A panic has been printed, and its request answered.
            let _ = thread.join();
        }
    }
}

fn work(scorer: &mut Scorer<'_, '_>, queue: &Queue<Job>, metrics: &Metrics) {
    while let Some(job) = queue.pop() {
        let begun = Instant::now();
        match scores(scorer, &job) {
            Some(scores) => {
                metrics.scored(begun.elapsed(), scores.as_ref().map_or(0, Vec::len));
                // The client may have left meanwhile.
                let _ = job.answer.send(scores);
            }
            None => metrics.abandoned(),
        }
    }
}

/// The scores of all replies; `None` as soon as nobody waits for them.
fn scores(scorer: &mut Scorer<'_, '_>, job: &Job) -> Option<Result<Vec<Score>, ServiceError>> {
    let Conversation { prompt, replies, reference } = &job.conversation;
    let mut raw = Vec::new();
    for reply in reference.iter().chain(replies) {
        if job.answer.is_closed() {
            return None;
        }
        match scorer.raw_score_reply(prompt, reply) {
            Ok(score) => raw.push(score),
            Err(error) => return Some(Err(error.into())),
        }
    }
    let reference = if reference.is_some() { raw.remove(0) } else { 0.0 };
    let score = |raw: f32| {
        let score = scorer.model().reward(raw);
        // JSON has no infinity.
        let finite = score.is_finite().then_some(score).ok_or(Error::NotFinite)?;
        Ok(Score { score: finite, probability: probability(raw, reference) })
    };
    Some(raw.into_iter().map(score).collect())
}
