//! Step 3: PPO against a reward, with a KL penalty and a pretraining mix.

use super::examples::{Part, parts};
use super::guard::{Offender, Place, Watch, zero_grad};
use super::scheduled_optimizer::ScheduledOptimizer;
use super::{
    Examples, Guards, IterationReport, LearningPolicy, Passes, TOKENS_AT_ONCE, TrainError, reward, supervised,
};
use crate::profile::{self, AdvantageWhitening};
use alloc::vec;
use alloc::vec::Vec;
use rlhf_core::advantage::{KlController, Response, whiten};
use rlhf_core::diagnostics::RewardParts;
use rlhf_core::loss::{PolicyStats, PpoPolicy, PpoValue, ValueStats};
use rlhf_core::random::{Key, Stream};
use rlhf_core::roles::{Averaged, Critic, Learner, Reference, Reward};
use rlhf_core::sampling::{FinishReason, SamplingParams, StopCriteria};
use rlhf_core::{Ragged, Rollouts};
use serde::{Deserialize, Serialize};

/// Who takes part.
pub struct Roles<'a, P, C, F, R> {
    /// Writes and learns.
    pub policy: &'a mut P,
    /// Predicts returns and learns.
    pub critic: &'a mut C,
    /// What the policy may not stray from: the supervised model.
    pub reference: &'a mut F,
    /// What the policy is to please.
    pub reward: &'a mut R,
}

/// A run's settings and what it has to remember from one iteration to the next.
#[derive(Clone, Debug)]
pub struct Ppo {
    settings: profile::Ppo,
    seed: u64,
    controller: KlController,
    policy: ScheduledOptimizer,
    critic: ScheduledOptimizer,
    iteration: u32,
    step: u64,
    guards: Guards,
}

/// What a run has to remember beside its networks, from one iteration to the next.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PpoState {
    /// Iterations done.
    pub iteration: u32,
    /// Optimizer steps done.
    pub step: u64,
    /// The controller, with its coefficient as it is now.
    pub controller: KlController,
}

impl Ppo {
    /// A run of `iterations` rollouts.
    ///
    /// # Errors
    /// [`TrainError::Core`] names the setting that is out of range.
    pub fn new(settings: profile::Ppo, iterations: u64, seed: u64) -> Result<Self, TrainError> {
        settings.validate()?;
        let each = settings.steps_per_iteration();
        let pace = |optimizer| ScheduledOptimizer::new(optimizer, iterations.saturating_mul(each), each);
        Ok(Self {
            seed,
            controller: settings.controller,
            policy: pace(settings.policy)?,
            critic: pace(settings.critic)?,
            iteration: 0,
            step: 0,
            guards: Guards::default(),
            settings,
        })
    }

    /// What this run has to remember beside its networks.
    pub fn state(&self) -> PpoState {
        PpoState { iteration: self.iteration, step: self.step, controller: self.controller }
    }

    /// Goes on from `state`, with networks that remember theirs.
    pub fn after(self, state: PpoState) -> Self {
        let PpoState { iteration, step, controller } = state;
        Self { iteration, step, controller, ..self }
    }

    /// The same run under other limits.
    ///
    /// # Errors
    /// [`TrainError::Core`] names the limit that is out of range.
    pub fn with_guards(self, guards: Guards) -> Result<Self, TrainError> {
        Ok(Self { guards: guards.checked()?, ..self })
    }

    /// Whether a moving average of the policy's weights is kept.
    pub(crate) fn averages(&self) -> bool {
        self.settings.average.is_some()
    }

