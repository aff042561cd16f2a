//! The steps of a run, each with its data.

use super::answers::{Answers, Evaluator, texts, write};
use super::base::Base;
use super::datasets::Set;
use super::rewards::AnswerVotes;
use super::sources::Sources;
use super::{Answer, Generator, Hook, RankedAnswers, RunError, Sample};
use crate::config::{Config, NewBase};
use crate::engine::{Aligned, Member, Model, Scorer};
use crate::record::Phase;
use crate::stage::{self, Judgments, Measure, Session};
use crate::transcript::{answer_mark, line_end};
use rlhf_core::model::tokenizer::Tokenizer;
use rlhf_core::random::{Key, Stream};
use rlhf_core::sampling::StopCriteria;
use rlhf_train::profile::{Profile, RewardLoss};
use rlhf_train::{Examples, Models, Prompts, Ranking, Solution, TrainError};
use std::time::Instant;

/// The state that all steps share.
pub(super) struct Run<'a, 's> {
    pub config: &'a Config,
    pub profile: Profile,
    pub base: Base,
    pub session: Session<'s>,
}

impl Run<'_, '_> {
    /// Seconds since and before, in all and for each step.
    pub fn elapsed(&self, phase: Phase, clock: Instant) -> (f64, f64) {
        let steps = self.session.lines().iter().filter(|line| line.phase == phase).count();
        let seconds = clock.elapsed().as_secs_f64().max(self.session.seconds(phase));
        (seconds, seconds / steps.max(1) as f64)
    }

