//! The credit of critic-free methods: against a baseline, or by rewards to go.

use crate::profile::{Credit, OnPolicy};
use alloc::vec;
use alloc::vec::Vec;
use rlhf_core::advantage::{Guard, MeanShift, Variance, Whitening, broadcast, reward_to_go, whiten};
use rlhf_core::diagnostics::RewardParts;
use rlhf_core::sampling::FinishReason;
use rlhf_core::{Error, Rollouts};

/// The reward of each response: its score, or what counts where its end is missing, the penalty for an overlong one and,
/// where credit is a response's, the KL penalty. Where credit is a token's, the KL penalty is added token by token.
pub(crate) fn response_rewards(settings: &OnPolicy, rollouts: &Rollouts) -> Result<Vec<f32>, Error> {
    let reward = |i| {
        let penalty = match settings.credit {
            Credit::Response(_) => settings.beta * rollouts.log_ratio(i),
            Credit::Token { .. } => 0.0,
        };
        let overlong = overlong(settings, rollouts, i)?;
        Ok((ended_score(settings, rollouts, i) + overlong - penalty) as f32)
    };
    (0..rollouts.len()).map(reward).collect()
}

/// The sums of the terms of [`response_rewards`], and of the KL penalties of tokens.
pub(crate) fn reward_parts(
    settings: &OnPolicy,
    rollouts: &Rollouts,
    rewards: &[f32],
) -> Result<RewardParts, Error> {
    let mut parts = RewardParts { responses: rollouts.len(), ..RewardParts::default() };
    for (i, reward) in rewards.iter().enumerate() {
        let (score, overlong) = (f64::from(rollouts.scores()[i]), overlong(settings, rollouts, i)?);
        let ended = ended_score(settings, rollouts, i);
        parts.score += score;
        parts.missing_end += ended - score;
        parts.overlong += overlong;
        parts.kl += match settings.credit {
            Credit::Response(_) => f64::from(*reward) - ended - overlong,
            Credit::Token { .. } => -settings.beta * rollouts.log_ratio(i),
        };
    }
    Ok(parts)
}

/// The score of response `i`, or what counts instead where its end is missing.
fn ended_score(settings: &OnPolicy, rollouts: &Rollouts, i: usize) -> f64 {
    let ended = rollouts.finish()[i] != FinishReason::Length;
    settings.missing_end.score(rollouts.scores()[i].into(), ended)
}

/// The penalty for the length of response `i`, 0 or less.
fn overlong(settings: &OnPolicy, rollouts: &Rollouts, i: usize) -> Result<f64, Error> {
    settings.overlong.map_or(Ok(0.0), |overlong| overlong.reward(rollouts.response_span(i).len()))
}

/// The rewards of the responses to several prompts, to be turned into advantages.
pub(crate) struct CreditedGroups<'a> {
    pub rollouts: &'a Rollouts,
    /// One past the last response to each prompt.
    pub ends: &'a [usize],
    /// The reward of each response.
    pub rewards: &'a [f32],
    /// The baseline of each prompt, where it is no function of the rewards.
    pub baselines: &'a [f32],
}

impl CreditedGroups<'_> {
    /// The advantage of each token, 0 on prompts.
    pub fn advantages(&self, settings: &OnPolicy) -> Result<Vec<f32>, Error> {
        let Self { rollouts, ends, rewards, baselines } = *self;
        let loss_mask = rollouts.loss_mask();
        let mut advantages = vec![0.0; loss_mask.len()];
        match settings.credit {
            Credit::Response(credit) => {
                let mut of_responses = vec![0.0; rollouts.len()];
                credit.advantages(rewards, ends, baselines, &mut of_responses)?;
                broadcast(&of_responses, rollouts.sequences().ends(), &loss_mask, &mut advantages)?;
            }
            Credit::Token { gamma } => {
                for (i, reward) in rewards.iter().enumerate() {
                    let span = rollouts.response_span(i);
                    let log_ratio = |t: usize| rollouts.log_probs()[t] - rollouts.ref_log_probs()[t];
                    let penalty = |t| -(settings.beta as f32) * log_ratio(t);
                    let mut of_tokens: Vec<f32> = span.clone().map(penalty).collect();
                    if let Some(last) = of_tokens.last_mut() {
                        *last += reward;
                    }
                    reward_to_go(&of_tokens, gamma, &mut advantages[span])?;
                }
                let (mean, variance) = (MeanShift::ToZero, Variance::Bessel);
                whiten(&mut advantages, &loss_mask, &Whitening { mean, variance, guard: Guard::Add(1e-8) })?;
            }
        }
        Ok(advantages)
    }
}
