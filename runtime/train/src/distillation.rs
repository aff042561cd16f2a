//! A student learns from a teacher.

use super::guard::{Offender, Place, Shown, Watch, zero_grad};
use super::steps::{Passing, Steps};
use super::trainer::required;
use super::written::{examples, write};
use super::{
    AllRoles, Examples, LearningPolicy, Models, ROWS_AT_ONCE, Report, Step, TOKENS_AT_ONCE, TrainError,
    Trainer,
};
use crate::profile::DistillationTraining;
use alloc::format;
use alloc::vec;
use alloc::vec::Vec;
use rlhf_core::HeldRows;
use rlhf_core::capabilities::{Candidates, LearnCandidates, LearnRows, Rows};
use rlhf_core::loss::{DistilCandidates, DistilRows, DistillationStats};
use rlhf_core::random::{Key, Stream};
use rlhf_core::roles::{Learner, Policy};
use rlhf_core::sampling::{SamplingParams, StopCriteria};

/// Distillation step by step, on given texts, on the student's own, or on both by turns
/// ([`DistillationTraining::own`]). Of a text without a prompt the first token is what a student goes on from.
#[derive(Clone, Debug)]
pub struct Distil<'a> {
    texts: &'a Examples,
    stopping: &'a StopCriteria<'a>,
    settings: DistillationTraining,
    seed: u64,
    steps: Steps,
}

impl<'a> Distil<'a> {
    /// At the first step. `stopping` says when the student's own responses end.
    ///
    /// # Errors
    /// [`TrainError::Nothing`] without a token to learn; [`TrainError::Core`] names the setting that is out
    /// of range.
    pub fn new(
        texts: &'a Examples,
        stopping: &'a StopCriteria<'a>,
        settings: &DistillationTraining,
        seed: u64,
    ) -> Result<Self, TrainError> {
        settings.validate()?;
        // Texts without a token to learn are none.
        let items = if texts.loss_tokens() == 0 { 0 } else { texts.len() };
        let passing =
            Passing { what: "texts", items, batch: settings.passes.batch, epochs: settings.passes.epochs };
        let steps = Steps::new(passing, settings.passes.optimizer, (seed, 6 << 18))?;
        Ok(Self { texts, stopping, settings: *settings, seed, steps })
    }

    /// Goes on after `steps` steps that were taken before, by a student that remembers them.
    pub fn after(mut self, steps: u64) -> Self {
        self.steps.leave_out(steps);
        self
    }

    /// The next step from the teacher's whole rows, and what its tokens showed; `None` when all are done.
    ///
    /// # Errors
    /// [`TrainError::Guard`] where a divergence is not finite; a role's own.
    pub async fn step<S, T>(
        &mut self,
        student: &mut S,
        teacher: &mut T,
    ) -> Result<Option<(Step, DistillationStats)>, TrainError>
    where
        S: LearningPolicy + LearnRows,
        T: Rows<Error: 'static>,
    {
        let Some((step, picked)) = self.steps.next_batch() else { return Ok(None) };
        let batch = self.batch(student, step, &picked).await;
        let batch = batch.map_err(|error| error.guarded(Place::Step(step + 1), || self.prompts(&picked)))?;
        let shown = Shown { texts: &batch, items: &picked, each: 1 };
        let guarded = |error: TrainError| error.guarded(Place::Step(step + 1), || shown.offenders());
        let (temperature, n) = (self.settings.objective.temperature, batch.loss_tokens().max(1) as f64);
        let (mut seen, mut watch) = (DistillationStats::default(), Watch::new(batch.tokens()));
        for part in batch.parts(ROWS_AT_ONCE) {
            let tokens = part.batch()?.at_temperature(temperature as f32)?;
            let held = HeldRows::of(teacher, tokens).await.map_err(TrainError::role("teacher"))?;
            let mut objective = DistilRows::new(&held, self.settings.objective, n)?;
            let mut watched = watch.over(&mut objective, part.span.clone());
            let pulled = student.accumulate_rows(tokens, &mut watched).await;
            pulled.map_err(TrainError::role("student")).map_err(guarded)?;
            seen.merge(&objective.stats);
        }
        self.take(student, step, shown, &watch, seen, n).await.map(Some)
    }

