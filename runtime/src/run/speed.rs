//! The speed of a network on this machine, measured in a moment.

use super::RunError;
use super::answers::write;
use crate::engine::{Device, Model};
use crate::record::Phase;
use core::time::Duration;
use rlhf_core::model::Architecture;
use rlhf_core::random::{Key, Stream};
use rlhf_core::sampling::StopCriteria;
use rlhf_train::profile::{Optimizer, Supervised};
use rlhf_train::{Examples, now, supervised};
use std::time::Instant;

/// Seconds for each token.
#[derive(Clone, Copy, Debug)]
pub(super) struct Speed {
    /// Forward, backward and the optimizer's step.
    pub learning: f64,
    /// Forward alone.
    pub reading: f64,
    /// Sampling, many responses at once.
    pub sampling: f64,
}

/// A sequence of the measurement, in tokens.
const LENGTH: usize = 64;
/// Sequences that grow together.
const TOGETHER: usize = 64;
/// New tokens of each.
const NEW: usize = 16;
/// The operations of one measured pass: a fraction of a second on any processor.
const OPERATIONS: usize = 4_000_000_000;
/// The time that is measured at least.
const LEAST: Duration = Duration::from_millis(150);

/// Tokens of work.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Work {
    /// The tokens that are learned, once for each pass.
    pub learned: f64,
    /// The tokens that are only read.
    pub read: f64,
    /// The tokens that are sampled.
    pub sampled: f64,
}

impl Speed {
    /// The seconds that the work takes.
    pub fn seconds(&self, work: &Work) -> f64 {
        work.learned * self.learning + work.read * self.reading + work.sampled * self.sampling
    }

    /// Times a random network of this shape.
    ///
    /// # Errors
    /// The device's.
    pub fn measure(
        device: &Device,
        architecture: &Architecture,
        optimizer: Optimizer,
    ) -> Result<Self, RunError> {
        let failed = |e| RunError::at(Phase::Supervised, 0)(e);
        let mut network = Model::random(device, architecture.clone(), 0)
            .map_err(|e| RunError::setting("base", e.to_string()))?;
        let (length, vocabulary) = (LENGTH.min(architecture.context), architecture.vocabulary);
        let rows = (OPERATIONS / (6 * architecture.parameters().max(1)) / length).clamp(1, 32);
        let text = |i: usize| (0..length).map(move |t| ((i * 31 + t * 7) % vocabulary) as u32);
        let mut texts = Examples::default();
        for i in 0..rows {
            texts.push(&[], &text(i).collect::<Vec<_>>()).map_err(|e| failed(e.into()))?;
        }
        let settings = Supervised { epochs: 1, batch: rows as u32, dropout: 0.0, optimizer };
        let learning = timed(|| {
            now(supervised(&mut network, &texts, &settings, 0, &mut |_| {})).map_err(failed)?;
            Ok(rows * length)
        })?;
        let new = NEW.min(architecture.context.saturating_sub(1)).max(1);
        let stopping = StopCriteria { max_new_tokens: new, eos: &[], stop: &[] };
        let prompts = vec![vec![0]; TOGETHER.min(4 * rows)];
        let sampling = timed(|| {
            write(&mut network, &prompts, 1.0, &stopping, Key::new(0, Stream::Sampling, 0))
                .map_err(failed)?;
            Ok(prompts.len() * new)
        })?;
        Ok(Self { learning, reading: learning / 3.0, sampling })
    }
}

/// Seconds a token of work that returns its tokens, after one run that does not count.
fn timed(mut work: impl FnMut() -> Result<usize, RunError>) -> Result<f64, RunError> {
    work()?;
    let (clock, mut tokens) = (Instant::now(), 0);
    while tokens == 0 || clock.elapsed() < LEAST {
        tokens += work()?;
    }
    Ok(clock.elapsed().as_secs_f64() / tokens as f64)
}
