//! Step 3 without a critic: rollouts of several responses to each prompt, and what is learnt from them.

use super::examples::{Part, parts};
use super::guard::{Offender, Place, Watch, zero_grad};
use super::scheduled_optimizer::ScheduledOptimizer;
use super::written::{drift, log_probs, repeated, write};
use super::{Guards, IterationReport, LearningPolicy, TOKENS_AT_ONCE, TrainError, reward};
use crate::profile::{self, Credit};
use alloc::vec;
use alloc::vec::Vec;
use rlhf_core::advantage::{
    Baseline, Guard, MeanShift, MovingBaseline, Variance, Whitening, broadcast, informative, reward_to_go,
    whiten,
};
use rlhf_core::diagnostics::RewardParts;
use rlhf_core::loss::{OnPolicyStats, PolicyColumns, PolicyGradient, PolicyStats, ValueStats};
use rlhf_core::random::{Key, Stream};
use rlhf_core::roles::{Learner, Policy, Reference, Reward};
use rlhf_core::sampling::{FinishReason, SamplingParams, StopCriteria};
use rlhf_core::{Ragged, Rollouts};
use serde::{Deserialize, Serialize};

/// Who takes part.
pub struct Trio<'a, P, F, R> {
    /// Writes and learns.
    pub policy: &'a mut P,
    /// What the policy may not stray from: the supervised model.
    pub reference: &'a mut F,
    /// What the policy is to please.
    pub reward: &'a mut R,
}

/// REINFORCE, RLOO, GRPO and their kin ([`profile::OnPolicy`]): settings, and what is remembered from one
/// iteration to the next.
#[derive(Clone, Debug)]
pub struct OnPolicy {
    settings: profile::OnPolicy,
    seed: u64,
    pace: ScheduledOptimizer,
    guards: Guards,
    state: OnPolicyState,
}

/// What a run has to remember beside its network, from one iteration to the next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OnPolicyState {
    /// Iterations done.
    pub iteration: u32,
    /// Optimizer steps done.
    pub step: u64,
    /// The moving average of rewards, where that is the baseline.
    pub baseline: Option<MovingBaseline>,
}

/// The responses of a rollout, a prompt's next to each other.
struct Groups {
    rollouts: Rollouts,
    /// One past each prompt's last response.
    ends: Vec<usize>,
    /// Each response's reward, all told.
    rewards: Vec<f32>,
    /// What the baseline subtracts from each prompt's rewards, where it is no function of them.
    given: Vec<f32>,
}

impl OnPolicy {
    /// A run of `iterations` rollouts.
    ///
    /// # Errors
    /// [`TrainError::Core`] names the setting that is out of range.
    pub fn new(settings: profile::OnPolicy, iterations: u64, seed: u64) -> Result<Self, TrainError> {
        settings.validate()?;
        let each = settings.steps_per_iteration();
        let pace = ScheduledOptimizer::new(settings.optimizer, iterations.saturating_mul(each), each)?;
        let baseline = match settings.credit {
            Credit::Response(credit) => match credit.baseline {
                Baseline::Moving { decay } => Some(MovingBaseline::new(decay)?),
                _ => None,
            },
            Credit::Token { .. } => None,
        };
        let state = OnPolicyState { baseline, ..OnPolicyState::default() };
        Ok(Self { settings, seed, pace, guards: Guards::default(), state })
    }

    /// How many iterations the sampler lags behind, where it does.
    pub(crate) fn lag(&self) -> Option<u32> {
        Some(self.settings.stale).filter(|lag| *lag > 0)
    }

    /// What this run has to remember beside its network.
    pub fn state(&self) -> OnPolicyState {
        self.state
    }

    /// Goes on from `state`, with a network that remembers its own.
    pub fn after(self, state: OnPolicyState) -> Self {
        Self { state, ..self }
    }

    /// The same run under other limits.
    ///
    /// # Errors
    /// [`TrainError::Core`] names the limit that is out of range.
    pub fn with_guards(self, guards: Guards) -> Result<Self, TrainError> {
        Ok(Self { guards: guards.checked()?, ..self })
    }

    /// One rollout, and what is learnt from it. Of `prompts` the first
    /// [`profile::OnPolicy::prompts`] are answered; where prompts without signal are replaced, so many
    /// again, until enough have one or there are no more prompts.
    ///
    /// # Errors
    /// [`TrainError::Nothing`] without prompts, with fewer responses than minibatches, or where no
    /// prompt's responses differ in their reward although they are to; [`TrainError::Guard`] where a
    /// guard stops the run; a role's own.
    pub async fn iterate<P, F, R>(
        &mut self,
        roles: &mut Trio<'_, P, F, R>,
        prompts: Ragged<'_>,
        stopping: &StopCriteria<'_>,
    ) -> Result<IterationReport, TrainError>
    where
        P: LearningPolicy,
        F: Reference<Error: 'static>,
        R: Reward<Error: 'static>,
    {
        let mut out = self.rollout(roles, prompts, stopping).await?;
        self.learn(roles.policy, &mut out).await?;
        self.learnt();
        Ok(out)
    }

