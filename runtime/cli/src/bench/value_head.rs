//! One iteration of PPO with a value head on the policy, as in TRL 0.11: one pass trains both.

use super::clock::WorkFn;
use super::cost::{Cost, Pass, adamw};
use super::ppo::{EPOCHS, MINIBATCHES, NEW, PROMPT, PROMPTS, STEPS, STOPPING, passes, sampling, settings};
use super::text::Text;
use super::timed::{Phased, Timed};
use rlhf::engine::Model;
use rlhf::train::profile::{self, AdvantageWhitening};
use rlhf::train::{TrainError, now};
use rlhf_core::advantage::{Response, estimate, whiten};
use rlhf_core::loss::{PpoPolicy, PpoValue};
use rlhf_core::model::Architecture;
use rlhf_core::optim::{Adam, Update};
use rlhf_core::random::{Key, Stream};
use rlhf_core::roles::{Critic, Learner, Policy, Reference, Reward};
use rlhf_core::sampling::SamplingParams;
use rlhf_core::{Batch, Error, Needs, Objective, Ragged, Rollouts};
use std::time::Instant;

/// Returns the cost, which is that with a separate critic, but that the policy's pass gives values too.
pub(super) fn cost(a: &Architecture) -> Cost {
    let [rollout, minibatch] = passes();
    let scores = Pass::scored(&[PROMPT + NEW; PROMPTS]).forward(a);
    let judging = rollout.forward(a) + rollout.valued().forward(a) + scores;
    sampling(a, PROMPTS) + judging + minibatch.learning(a).and_bytes(adamw(a)) * STEPS
}

/// A closure that does one iteration after the other.
pub(super) fn prepare(network: Model) -> Result<Box<WorkFn<'static>>, TrainError> {
    let headed = |seed| network.with_scalar_head(0.02, seed).map_err(TrainError::role("reward"));
    let prompts = Text::new(network.architecture().vocabulary, &[PROMPT; PROMPTS]);
    let mut run = Run {
        policy: headed(1)?,
        reward: headed(2)?,
        reference: network,
        settings: settings()?,
        iteration: 0,
    };
    Ok(Box::new(move || {
        let phases = Phased::default();
        let start = Instant::now();
        now(run.iterate(prompts.sequences()?, &phases))?;
        Ok(phases.take(start.elapsed().as_secs_f64()))
    }))
}

struct Run {
    policy: Model,
    reference: Model,
    reward: Model,
    settings: profile::Ppo,
    iteration: u32,
}

impl Run {
    async fn iterate(&mut self, prompts: Ragged<'_>, phases: &Phased) -> Result<(), TrainError> {
        self.iteration = self.iteration.wrapping_add(1);
        let mut policy = Timed::new(&mut self.policy, ["values", "policy learns"], phases);
        let mut reference = Timed::new(&mut self.reference, ["reference", ""], phases);
        let mut reward = Timed::new(&mut self.reward, ["scores", ""], phases);
        let failed = TrainError::role("network");
        let key = Key::new(1, Stream::Sampling, self.iteration);
        let drawn = SamplingParams::at_temperature(self.settings.temperature as f32);
        let responses = policy.sample(prompts, &drawn, &STOPPING, key, 0).await.map_err(&failed)?;
        let mut rollouts = Rollouts::growing();
        rollouts.extend(prompts, &responses)?;
        let (sequences, loss_mask) = (rollouts.sequences(), rollouts.loss_mask());
        let (mut values, mut scores) = (vec![0.0; loss_mask.len()], vec![0.0; sequences.len()]);
        let mut log_probs = values.clone();
        policy.values(sequences, &mut values).await.map_err(&failed)?;
        reference.log_probs(Batch::new(sequences, &loss_mask)?, &mut log_probs).await.map_err(&failed)?;
        reward.score(sequences, &mut scores).await.map_err(&failed)?;
        let columns = rollouts.columns_mut();
        columns.values.copy_from_slice(&values);
        columns.ref_log_probs.copy_from_slice(&log_probs);
        columns.scores.copy_from_slice(&scores);
        estimated(&mut rollouts, &self.settings)?;
        let update = Update { learning_rate: 1e-5, adam: Adam::default(), max_grad_norm: None };
        for epoch in 0..EPOCHS {
            let key = Key::new(1, Stream::Shuffle, self.iteration.wrapping_mul(EPOCHS).wrapping_add(epoch));
            for indices in rollouts.minibatches(key, MINIBATCHES as usize)? {
                let minibatch = rollouts.gather(&indices)?;
                let (loss_mask, states) = (minibatch.loss_mask(), states(&minibatch));
                let mut both = JointLoss::new(&minibatch, &loss_mask, &states, &self.settings)?;
                let batch = Batch::new(minibatch.sequences(), &loss_mask)?;
                policy.accumulate(batch, &mut both).await.map_err(&failed)?;
                policy.step(&update).await.map_err(&failed)?;
            }
        }
        Ok(())
    }
}