    /// The same from the log-probabilities of the teacher's `k` likeliest ids, where rows are too dear to
    /// leave a device. Both networks' logits are divided by the objective's temperature.
    ///
    /// # Errors
    /// As [`Self::step`]; a k of 0 or beyond the vocabulary.
    pub async fn step_from_candidates<S, T>(
        &mut self,
        student: &mut S,
        teacher: &mut T,
        k: usize,
    ) -> Result<Option<(Step, DistillationStats)>, TrainError>
    where
        S: LearningPolicy + LearnCandidates,
        T: Candidates<Error: 'static>,
    {
        let Some((step, picked)) = self.steps.next_batch() else { return Ok(None) };
        let batch = self.batch(student, step, &picked).await;
        let batch = batch.map_err(|error| error.guarded(Place::Step(step + 1), || self.prompts(&picked)))?;
        let shown = Shown { texts: &batch, items: &picked, each: 1 };
        let guarded = |error: TrainError| error.guarded(Place::Step(step + 1), || shown.offenders());
        let (temperature, n) = (self.settings.objective.temperature, batch.loss_tokens().max(1) as f64);
        let (mut seen, mut watch) = (DistillationStats::default(), Watch::new(batch.tokens()));
        for part in batch.parts(TOKENS_AT_ONCE) {
            let tokens = part.batch()?.at_temperature(temperature as f32)?;
            let positions: Vec<usize> = (0..part.span.len()).filter(|&t| tokens.loss_mask()[t]).collect();
            let (mut ids, mut said) = (vec![0; positions.len() * k], vec![0.0; positions.len() * k]);
            let asked = teacher.top(tokens, k, &mut ids, &mut said).await;
            asked.map_err(TrainError::role("teacher"))?;
            let mut objective = DistilCandidates::new(&positions, &said, self.settings.objective, n)?;
            let mut watched = watch.over(&mut objective, part.span.clone());
            let pulled = student.accumulate_candidates(tokens, k, &ids, &mut watched).await;
            pulled.map_err(TrainError::role("student")).map_err(guarded)?;
            seen.merge(&objective.stats);
        }
        self.take(student, step, shown, &watch, seen, n).await.map(Some)
    }

    /// The texts of those numbers, or what the student writes in their place.
    async fn batch<S: Policy<Error: 'static>>(
        &self,
        student: &mut S,
        step: u64,
        picked: &[usize],
    ) -> Result<Examples, TrainError> {
        let coin = Key::new(self.seed, Stream::Data, 6 << 18).uniform(step as u32, 0);
        if coin >= self.settings.own {
            return Ok(self.texts.select(picked.iter().copied()));
        }
        let prompts = Examples::try_from_iter(picked.iter().map(|&i| (self.texts.parted(i).0, [])))?;
        let prompts = prompts.sequences()?;
        let key = Key::new(self.seed, Stream::Sampling, step as u32);
        let (all, place) = (SamplingParams::at_temperature(1.0), Place::Step(step + 1));
        let rollouts = write(student, prompts, &all, self.stopping, (key, 0), place).await?;
        Ok(examples(&rollouts, 0..rollouts.len())?)
    }

    /// The prompts of those texts, as samples to look at.
    fn prompts(&self, picked: &[usize]) -> Vec<Offender> {
        picked.iter().map(|&i| Offender::prompt(self.texts.parted(i).0, i)).collect()
    }

    async fn take<S: Learner<Error: 'static>>(
        &self,
        student: &mut S,
        step: u64,
        shown: Shown<'_>,
        watch: &Watch,
        seen: DistillationStats,
        n: f64,
    ) -> Result<(Step, DistillationStats), TrainError> {
        if let Err(fault) = shown.learner(Place::Step(step + 1), watch) {
            return Err(zero_grad(student, fault).await);
        }
        let loss = self.settings.objective.coefficient * seen.divergence / n;
        let step = self.steps.take(student, step, loss, || shown.offenders()).await?;
        Ok((step, seen))
    }
}

impl<N: AllRoles, R> Trainer<N, R> for Distil<'_> {
    type State = ();

    async fn iterate(&mut self, models: &mut Models<'_, N, R>) -> Result<Option<Report>, TrainError> {
        let (student, teacher) = (&mut models.policy, required(&mut models.reference, "teacher")?);
        let taken = match self.settings.top {
            None => self.step(student, teacher).await?,
            Some(k) => self.step_from_candidates(student, teacher, k as usize).await?,
        };
        Ok(taken.map(|(step, seen)| {
            let apart = seen.divergence / seen.tokens.max(1) as f64;
            let sentence = format!("{apart:.4} nats a token from the teacher");
            Report::of(step, [("divergence", apart)], sentence)
        }))
    }

    fn state(&self) {}

    fn restore(&mut self, done: u64, (): ()) {
        self.steps.leave_out(done);
    }
}