    /// The next iteration's rollout, with advantages, of which nothing is learnt yet. Who learns from it
    /// in another way then calls [`Self::learnt`].
    pub(super) async fn rollout<P, F, R>(
        &mut self,
        roles: &mut Trio<'_, P, F, R>,
        prompts: Ragged<'_>,
        stopping: &StopCriteria<'_>,
    ) -> Result<IterationReport, TrainError>
    where
        P: Policy<Error: 'static>,
        F: Reference<Error: 'static>,
        R: Reward<Error: 'static>,
    {
        let place = self.place();
        let groups = self.gather(roles, prompts, stopping, place).await?;
        if groups.rollouts.len() < self.settings.minibatches as usize {
            return Err(TrainError::Nothing { what: "responses for every minibatch" });
        }
        let out = self.credit(roles.policy, groups, place).await?;
        self.guards.before_learning(place, &out)?;
        Ok(out)
    }

    /// The iteration is over.
    pub(super) fn learnt(&mut self) {
        self.state.iteration += 1;
    }

    /// The iteration that is under way.
    pub(super) fn place(&self) -> Place {
        Place::Iteration(u64::from(self.state.iteration) + 1)
    }

    /// Rollouts until enough prompts carry a signal.
    async fn gather<P, F, R>(
        &self,
        roles: &mut Trio<'_, P, F, R>,
        prompts: Ragged<'_>,
        stopping: &StopCriteria<'_>,
        place: Place,
    ) -> Result<Groups, TrainError>
    where
        P: Policy<Error: 'static>,
        F: Reference<Error: 'static>,
        R: Reward<Error: 'static>,
    {
        if prompts.is_empty() {
            return Err(TrainError::Nothing { what: "prompts" });
        }
        let (wanted, group) = (self.settings.prompts as usize, self.settings.group as usize);
        let mut all = Groups { rollouts: Rollouts::growing(), ends: vec![], rewards: vec![], given: vec![] };
        for first in (0..prompts.len()).step_by(wanted) {
            let some = first..prompts.len().min(first + wanted);
            let (tokens, ends) = repeated(prompts, some.clone(), group);
            let prompts = Ragged::new(&tokens, &ends)?;
            let round = self.round(roles, prompts, stopping, first * group, place).await?;
            let mut keep = vec![true; some.len()];
            if self.settings.refill > 0 {
                informative(&round.rewards, &round.ends, &mut keep)?;
            }
            let kept = (0..keep.len()).filter(|&i| keep[i]).take(wanted - all.ends.len());
            all.take(&round, kept, group)?;
            if all.ends.len() == wanted || self.settings.refill == 0 {
                break;
            }
        }
        match all.ends.is_empty() {
            true => Err(TrainError::Nothing { what: "prompts whose responses differ in reward" }),
            false => Ok(all),
        }
    }

    /// A response to each of `prompts`, judged. `first`: how many the rollout holds before.
    async fn round<P, F, R>(
        &self,
        roles: &mut Trio<'_, P, F, R>,
        prompts: Ragged<'_>,
        stopping: &StopCriteria<'_>,
        first: usize,
        place: Place,
    ) -> Result<Groups, TrainError>
    where
        P: Policy<Error: 'static>,
        F: Reference<Error: 'static>,
        R: Reward<Error: 'static>,
    {
        let s = &self.settings;
        let key = Key::new(self.seed, Stream::Sampling, self.state.iteration);
        let sampling = SamplingParams::at_temperature(s.temperature as f32);
        let mut rollouts = write(roles.policy, prompts, &sampling, stopping, (key, first), place).await?;
        let reference = log_probs(roles.reference, "reference", &rollouts, s.temperature).await?;
        let scores = reward::score(roles.reward, rollouts.sequences()).await?;
        let columns = rollouts.columns_mut();
        columns.ref_log_probs.copy_from_slice(&reference);
        columns.scores.copy_from_slice(&scores);
        Guards::finite(place, &rollouts)?;
        let mut rewards = Vec::with_capacity(rollouts.len());
        for i in 0..rollouts.len() {
            let tokens = rollouts.response_span(i).len();
            let late = s.overlong.map_or(Ok(0.0), |overlong| overlong.reward(tokens))?;
            // Where credit is a token's, the penalty comes token by token.
            let far = match s.credit {
                Credit::Response(_) => s.beta * drift(&rollouts, i),
                Credit::Token { .. } => 0.0,
            };
            rewards.push((f64::from(rollouts.scores()[i]) + late - far) as f32);
        }
        let group = s.group as usize;
        let ends: Vec<usize> = (1..=rollouts.len() / group).map(|i| i * group).collect();
        let given = match s.credit {
            Credit::Response(credit) => match credit.baseline {
                Baseline::Moving { .. } => vec![self.baseline(); ends.len()],
                Baseline::Greedy => greedy(roles, prompts, stopping, key, group).await?,
                _ => Vec::new(),
            },
            Credit::Token { .. } => Vec::new(),
        };
        Ok(Groups { rollouts, ends, rewards, given })
    }

