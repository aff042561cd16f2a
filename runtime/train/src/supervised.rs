//! Step 1: supervised fine-tuning, and pretraining, which is the same on plain text.

use super::accumulation::GradientPass;
use super::batches::Batches;
use super::examples::Part;
use super::guard::{Offender, OutputRecord, Place, zero_grad_on_fault};
use super::scheduled_optimizer::{OptimizerStep, ScheduledOptimizer};
use super::{Examples, Guards, Models, Report, Step, TOKENS_AT_ONCE, TrainError, Trainer};
use crate::profile;
use alloc::format;
use alloc::vec::Vec;
use rlhf_core::loss::CrossEntropy;
use rlhf_core::random::{Key, Stream};
use rlhf_core::roles::Learner;

/// Learns the responses (all of a text without a prompt) by next-token cross-entropy, in batches of
/// `settings.batch` texts, each epoch in another keyed order. Dropout is a setting of the learner.
///
/// # Errors
/// [`TrainError::Nothing`] without a token to learn; [`TrainError::Guard`] where a number is not finite;
/// the learner's own.
pub async fn supervised<L: Learner<Error: 'static>>(
    learner: &mut L,
    examples: &Examples,
    settings: &profile::Supervised,
    seed: u64,
    on_step: &mut dyn FnMut(Step),
) -> Result<(), TrainError> {
    let mut steps = Supervised::new(examples, settings, seed)?;
    while let Some(step) = steps.step(learner).await? {
        on_step(step);
    }
    Ok(())
}

/// [`supervised`] step by step, for a caller that looks, saves or stops between two steps.
#[derive(Clone, Debug)]
pub struct Supervised<'a> {
    examples: &'a Examples,
    optimizer: ScheduledOptimizer,
    batches: Batches,
}

impl<'a> Supervised<'a> {
    /// At the first step.
    ///
    /// # Errors
    /// [`TrainError::Nothing`] without a token to learn; [`TrainError::Core`] names the setting that
    /// is out of range.
    pub fn new(
        examples: &'a Examples,
        settings: &profile::Supervised,
        seed: u64,
    ) -> Result<Self, TrainError> {
        if examples.loss_tokens() == 0 {
            return Err(TrainError::Nothing { what: "demonstrations" });
        }
        let key = Key::new(seed, Stream::Shuffle, 0);
        let batches = Batches::new(key, examples.len(), settings.batch, settings.epochs);
        let optimizer = ScheduledOptimizer::new(settings.optimizer, batches.total(), 1)?;
        Ok(Self { examples, optimizer, batches })
    }

    /// The next step; `None` when all are done.
    ///
    /// # Errors
    /// The learner's own.
    pub async fn step<L: Learner<Error: 'static>>(
        &mut self,
        learner: &mut L,
    ) -> Result<Option<Step>, TrainError> {
        let Some((step, picked)) = self.batches.next() else { return Ok(None) };
        let chosen = self.examples.select(picked.iter().copied());
        let place = Place::Step(step + 1);
        let tokens = chosen.loss_tokens();
        let mut loss = 0.0;
        if tokens > 0 {
            let denominator = tokens as f64;
            let batch =
                SupervisedBatch { examples: &chosen, indices: &picked, denominator, coefficient: 1.0 };
            loss = accumulate(learner, &batch, place).await?;
        }
        let all = || picked.iter().enumerate().map(|(i, &of)| Offender::example(&chosen, i, of)).collect();
        let taken = self.optimizer.step(learner, "learner", step, place, all).await?;
        let OptimizerStep { gradient, learning_rate } = taken;
        let total = self.batches.total();
        Ok(Some(Step { step: step + 1, total, loss, gradient, learning_rate }))
    }
}

/// A batch of examples to imitate.
pub(super) struct SupervisedBatch<'a> {
    pub examples: &'a Examples,
    /// The index of each example among all, for errors.
    pub indices: &'a [usize],
    /// The number of tokens that the loss is divided by.
    pub denominator: f64,
    /// The factor of the loss.
    pub coefficient: f64,
}

/// Accumulates the gradient of a batch's cross-entropy, and returns its loss.
pub(super) async fn accumulate<L: Learner<Error: 'static>>(
    learner: &mut L,
    batch: &SupervisedBatch<'_>,
    place: Place,
) -> Result<f64, TrainError> {
    let (loss, record) = gradient(learner, "learner", batch).await?;
    let verdict = Guards::examples(place, batch.examples, batch.indices, &record);
    zero_grad_on_fault(learner, verdict).await?;
    Ok(loss)
}

/// Accumulates the same gradient, and returns the loss and the log-probabilities, which no guard has checked yet.
pub(super) async fn gradient<L: Learner<Error: 'static>>(
    learner: &mut L,
    role: &'static str,
    batch: &SupervisedBatch<'_>,
) -> Result<(f64, OutputRecord), TrainError> {
    let parts: Vec<Part<'_>> = batch.examples.parts(TOKENS_AT_ONCE).collect();
    let pass = GradientPass { parts: &parts, role, temperature: 1.0, texts_per_item: None };
    let mut loss = 0.0;
    let objective = |_: &Part<'_>| CrossEntropy::weighted(batch.denominator, batch.coefficient);
    let record = pass.accumulate(learner, objective, |part, _| loss += part).await?;
    Ok((loss, record))
}

impl<L: Learner<Error: 'static>, R> Trainer<L, R> for Supervised<'_> {
    type State = ();

    async fn iterate(&mut self, models: &mut Models<'_, L, R>) -> Result<Option<Report>, TrainError> {
        let step = self.step(&mut models.policy).await?;
        Ok(step.map(|step| Report::of(step, [], format!("loss {:.3}", step.loss))))
    }

    fn state(&self) {}

    fn restore(&mut self, done: u64, (): ()) {
        self.batches.skip_steps(done);
    }
}