    /// One rollout on `prompts`, and what is learnt from it.
    ///
    /// `pretraining`: what the settings' pretraining mix is drawn from; empty turns it off.
    ///
    /// # Errors
    /// [`TrainError::Nothing`] without prompts, or fewer than minibatches; [`TrainError::Guard`] where
    /// a guard stops the run; a role's own.
    pub async fn iterate<P, C, F, R>(
        &mut self,
        roles: &mut Roles<'_, P, C, F, R>,
        prompts: Ragged<'_>,
        stopping: &StopCriteria<'_>,
        pretraining: &Examples,
    ) -> Result<IterationReport, TrainError>
    where
        P: LearningPolicy + Averaged,
        C: Critic<Error: 'static> + Learner<Error = <C as Critic>::Error>,
        F: Reference<Error: 'static>,
        R: Reward<Error: 'static>,
    {
        if prompts.is_empty() {
            return Err(TrainError::Nothing { what: "prompts" });
        }
        let sampling = SamplingParams::at_temperature(self.settings.temperature as f32);
        let key = Key::new(self.seed, Stream::Sampling, self.iteration);
        let failed = TrainError::role("policy");
        let responses = roles.policy.sample(prompts, &sampling, stopping, key, 0).await.map_err(failed)?;
        let place = Place::Iteration(u64::from(self.iteration) + 1);
        Guards::written(place, prompts, &responses)?;
        let mut rollouts = Rollouts::growing();
        rollouts.extend(prompts, &responses)?;
        self.judge(roles, &mut rollouts).await?;
        Guards::finite(place, &rollouts)?;
        let window = stopping.max_new_tokens;
        let mut out = self.estimate(rollouts, window)?;
        self.guards.before_learning(place, &out)?;
        self.learn(roles, &mut out, window, pretraining).await?;
        if let Some(decay) = self.settings.average {
            roles.policy.average(decay).await.map_err(TrainError::role("policy"))?;
        }
        self.controller.update(out.kl, out.rollouts.len())?;
        self.iteration += 1;
        Ok(out)
    }

    /// Reference log-probabilities, scores and values.
    async fn judge<P, C, F, R>(
        &self,
        roles: &mut Roles<'_, P, C, F, R>,
        rollouts: &mut Rollouts,
    ) -> Result<(), TrainError>
    where
        C: Critic<Error: 'static>,
        F: Reference<Error: 'static>,
        R: Reward<Error: 'static>,
    {
        let sequences = rollouts.sequences();
        let loss_mask = rollouts.loss_mask();
        let mut reference = vec![0.0; loss_mask.len()];
        let mut values = vec![0.0; loss_mask.len()];
        for texts in parts(sequences.ends(), TOKENS_AT_ONCE) {
            let part = Part::new(sequences.tokens(), sequences.ends(), &loss_mask, texts);
            let batch = part.batch()?.at_temperature(self.settings.temperature as f32)?;
            let span = part.span.clone();
            let failed = TrainError::role("reference");
            roles.reference.log_probs(batch, &mut reference[span.clone()]).await.map_err(failed)?;
            let failed = TrainError::role("critic");
            roles.critic.values(batch.sequences(), &mut values[span]).await.map_err(failed)?;
        }
        let scores = reward::score(roles.reward, sequences).await?;
        let columns = rollouts.columns_mut();
        columns.ref_log_probs.copy_from_slice(&reference);
        columns.values.copy_from_slice(&values);
        columns.scores.copy_from_slice(&scores);
        Ok(())
    }

