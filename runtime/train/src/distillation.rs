//! Distillation: a student learns the distributions of a teacher.

use super::guard::{Offender, OutputRecord, Place, ResponseBatch, zero_grad_on_fault};
use super::rollout::{Sampler, examples, sample};
use super::steps::{DataPasses, Steps};
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
use rlhf_core::roles::Policy;
use rlhf_core::sampling::{SamplingParams, StopCriteria};

/// Distillation step by step, on given texts, on the student's own responses, or on both in turns
/// ([`DistillationTraining::own`]). The prompt of a text without one is its first token.
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
        let key = Key::new(seed, Stream::Shuffle, 6 << 18);
        let steps = Steps::new(DataPasses { what: "texts", items, settings: settings.passes, key })?;
        Ok(Self { texts, stopping, settings: *settings, seed, steps })
    }

    /// Continues after `steps` steps, with the student and its optimizer of that time.
    pub fn after(mut self, steps: u64) -> Self {
        self.steps.skip_steps(steps);
        self
    }

    /// The next step from the teacher's whole rows, and its statistics; `None` at the end of the run.
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
        let responses = ResponseBatch { texts: &batch, items: &picked, texts_per_item: 1 };
        let guarded = |error: TrainError| error.guarded(Place::Step(step + 1), || responses.offenders());
        let (temperature, n) = (self.settings.objective.temperature, batch.loss_tokens().max(1) as f64);
        let (mut stats, mut record) = (DistillationStats::default(), OutputRecord::new(batch.tokens()));
        for part in batch.parts(ROWS_AT_ONCE) {
            let tokens = part.batch()?.at_temperature(temperature as f32)?;
            let held = HeldRows::of(teacher, tokens).await.map_err(TrainError::role("teacher"))?;
            let mut objective = DistilRows::new(&held, self.settings.objective, n)?;
            let mut recording = record.over(&mut objective, part.span.clone());
            let accumulated = student.accumulate_rows(tokens, &mut recording).await;
            accumulated.map_err(TrainError::role("student")).map_err(guarded)?;
            stats.merge(&objective.stats);
        }
        zero_grad_on_fault(student, responses.learner(Place::Step(step + 1), &record)).await?;
        let loss = self.settings.objective.coefficient * stats.divergence / n;
        let step = self.steps.take(student, step, loss, || responses.offenders()).await?;
        Ok(Some((step, stats)))
    }

    /// The next step from the log-probabilities of the teacher's `k` likeliest ids, where rows are too large to
    /// leave a device. The logits of both networks are divided by the objective's temperature.
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
        let responses = ResponseBatch { texts: &batch, items: &picked, texts_per_item: 1 };
        let guarded = |error: TrainError| error.guarded(Place::Step(step + 1), || responses.offenders());
        let (temperature, n) = (self.settings.objective.temperature, batch.loss_tokens().max(1) as f64);
        let (mut stats, mut record) = (DistillationStats::default(), OutputRecord::new(batch.tokens()));
        for part in batch.parts(TOKENS_AT_ONCE) {
            let tokens = part.batch()?.at_temperature(temperature as f32)?;
            let positions: Vec<usize> = (0..part.span.len()).filter(|&t| tokens.loss_mask()[t]).collect();
            let (mut ids, mut log_probs) = (vec![0; positions.len() * k], vec![0.0; positions.len() * k]);
            let top = teacher.top(tokens, k, &mut ids, &mut log_probs).await;
            top.map_err(TrainError::role("teacher"))?;
            let mut objective = DistilCandidates::new(&positions, &log_probs, self.settings.objective, n)?;
            let mut recording = record.over(&mut objective, part.span.clone());
            let accumulated = student.accumulate_candidates(tokens, k, &ids, &mut recording).await;
            accumulated.map_err(TrainError::role("student")).map_err(guarded)?;
            stats.merge(&objective.stats);
        }
        zero_grad_on_fault(student, responses.learner(Place::Step(step + 1), &record)).await?;
        let loss = self.settings.objective.coefficient * stats.divergence / n;
        let step = self.steps.take(student, step, loss, || responses.offenders()).await?;
        Ok(Some((step, stats)))
    }

    /// The texts of those indices, or the student's own responses to their prompts.
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
        let sampler = Sampler {
            params: SamplingParams::at_temperature(1.0),
            stopping: self.stopping,
            key: Key::new(self.seed, Stream::Sampling, step as u32),
            first: 0,
            place: Place::Step(step + 1),
        };
        let rollouts = sample(student, prompts, &sampler).await?;
        Ok(examples(&rollouts, 0..rollouts.len())?)
    }

    /// The prompts of those texts, for an error.
    fn prompts(&self, picked: &[usize]) -> Vec<Offender> {
        picked.iter().map(|&i| Offender::prompt(self.texts.parted(i).0, i)).collect()
    }
}

impl<N: AllRoles, R> Trainer<N, R> for Distil<'_> {
    type State = ();

    async fn iterate(&mut self, models: &mut Models<'_, N, R>) -> Result<Option<Report>, TrainError> {
        let Models { policy: student, reference, .. } = models;
        let teacher = reference.as_mut().ok_or(TrainError::Missing { role: "teacher" })?;
        let step = match self.settings.top {
            None => self.step(student, teacher).await?,
            Some(k) => self.step_from_candidates(student, teacher, k as usize).await?,
        };
        Ok(step.map(|(step, stats)| {
            let divergence = stats.divergence / stats.tokens.max(1) as f64;
            let sentence = format!("{divergence:.4} nats a token from the teacher");
            Report::of(step, [("divergence", divergence)], sentence)
        }))
    }

    fn state(&self) {}

    fn restore(&mut self, done: u64, (): ()) {
        self.steps.skip_steps(done);
    }
}
