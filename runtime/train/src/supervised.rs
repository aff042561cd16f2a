//! Step 1: supervised fine-tuning, and pretraining, which is the same on plain text.

use super::batches::Batches;
use super::guard::{Fault, Offender, Place, Watch, zero_grad};
use super::{Examples, Guards, Models, Report, Step, TOKENS_AT_ONCE, TrainError, Trainer};
use crate::profile::{self, Optimizer};
use alloc::format;
use rlhf_core::loss::CrossEntropy;
use rlhf_core::optim::Schedule;
use rlhf_core::random::{Key, Stream};
use rlhf_core::roles::Learner;

/// Learns to write the responses (all of a text without a prompt) by next-token cross-entropy, in
/// batches of `settings.batch` texts, each pass over them in another keyed order. The dropout is the
/// learner's to know.
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

/// [`supervised`] step by step, for a caller that wants to look, save or stop between two.
#[derive(Clone, Debug)]
pub struct Supervised<'a> {
    examples: &'a Examples,
    optimizer: Optimizer,
    schedule: Schedule,
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
        let optimizer = settings.optimizer;
        let schedule = optimizer.schedule(batches.total(), 1);
        schedule.validate()?;
        Ok(Self { examples, optimizer, schedule, batches })
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
            loss = accumulate(learner, (&chosen, &picked), tokens as f64, 1.0, place).await?;
        }
        let update = self.optimizer.update(&self.schedule, step);
        let gradient = learner.step(&update).await.map_err(|error| {
            let all = picked.iter().enumerate().map(|(i, &of)| Offender::example(&chosen, i, of));
            Fault::refused(place, "learner", error, all.collect())
        })?;
        let (total, learning_rate) = (self.batches.total(), update.learning_rate);
        Ok(Some(Step { step: step + 1, total, loss, gradient, learning_rate }))
    }
}

/// Accumulates `coefficient` times the cross-entropy of examples, whose numbers among all are given
/// with them, over `denominator` tokens.
pub(super) async fn accumulate<L: Learner<Error: 'static>>(
    learner: &mut L,
    (examples, indices): (&Examples, &[usize]),
    denominator: f64,
    coefficient: f64,
    place: Place,
) -> Result<f64, TrainError> {
    let (loss, watch) = gradient(learner, "learner", examples, denominator, coefficient).await?;
    match Guards::examples(place, examples, indices, &watch) {
        Ok(()) => Ok(loss),
        Err(fault) => Err(zero_grad(learner, fault).await),
    }
}

/// The same before any guard has judged what was seen.
pub(super) async fn gradient<L: Learner<Error: 'static>>(
    learner: &mut L,
    role: &'static str,
    examples: &Examples,
    denominator: f64,
    coefficient: f64,
) -> Result<(f64, Watch), TrainError> {
    let mut loss = 0.0;
    let mut watch = Watch::new(examples.tokens());
    for part in examples.parts(TOKENS_AT_ONCE) {
        let mut objective = CrossEntropy::weighted(denominator, coefficient)?;
        let mut watched = watch.over(&mut objective, part.span.clone());
        loss += learner.accumulate(part.batch()?, &mut watched).await.map_err(TrainError::role(role))?;
    }
    Ok((loss, watch))
}

impl<L: Learner<Error: 'static>, R> Trainer<L, R> for Supervised<'_> {
    type State = ();

    async fn iterate(&mut self, models: &mut Models<'_, L, R>) -> Result<Option<Report>, TrainError> {
        let step = self.step(&mut models.policy).await?;
        Ok(step.map(|step| Report::of(step, [], format!("loss {:.3}", step.loss))))
    }

    fn state(&self) {}

    fn restore(&mut self, done: u64, (): ()) {
        self.batches.leave_out(done);
    }
}
