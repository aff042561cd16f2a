//! Groups of responses: several to each prompt.

use super::OnPolicy;
use super::response_groups::Groups;
use crate::profile::Credit;
use crate::rollout::credit::response_rewards;
use crate::rollout::{Sampler, repeat_prompts, sample, score};
use crate::{Guards, Models, TrainError, reward};
use alloc::vec;
use alloc::vec::Vec;
use rlhf_core::advantage::{Baseline, informative};
use rlhf_core::random::{Key, Stream};
use rlhf_core::roles::{Policy, Reference, Reward};
use rlhf_core::sampling::{SamplingParams, StopCriteria};
use rlhf_core::{Ragged, Rollouts};

impl OnPolicy {
    /// Samples and scores responses to each prompt. Where prompts without signal are replaced (DAPO's dynamic
    /// sampling), it goes on until enough prompts have one.
    pub(super) async fn sample_groups<P, R, F, C>(
        &self,
        models: &mut Models<'_, P, R, F, C>,
        prompts: Ragged<'_>,
        stopping: &StopCriteria<'_>,
    ) -> Result<Groups, TrainError>
    where
        P: Policy<Error: 'static>,
        F: Reference<Error: 'static>,
        R: Reward<Error: 'static>,
    {
        if prompts.is_empty() {
            return Err(TrainError::Nothing { what: "prompts" });
        }
        let (wanted, size) = (self.settings.prompts as usize, self.settings.group as usize);
        let mut all =
            Groups { rollouts: Rollouts::growing(), ends: vec![], rewards: vec![], baselines: vec![] };
        for first in (0..prompts.len()).step_by(wanted) {
            let range = first..prompts.len().min(first + wanted);
            let mut informative_groups = vec![true; range.len()];
            let (tokens, ends) = repeat_prompts(prompts, range, size);
            let sampler = self.sampler(stopping, first * size);
            let round = self.sample_round(models, Ragged::new(&tokens, &ends)?, &sampler).await?;
            if self.settings.refill > 0 {
                informative(&round.rewards, &round.ends, &mut informative_groups)?;
            }
            let kept = (0..informative_groups.len()).filter(|&i| informative_groups[i]);
            let missing = wanted - all.ends.len();
            all.append(&round, kept.take(missing), size)?;
            if all.ends.len() == wanted || self.settings.refill == 0 {
                break;
            }
        }
        match all.ends.is_empty() {
            true => Err(TrainError::Nothing { what: "prompts whose responses differ in reward" }),
            false => Ok(all),
        }
    }

    /// The settings of this iteration's sampling, after `first` responses that it has sampled already.
    fn sampler<'s>(&self, stopping: &'s StopCriteria<'s>, first: usize) -> Sampler<'s> {
        Sampler {
            params: SamplingParams::at_temperature(self.settings.temperature as f32),
            stopping,
            key: Key::new(self.seed, Stream::Sampling, self.state.iteration),
            first,
            place: self.place(),
        }
    }

    /// Samples and scores a response to each of `prompts`, in which those of a group are the same.
    async fn sample_round<P, R, F, C>(
        &self,
        models: &mut Models<'_, P, R, F, C>,
        prompts: Ragged<'_>,
        sampler: &Sampler<'_>,
    ) -> Result<Groups, TrainError>
    where
        P: Policy<Error: 'static>,
        F: Reference<Error: 'static>,
        R: Reward<Error: 'static>,
    {
        let s = &self.settings;
        let mut rollouts = sample(&mut models.policy, prompts, sampler).await?;
        score(models, &mut rollouts, s.temperature).await?;
        Guards::finite(sampler.place, &rollouts)?;
        let rewards = response_rewards(s, &rollouts)?;
        let size = s.group as usize;
        let ends: Vec<usize> = (1..=rollouts.len() / size).map(|i| i * size).collect();
        let baselines = match s.credit {
            Credit::Response(credit) => match credit.baseline {
                Baseline::Moving { .. } => vec![self.moving_baseline(); ends.len()],
                Baseline::Greedy => greedy_scores(models, prompts, sampler, size).await?,
                _ => Vec::new(),
            },
            Credit::Token { .. } => Vec::new(),
        };
        Ok(Groups { rollouts, ends, rewards, baselines })
    }

    fn moving_baseline(&self) -> f32 {
        self.state.baseline.map_or(0.0, |baseline| baseline.value()) as f32
    }
}

/// The score of the likeliest response to every `size`-th prompt (ReMax).
async fn greedy_scores<P, R, F, C>(
    models: &mut Models<'_, P, R, F, C>,
    prompts: Ragged<'_>,
    sampler: &Sampler<'_>,
    size: usize,
) -> Result<Vec<f32>, TrainError>
where
    P: Policy<Error: 'static>,
    R: Reward<Error: 'static>,
{
    let (mut tokens, mut ends) = (Vec::new(), Vec::new());
    for (prompt, _) in prompts.sequences().step_by(size) {
        tokens.extend_from_slice(prompt);
        ends.push(tokens.len());
    }
    let greedy = Sampler { params: SamplingParams::Greedy, first: 0, ..*sampler };
    let rollouts = sample(&mut models.policy, Ragged::new(&tokens, &ends)?, &greedy).await?;
    reward::score(models.reward()?, rollouts.sequences()).await
}