    /// Rewards, advantages and returns. Values are those of the state after each token here.
    fn estimate(&self, mut rollouts: Rollouts, window: usize) -> Result<IterationReport, TrainError> {
        let (s, n) = (&self.settings, rollouts.len());
        let shaping = &s.shaping;
        let beta = self.controller.beta();
        // One entry for each step: the tokens, and one more where the score comes after the last.
        let mut rewards: Vec<f32> = Vec::new();
        let mut spans = Vec::with_capacity(n);
        let (mut kl, mut parts) = (0.0, RewardParts::default());
        for i in 0..n {
            let span = rollouts.response_span(i);
            let mut kls = vec![0.0; span.len()];
            shaping.token_kls(
                &rollouts.log_probs()[span.clone()],
                &rollouts.ref_log_probs()[span.clone()],
                &mut kls,
            )?;
            let k1 = span.clone().map(|t| f64::from(rollouts.log_probs()[t] - rollouts.ref_log_probs()[t]));
            kl += k1.sum::<f64>() / n as f64;
            let start = rewards.len();
            rewards.resize(start + shaping.placement.steps(span.len(), window), 0.0);
            let (score, finish) = (f64::from(rollouts.scores()[i]), rollouts.finish()[i]);
            parts.record(shaping, score, finish, beta, &kls);
            let score = shaping.score(score, finish);
            shaping.rewards(&kls, beta, score, &mut rewards[start..])?;
            spans.push(start..rewards.len());
        }
        if let Some(whitening) = &s.reward_whitening {
            let all = vec![true; rewards.len()];
            whiten(&mut rewards, &all, whitening)?;
        }
        let mut advantages = vec![0.0; rewards.len()];
        let mut returns = vec![0.0; rewards.len()];
        for (i, steps) in spans.iter().enumerate() {
            let span = rollouts.response_span(i);
            let response = Response {
                log_probs: &rollouts.log_probs()[span.clone()],
                reference: &rollouts.ref_log_probs()[span.clone()],
                values: &rollouts.values()[span.start - 1..span.end],
                score: f64::from(rollouts.scores()[i]),
                finish: rollouts.finish()[i],
            };
            s.gae.advantages(
                &rewards[steps.clone()],
                response.values,
                response.finish,
                &mut advantages[steps.clone()],
                &mut returns[steps.clone()],
            )?;
        }
        let loss_mask = rollouts.loss_mask();
        let tokens: usize = loss_mask.iter().filter(|counts| **counts).count();
        let placed: Vec<_> = (0..n).map(|i| rollouts.response_span(i)).collect();
        let columns = rollouts.columns_mut();
        for (span, steps) in placed.iter().zip(&spans) {
            let step = steps.start..steps.start + span.len();
            columns.rewards[span.clone()].copy_from_slice(&rewards[step.clone()]);
            columns.advantages[span.clone()].copy_from_slice(&advantages[step]);
            // Returns lie at the token before their step, as the values: the state after it. A score
            // after the last token makes that token's state one more to learn.
            columns.returns[span.start - 1..span.start - 1 + steps.len()]
                .copy_from_slice(&returns[steps.clone()]);
            if steps.len() > span.len() {
                columns.rewards[span.end - 1] += rewards[steps.end - 1];
            }
        }
        if let AdvantageWhitening::Batch(whitening) = &s.advantage_whitening {
            whiten(columns.advantages, &loss_mask, whitening)?;
        }
        let mean = |x: &[f32]| x.iter().map(|x| f64::from(*x)).sum::<f64>() / n as f64;
        let ended = rollouts.finish().iter().filter(|finish| **finish != FinishReason::Length).count();
        Ok(IterationReport {
            score: mean(rollouts.scores()),
            kl,
            beta,
            length: tokens as f64 / n as f64,
            ended: ended as f64 / n as f64,
            surprise: -rollouts.log_probs().iter().map(|p| f64::from(*p)).sum::<f64>() / tokens as f64,
            rollouts,
            parts,
            policy: PolicyStats::default(),
            value: ValueStats::default(),
            pretraining: 0.0,
        })
    }