/// Advantages at the tokens, returns at the states before them.
fn estimated(rollouts: &mut Rollouts, settings: &profile::Ppo) -> Result<(), Error> {
    let loss_mask = rollouts.loss_mask();
    let mut advantages = vec![0.0; loss_mask.len()];
    let (mut rewards, mut returns) = (advantages.clone(), advantages.clone());
    for i in 0..rollouts.len() {
        let span = rollouts.response_span(i);
        let before = span.start - 1..span.end - 1;
        let response = Response {
            log_probs: &rollouts.log_probs()[span.clone()],
            reference: &rollouts.ref_log_probs()[span.clone()],
            values: &rollouts.values()[before.start..span.end],
            score: f64::from(rollouts.scores()[i]),
            finish: rollouts.finish()[i],
        };
        // All are of the greatest length, so a score after the last token falls on it too.
        estimate(
            &settings.shaping,
            &settings.gae,
            settings.controller.beta(),
            &response,
            &mut rewards[span.clone()],
            &mut advantages[span],
            &mut returns[before],
        )?;
    }
    if let AdvantageWhitening::Batch(whitening) = &settings.advantage_whitening {
        whiten(&mut advantages, &loss_mask, whitening)?;
    }
    let columns = rollouts.columns_mut();
    columns.rewards.copy_from_slice(&rewards);
    columns.advantages.copy_from_slice(&advantages);
    columns.returns.copy_from_slice(&returns);
    Ok(())
}

/// The states before a response's tokens.
fn states(rollouts: &Rollouts) -> Vec<bool> {
    let mut states = vec![false; rollouts.sequences().tokens().len()];
    for i in 0..rollouts.len() {
        let span = rollouts.response_span(i);
        states[span.start - 1..span.end - 1].fill(true);
    }
    states
}

/// The policy's loss and the value head's, of one pass.
struct JointLoss<'a> {
    policy: PpoPolicy<'a>,
    value: PpoValue<'a>,
}

impl<'a> JointLoss<'a> {
    fn new(
        of: &'a Rollouts,
        loss_mask: &[bool],
        states: &'a [bool],
        s: &profile::Ppo,
    ) -> Result<Self, Error> {
        let tokens = loss_mask.iter().filter(|counts| **counts).count() as f64;
        Ok(Self {
            policy: PpoPolicy::new(of.log_probs(), of.advantages(), s.policy_clip, s.entropy, tokens)?,
            value: PpoValue::new(
                of.values(),
                of.returns(),
                states,
                s.value_clip,
                s.value_coefficient,
                tokens,
            )?,
        })
    }
}

impl Objective for JointLoss<'_> {
    fn needs(&self) -> Needs {
        Needs { values: true, ..self.policy.needs() }
    }

    fn tokens(
        &mut self,
        positions: &[usize],
        log_probs: &[f32],
        entropy: &[f32],
        grad_log_probs: &mut [f32],
        grad_entropy: &mut [f32],
    ) -> Result<f64, Error> {
        self.policy.tokens(positions, log_probs, entropy, grad_log_probs, grad_entropy)
    }

    fn values(&mut self, values: &[f32], grad_values: &mut [f32]) -> Result<f64, Error> {
        self.value.values(values, grad_values)
    }
}