    fn baseline(&self) -> f32 {
        self.state.baseline.map_or(0.0, |baseline| baseline.value()) as f32
    }

    /// Advantages, and what was seen so far.
    async fn credit<P: Policy<Error: 'static>>(
        &mut self,
        policy: &mut P,
        groups: Groups,
        place: Place,
    ) -> Result<IterationReport, TrainError> {
        let s = self.settings;
        let Groups { mut rollouts, ends, rewards, given } = groups;
        let n = rollouts.len();
        let loss_mask = rollouts.loss_mask();
        let sequence_ends = rollouts.sequences().ends().to_vec();
        let mut advantages = vec![0.0; loss_mask.len()];
        match s.credit {
            Credit::Response(credit) => {
                let mut each = vec![0.0; n];
                credit.advantages(&rewards, &ends, &given, &mut each)?;
                broadcast(&each, &sequence_ends, &loss_mask, &mut advantages)?;
            }
            Credit::Token { gamma } => {
                for (i, reward) in rewards.iter().enumerate() {
                    let span = rollouts.response_span(i);
                    let ratio = |t: usize| rollouts.log_probs()[t] - rollouts.ref_log_probs()[t];
                    let mut each: Vec<f32> = span.clone().map(|t| -(s.beta as f32) * ratio(t)).collect();
                    if let Some(last) = each.last_mut() {
                        *last += reward;
                    }
                    reward_to_go(&each, gamma, &mut advantages[span])?;
                }
                let all = Whitening {
                    mean: MeanShift::ToZero,
                    variance: Variance::Bessel,
                    guard: Guard::Add(1e-8),
                };
                whiten(&mut advantages, &loss_mask, &all)?;
            }
        }
        if let Some(baseline) = &mut self.state.baseline {
            baseline.update(&rewards)?;
        }
        if let Some(importance) = s.importance {
            let mut weights = vec![0.0; loss_mask.len()];
            let trainer = log_probs(policy, "policy", &rollouts, s.temperature).await?;
            importance.weights(&trainer, rollouts.log_probs(), &sequence_ends, &loss_mask, &mut weights)?;
            advantages.iter_mut().zip(&weights).for_each(|(advantage, weight)| *advantage *= weight);
            // Ratios are to what the trainer took the policy for.
            let spans: Vec<_> = (0..n).map(|i| rollouts.response_span(i)).collect();
            let columns = rollouts.columns_mut();
            for span in spans {
                columns.log_probs[span.clone()].copy_from_slice(&trainer[span]);
            }
        }
        let columns = rollouts.columns_mut();
        columns.advantages.copy_from_slice(&advantages);
        Guards::finite(place, &rollouts)?;
        let tokens = loss_mask.iter().filter(|counts| **counts).count() as f64;
        let ended = rollouts.finish().iter().filter(|finish| **finish != FinishReason::Length).count();
        let mean = |sum: f64| sum / n as f64;
        Ok(IterationReport {
            score: mean(rollouts.scores().iter().map(|x| f64::from(*x)).sum()),
            kl: mean((0..n).map(|i| drift(&rollouts, i)).sum()),
            beta: s.kl.map_or(s.beta, |kl| kl.beta),
            length: mean(tokens),
            ended: mean(ended as f64),
            surprise: -rollouts.log_probs().iter().map(|p| f64::from(*p)).sum::<f64>() / tokens,
            parts: made_of(&s, &rollouts, &rewards)?,
            rollouts,
            policy: PolicyStats::default(),
            value: ValueStats::default(),
            pretraining: 0.0,
        })
    }

    /// All passes over the rollout.
    async fn learn<P: Learner<Error: 'static>>(
        &mut self,
        policy: &mut P,
        out: &mut IterationReport,
    ) -> Result<(), TrainError> {
        let mut steps = 0;
        for epoch in 0..self.settings.epochs {
            let pass = self.state.iteration.wrapping_mul(self.settings.epochs).wrapping_add(epoch);
            let key = Key::new(self.seed, Stream::Shuffle, (1 << 17) + pass);
            for indices in out.rollouts.minibatches(key, self.settings.minibatches as usize)? {
                steps += 1;
                let iteration = u64::from(self.state.iteration) + 1;
                let place = Place::Minibatch { iteration, minibatch: steps };
                let minibatch = out.rollouts.gather(&indices)?;
                out.policy.merge(&self.gradient(policy, &minibatch, &indices, place).await?.ratios);
                let all = || Offender::all_written(&minibatch, &indices);
                self.pace.step((policy, "policy"), self.state.step, place, all).await?;
                self.state.step += 1;
            }
        }
        Ok(())
    }

    async fn gradient<P: Learner<Error: 'static>>(
        &self,
        policy: &mut P,
        minibatch: &Rollouts,
        indices: &[usize],
        place: Place,
    ) -> Result<OnPolicyStats, TrainError> {
        let s = &self.settings;
        let (sequences, loss_mask) = (minibatch.sequences(), minibatch.loss_mask());
        let tokens = loss_mask.iter().filter(|counts| **counts).count();
        let denominator = s.normalization.denominator(minibatch.len(), tokens);
        let mut weights = vec![0.0; loss_mask.len()];
        s.normalization.weights(sequences.ends(), &loss_mask, denominator, &mut weights)?;
        let (mut stats, mut watch) = (OnPolicyStats::default(), Watch::new(loss_mask.len()));
        for texts in parts(sequences.ends(), TOKENS_AT_ONCE) {
            let part = Part::new(sequences.tokens(), sequences.ends(), &loss_mask, texts);
            let batch = part.batch()?.at_temperature(s.temperature as f32)?;
            let span = part.span.clone();
            let columns = PolicyColumns {
                ends: batch.sequences().ends(),
                old: &minibatch.log_probs()[span.clone()],
                reference: &minibatch.ref_log_probs()[span.clone()],
                advantages: &minibatch.advantages()[span.clone()],
                weights: &weights[span.clone()],
            };
            let mut objective = PolicyGradient::new(columns, s.surrogate)?.with_entropy(s.entropy)?;
            if let Some(kl) = s.kl {
                objective = objective.with_kl(kl)?;
            }
            let mut watched = watch.over(&mut objective, span);
            policy.accumulate(batch, &mut watched).await.map_err(TrainError::role("policy"))?;
            stats.merge(&objective.stats);
        }
        match self.guards.minibatch(place, minibatch, indices, &watch) {
            Ok(()) => Ok(stats),
            Err(fault) => Err(zero_grad(policy, fault).await),
        }
    }
}