    /// All passes over the rollout.
    async fn learn<P, C, F, R>(
        &mut self,
        roles: &mut Roles<'_, P, C, F, R>,
        out: &mut IterationReport,
        window: usize,
        pretraining: &Examples,
    ) -> Result<(), TrainError>
    where
        P: Learner<Error: 'static>,
        C: Learner<Error: 'static>,
    {
        let mut examples = Passes::new(
            Key::new(self.seed, Stream::Shuffle, (1 << 24) + (self.iteration << 8)),
            pretraining.len(),
        );
        let (mut pretraining_loss, mut mixes) = (0.0, 0.0);
        let mut steps = 0;
        for epoch in 0..self.settings.epochs {
            let step = self.iteration.wrapping_mul(self.settings.epochs).wrapping_add(epoch);
            let key = Key::new(self.seed, Stream::Shuffle, (1 << 17) + step);
            for indices in out.rollouts.minibatches(key, self.settings.minibatches as usize)? {
                steps += 1;
                let place = Place::Minibatch { iteration: u64::from(self.iteration) + 1, minibatch: steps };
                let mut minibatch = out.rollouts.gather(&indices)?;
                if let AdvantageWhitening::Minibatch(whitening) = &self.settings.advantage_whitening {
                    let loss_mask = minibatch.loss_mask();
                    whiten(minibatch.columns_mut().advantages, &loss_mask, whitening)?;
                }
                out.policy.merge(&self.policy_gradient(roles.policy, &minibatch, &indices, place).await?);
                if let Some(mix) = self.settings.pretraining.filter(|_| !pretraining.is_empty()) {
                    let count = libm::round(mix.examples * indices.len() as f64) as usize;
                    let picked = examples.take(count);
                    let chosen = pretraining.select(picked.iter().copied());
                    let tokens = chosen.loss_tokens().max(1) as f64;
                    let loss = supervised::accumulate(
                        roles.policy,
                        (&chosen, &picked),
                        tokens,
                        mix.coefficient,
                        place,
                    )
                    .await?;
                    if mix.coefficient > 0.0 {
                        pretraining_loss += loss / mix.coefficient;
                        mixes += 1.0;
                    }
                }
                let all = || Offender::all_written(&minibatch, &indices);
                self.policy.step((&mut *roles.policy, "policy"), self.step, place, all).await?;
                let seen = self.value_gradient(roles.critic, &minibatch, &indices, window, place).await?;
                out.value.merge(&seen);
                self.critic.step((&mut *roles.critic, "critic"), self.step, place, all).await?;
                self.step += 1;
            }
        }
        if mixes > 0.0 {
            out.pretraining = pretraining_loss / mixes;
        }
        Ok(())
    }