    fn stopping<'e>(&self, ends: &'e [u32]) -> StopCriteria<'e> {
        StopCriteria { max_new_tokens: self.config.ppo.response, eos: ends, stop: &[] }
    }

    /// A new base, from plain text.
    pub fn pretrain(&mut self, new: &NewBase, plain: &Examples) -> Result<Model, RunError> {
        let settings = new.settings(&self.profile);
        Ok(stage::supervised(
            &mut self.session,
            Phase::Pretrain,
            &self.base.model,
            plain,
            &settings,
            self.config.seed,
        )?)
    }

    /// Runs step 1.
    pub fn supervised(&mut self, demonstrations: &Examples, corpus: &Examples) -> Result<Model, RunError> {
        let Some(settings) = self.profile.supervised else { return Ok(self.base.model.clone()) };
        let mixed = (self.config.supervised.pretraining * demonstrations.len() as f64).round() as usize;
        let mut texts = demonstrations.clone();
        for i in (0..corpus.len()).cycle().take(mixed) {
            texts.push(&[], corpus.text(i)).map_err(|e| RunError::at(Phase::Supervised, 0)(e.into()))?;
        }
        Ok(stage::supervised(
            &mut self.session,
            Phase::Supervised,
            &self.base.model,
            &texts,
            &settings,
            self.config.seed,
        )?)
    }

    /// Comparisons of what the supervised model writes.
    pub fn compare(
        &self,
        sft: &mut Model,
        by: &mut dyn Generator,
    ) -> Result<[Vec<RankedAnswers>; 2], RunError> {
        let (ends, temperature) = (self.base.tokenizer.ends(), self.profile.temperature());
        let key = Key::new(self.config.seed, Stream::Sampling, u32::MAX - 2);
        let stopping = self.stopping(&ends);
        let mut answer = |prompts: &[Vec<u32>]| write(sft, prompts, temperature, &stopping, key);
        by.compare(&mut answer).map_err(RunError::at(Phase::Reward, 0))
    }

    /// Runs step 2.
    pub fn reward(&mut self, sft: &Model, sources: &Sources) -> Result<Scorer, RunError> {
        let settings = self.profile.reward;
        let ranked = |sets: &[Set<AnswerVotes>]| -> Vec<Ranking> {
            sets.iter().flat_map(|set| &set.train).map(AnswerVotes::ranking).collect()
        };
        let (rankings, before) = (ranked(&sources.comparisons), ranked(&sources.before));
        let solutions: Vec<Solution> =
            sources.solutions.iter().flat_map(|set| set.train.iter().cloned()).collect();
        let judgments = Judgments {
            rankings: &rankings,
            solutions: &solutions,
            before: &before,
            step_end: self.step_end()?,
            answer_after: &answer_mark(&self.base.tokenizer),
        };
        let mut writer = sft.clone();
        let ends = self.base.tokenizer.ends();
        let (stopping, temperature) = (self.stopping(&ends), self.profile.temperature());
        let key = Key::new(self.config.seed, Stream::Sampling, u32::MAX - 1);
        let mut written = |count| {
            let prompts: Vec<_> = sources.prompts.iter().cycle().take(count as usize).cloned().collect();
            texts(&prompts, &write(&mut writer, &prompts, temperature, &stopping, key)?)
        };
        let mut scale = |member: Member| {
            stage::normalized(member, settings.normalization, &sources.demonstrations.0, &mut written)
        };
        let seed = self.config.seed;
        Ok(stage::reward_model(&mut self.session, sft, judgments, &settings, seed, &mut scale)?)
    }

    /// The token that ends a step, where a process reward model needs one.
    fn step_end(&self) -> Result<u32, RunError> {
        match (self.profile.reward.loss, line_end(&self.base.tokenizer)) {
            (RewardLoss::Process(_), None) => {
                let reason = "a line's end ends a step, and the tokenizer has no token for it";
                Err(RunError::setting("reward.loss", reason))
            }
            (_, end) => Ok(end.unwrap_or_default()),
        }
    }

    /// Runs step 3 by its method.
    pub fn align(
        &mut self,
        sft: &Model,
        reward: &mut Scorer,
        sources: &Sources,
        mix: &Examples,
        material: &stage::TrainingData,
        hook: &mut Option<&mut dyn Hook>,
    ) -> Result<Aligned, RunError> {
        let ends = self.base.tokenizer.ends();
        let (stopping, guards) = (self.stopping(&ends), self.config.guards);
        let (prompts, iterations) = (&sources.prompts, self.config.ppo.iterations);
        let on = Prompts { prompts, stopping, mix, iterations, guards };
        let (seed, temperature, held_out) =
            (self.config.seed, self.evaluation_temperature(), &sources.held_out);
        let mut measured;
        let mut measure: Option<&mut Measure<'_>> = None;
        if let Some(hook) = hook {
            measured = |iteration, models: &mut Models<'_, Model, Scorer>| {
                let Models { policy, reference: Some(reference), reward: Some(reward), .. } = models else {
                    return Ok(Vec::new());
                };
                let prompts = held_out;
                let mut evaluator = Evaluator { prompts, temperature, stopping, seed, reference, reward };
                hook.after_iteration(iteration, policy, &mut evaluator)
            };
            measure = Some(&mut measured);
        }
        let inputs = stage::AlignInputs { sft, reward, prompts: on, data: material };
        Ok(stage::align(&mut self.session, &self.profile, inputs, seed, measure)?)
    }

    /// A network that cannot be measured, and the phase that made it so.
    pub fn failed(&mut self, phase: Phase, prompts: &[Vec<u32>], error: TrainError) -> RunError {
        let last = self.session.lines().iter().rev().find(|line| line.phase == phase);
        let step = last.map_or(0, |line| line.step);
        self.session.failed(phase, step, error, prompts.iter().map(Vec::as_slice)).into()
    }

    /// The temperature at which held-out prompts are answered.
    fn evaluation_temperature(&self) -> f64 {
        self.config.evaluation.temperature.unwrap_or(self.profile.temperature())
    }

    /// Returns the evaluator of answers to held-out prompts.
    pub fn evaluator<'e>(
        &self,
        prompts: &'e [Vec<u32>],
        ends: &'e [u32],
        reference: &'e mut Model,
        reward: &'e mut Scorer,
    ) -> Evaluator<'e> {
        let (temperature, stopping) = (self.evaluation_temperature(), self.stopping(ends));
        Evaluator { prompts, temperature, stopping, seed: self.config.seed, reference, reward }
    }

    pub fn samples(&self, prompts: &[Vec<u32>], before: &Answers, after: &Answers) -> Vec<Sample> {
        let tokenizer = &self.base.tokenizer;
        let answer = |answers: &Answers, i: usize| Answer {
            text: tokenizer.decode_continuation(answers.responses.response(i)),
            reward: answers.rewards[i],
        };
        let shown = self.config.evaluation.samples.min(prompts.len());
        (0..shown)
            .map(|i| Sample {
                prompt: tokenizer.decode(&prompts[i]),
                sft: answer(before, i),
                ppo: answer(after, i),
            })
            .collect()
    }
}