/// What the rewards of responses were made of; where credit is a token's, the penalty came beside them.
fn made_of(s: &profile::OnPolicy, rollouts: &Rollouts, rewards: &[f32]) -> Result<RewardParts, TrainError> {
    let mut all = RewardParts { responses: rollouts.len(), ..RewardParts::default() };
    for (i, reward) in rewards.iter().enumerate() {
        let score = f64::from(rollouts.scores()[i]);
        let late = s.overlong.map_or(Ok(0.0), |overlong| overlong.reward(rollouts.response_span(i).len()))?;
        all.score += score;
        all.overlong += late;
        all.kl += match s.credit {
            Credit::Response(_) => f64::from(*reward) - score - late,
            Credit::Token { .. } => -s.beta * drift(rollouts, i),
        };
    }
    Ok(all)
}

impl Groups {
    /// Appends the groups of another round that are kept.
    fn take(
        &mut self,
        round: &Self,
        kept: impl Iterator<Item = usize>,
        group: usize,
    ) -> Result<(), TrainError> {
        let mut responses = Vec::new();
        for i in kept {
            responses.extend(i * group..(i + 1) * group);
            self.rewards.extend_from_slice(&round.rewards[i * group..(i + 1) * group]);
            self.given.extend(round.given.get(i));
            self.ends.push(self.rewards.len());
        }
        Ok(self.rollouts.append(&round.rollouts, &responses)?)
    }
}

/// The score of the likeliest response to every `group`-th prompt.
async fn greedy<P, F, R>(
    roles: &mut Trio<'_, P, F, R>,
    prompts: Ragged<'_>,
    stopping: &StopCriteria<'_>,
    key: Key,
    group: usize,
) -> Result<Vec<f32>, TrainError>
where
    P: Policy<Error: 'static>,
    R: Reward<Error: 'static>,
{
    let (mut tokens, mut ends) = (Vec::new(), Vec::new());
    for (i, (prompt, _)) in prompts.sequences().enumerate() {
        if i % group == 0 {
            tokens.extend_from_slice(prompt);
            ends.push(tokens.len());
        }
    }
    let once = Ragged::new(&tokens, &ends)?;
    let written = roles.policy.sample(once, &SamplingParams::Greedy, stopping, key, 0);
    let responses = written.await.map_err(TrainError::role("policy"))?;
    let mut rollouts = Rollouts::growing();
    rollouts.extend(once, &responses)?;
    reward::score(roles.reward, rollouts.sequences()).await
}