    async fn policy_gradient<P: Learner<Error: 'static>>(
        &self,
        policy: &mut P,
        minibatch: &Rollouts,
        indices: &[usize],
        place: Place,
    ) -> Result<PolicyStats, TrainError> {
        let s = &self.settings;
        let (sequences, loss_mask) = (minibatch.sequences(), minibatch.loss_mask());
        let tokens = loss_mask.iter().filter(|counts| **counts).count() as f64;
        let mut stats = PolicyStats::default();
        let mut watch = Watch::new(loss_mask.len());
        // A ratio threshold looks at the whole minibatch.
        let at_once = if s.ratio_threshold.is_some() { usize::MAX } else { TOKENS_AT_ONCE };
        for texts in parts(sequences.ends(), at_once) {
            let part = Part::new(sequences.tokens(), sequences.ends(), &loss_mask, texts);
            let (old, advantages) =
                (&minibatch.log_probs()[part.span.clone()], &minibatch.advantages()[part.span.clone()]);
            let mut objective = PpoPolicy::new(old, advantages, s.policy_clip, s.entropy, tokens)?;
            if let Some(threshold) = s.ratio_threshold {
                objective = objective.with_ratio_threshold(threshold)?;
            }
            let batch = part.batch()?.at_temperature(s.temperature as f32)?;
            let mut watched = watch.over(&mut objective, part.span.clone());
            policy.accumulate(batch, &mut watched).await.map_err(TrainError::role("policy"))?;
            stats.merge(&objective.stats);
        }
        match self.guards.minibatch(place, minibatch, indices, &watch) {
            Ok(()) => Ok(stats),
            Err(fault) => Err(zero_grad(policy, fault).await),
        }
    }

    async fn value_gradient<C: Learner<Error: 'static>>(
        &self,
        critic: &mut C,
        minibatch: &Rollouts,
        indices: &[usize],
        window: usize,
        place: Place,
    ) -> Result<ValueStats, TrainError> {
        let s = &self.settings;
        let sequences = minibatch.sequences();
        let loss_mask = vec![false; sequences.tokens().len()];
        let mut mask = loss_mask.clone();
        for i in 0..minibatch.len() {
            let span = minibatch.response_span(i);
            // The state before each step; the one after the last token where the score comes there.
            let steps = s.shaping.placement.steps(span.len(), window);
            mask[span.start - 1..span.start - 1 + steps].fill(true);
        }
        let steps = mask.iter().filter(|counts| **counts).count() as f64;
        let mut stats = ValueStats::default();
        let mut watch = Watch::new(loss_mask.len());
        for texts in parts(sequences.ends(), TOKENS_AT_ONCE) {
            let part = Part::new(sequences.tokens(), sequences.ends(), &loss_mask, texts);
            let span = part.span.clone();
            let (old, returns) = (&minibatch.values()[span.clone()], &minibatch.returns()[span.clone()]);
            let mut objective =
                PpoValue::new(old, returns, &mask[span.clone()], s.value_clip, s.value_coefficient, steps)?;
            let mut watched = watch.over(&mut objective, span);
            critic.accumulate(part.batch()?, &mut watched).await.map_err(TrainError::role("critic"))?;
            stats.merge(&objective.stats);
        }
        match Guards::critic(place, minibatch, indices, &watch) {
            Ok(()) => Ok(stats),
            Err(fault) => Err(zero_grad(critic, fault).await),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::Profile;
    use rlhf_core::advantage::estimate;

    /// Rollouts with random numbers in every column that the roles fill in.
    fn judged(window: usize) -> Rollouts {
        let mut draws = Key::new(3, Stream::Data, 0).draws(0);
        let mut out = Rollouts::growing();
        for (prompt, response) in [(1, 1), (3, 5), (2, window), (4, 2)] {
            let log_probs: Vec<f32> = (0..response).map(|_| -draws.uniform() as f32 * 3.0).collect();
            let finish = [FinishReason::Eos, FinishReason::Length, FinishReason::Stop][response % 3];
            out.push(&vec![7; prompt], &vec![5; response], &log_probs, finish).unwrap();
        }
        let columns = out.columns_mut();
        columns.ref_log_probs.fill_with(|| -draws.uniform() as f32 * 3.0);
        columns.values.fill_with(|| draws.normal() as f32);
        columns.scores.fill_with(|| draws.normal() as f32);
        out
    }

    /// Batched, as the trainer does it, and response by response, as the maths defines it.
    #[test]
    fn a_rollouts_estimates_are_those_of_its_responses() {
        let window = 6;
        for name in Profile::names() {
            let mut settings = Profile::by_name(name).unwrap().ppo;
            settings.advantage_whitening = AdvantageWhitening::None;
            settings.reward_whitening = None;
            let run = Ppo::new(settings, 10, 1).unwrap();
            let before = judged(window);
            let after = run.estimate(before.clone(), window).unwrap().rollouts;
            for i in 0..before.len() {
                let span = before.response_span(i);
                let steps = settings.shaping.placement.steps(span.len(), window);
                let response = Response {
                    log_probs: &before.log_probs()[span.clone()],
                    reference: &before.ref_log_probs()[span.clone()],
                    values: &before.values()[span.start - 1..span.end],
                    score: f64::from(before.scores()[i]),
                    finish: before.finish()[i],
                };
                let (mut rewards, mut advantages) = (vec![0.0; steps], vec![0.0; steps]);
                let mut returns = vec![0.0; steps];
                estimate(
                    &settings.shaping,
                    &settings.gae,
                    settings.controller.beta(),
                    &response,
                    &mut rewards,
                    &mut advantages,
                    &mut returns,
                )
                .unwrap();
                assert_eq!(after.advantages()[span.clone()], advantages[..span.len()], "{name}");
                assert_eq!(after.returns()[span.start - 1..span.start - 1 + steps], returns, "{name}");
            }
        }
    }

    #[test]
    fn whitened_advantages_have_mean_0_and_prompts_have_none() {
        let run = Ppo::new(Profile::instructgpt().ppo, 10, 1).unwrap();
        let after = run.estimate(judged(6), 6).unwrap().rollouts;
        let loss_mask = after.loss_mask();
        let picked = after.advantages().iter().zip(&loss_mask).filter(|(_, loss_mask)| **loss_mask);
        let sum: f32 = picked.map(|(a, _)| a).sum();
        assert!(sum.abs() < 1e-4, "{sum}");
    }
}
