//! Expert iteration: the best of a policy's own responses are imitated.

use super::guard::{Fault, Place, Shown, forget};
use super::written::{examples, repeated, write};
use super::{Examples, Guards, Passes, TrainError, reward, supervised};
use rlhf_core::maths::Schedule;
use rlhf_core::profile;
use rlhf_core::random::{Key, Stream};
use rlhf_core::roles::{Learner, Policy, Reference, Reward};
use rlhf_core::sampling::{Sampling, Stopping};
use rlhf_core::{Ragged, Rollouts};

/// Best-of-n, rejection sampling, RAFT, ReST ([`profile::ExpertIteration`]): settings, and how far a run
/// is. Nothing is remembered from one iteration to the next but the policy.
#[derive(Clone, Debug)]
pub struct ExpertIteration {
    settings: profile::ExpertIteration,
    seed: u64,
    schedule: Schedule,
    iteration: u32,
}

/// What one iteration saw.
#[derive(Clone, Debug, PartialEq)]
pub struct Selected {
    /// What was written, with its scores; responses to one prompt are neighbours.
    pub rollouts: Rollouts,
    /// Which of them were kept.
    pub keep: Vec<bool>,
    /// The mean score of all.
    pub score: f64,
    /// The mean score of those kept; `None` where none were, and nothing was learnt.
    pub kept_score: Option<f64>,
    /// The mean loss of its steps, in nats per token.
    pub loss: f64,
}

impl ExpertIteration {
    /// A run of `iterations`.
    ///
    /// # Errors
    /// [`TrainError::Core`] names the setting that is out of range.
    pub fn new(settings: profile::ExpertIteration, iterations: u64, seed: u64) -> Result<Self, TrainError> {
        settings.validate()?;
        let each = settings.steps_per_iteration();
        let schedule = settings.optimiser.schedule(iterations.saturating_mul(each), each);
        Ok(Self { settings, seed, schedule, iteration: 0 })
    }

    /// Goes on after `iterations` that were done before, by a policy that remembers them.
    pub fn after(self, iterations: u32) -> Self {
        Self { iteration: iterations, ..self }
    }

    /// Iterations done.
    pub fn iteration(&self) -> u32 {
        self.iteration
    }

    /// Responses to `prompts`, and what is learnt from those that are kept.
    ///
    /// # Errors
    /// [`TrainError::Nothing`] without prompts; [`TrainError::Guard`] where a number is not finite; a
    /// role's own.
    pub async fn iterate<P, R>(
        &mut self,
        policy: &mut P,
        reward: &mut R,
        prompts: Ragged<'_>,
        stopping: &Stopping<'_>,
    ) -> Result<Selected, TrainError>
    where
        P: Policy + Learner<Error = <P as Reference>::Error>,
        R: Reward<Error: 'static>,
        <P as Reference>::Error: 'static,
    {
        if prompts.is_empty() {
            return Err(TrainError::Nothing { what: "prompts" });
        }
        let place = Place::Iteration(u64::from(self.iteration) + 1);
        let group = self.settings.group as usize;
        let (tokens, ends) = repeated(prompts, 0..prompts.len(), group);
        let sampling = Sampling::at_temperature(self.settings.temperature as f32);
        let key = Key::new(self.seed, Stream::Sampling, self.iteration);
        let prompts = Ragged::new(&tokens, &ends)?;
        let mut rollouts = write(policy, prompts, &sampling, stopping, (key, 0), place).await?;
        let scores = reward::score(reward, rollouts.sequences()).await?;
        rollouts.columns_mut().scores.copy_from_slice(&scores);
        Guards::finite(place, &rollouts)?;
        let ends: Vec<usize> = (1..=rollouts.len() / group).map(|i| i * group).collect();
        let mut keep = vec![false; rollouts.len()];
        self.settings.selection.keep(&scores, &ends, &mut keep)?;
        let kept: Vec<usize> = (0..keep.len()).filter(|&i| keep[i]).collect();
        let mean = |of: &[usize]| of.iter().map(|&i| f64::from(scores[i])).sum::<f64>() / of.len() as f64;
        let score = mean(&(0..scores.len()).collect::<Vec<_>>());
        let kept_score = (!kept.is_empty()).then(|| mean(&kept));
        let loss = self.learn(policy, &examples(&rollouts, kept.iter().copied())?, &kept).await?;
        self.iteration += 1;
        Ok(Selected { rollouts, keep, score, kept_score, loss })
    }

    /// All passes over what was kept: the responses of those numbers. Gives the mean loss.
    async fn learn<P: Learner<Error: 'static>>(
        &self,
        policy: &mut P,
        examples: &Examples,
        kept: &[usize],
    ) -> Result<f64, TrainError> {
        let (iteration, n) = (self.iteration, kept.len());
        let (mut step, mut losses) = (0, 0.0);
        let pass = iteration.wrapping_mul(self.settings.epochs);
        let mut passes = Passes::new(Key::new(self.seed, Stream::Shuffle, (5 << 18) + pass), n);
        for _ in 0..self.settings.epochs {
            let all = passes.take(n);
            for picked in all.chunks(n.div_ceil(self.settings.minibatches as usize).max(1)) {
                let place = Place::Minibatch { iteration: u64::from(iteration) + 1, minibatch: step + 1 };
                let chosen = examples.select(picked.iter().copied());
                let items: Vec<usize> = picked.iter().map(|&i| kept[i]).collect();
                let shown = Shown { texts: &chosen, items: &items, each: 1 };
                let tokens = chosen.owed() as f64;
                let (loss, watch) = supervised::gradient(policy, "policy", &chosen, tokens, 1.0).await?;
                if let Err(fault) = shown.learner(place, &watch) {
                    return Err(forget(policy, fault).await);
                }
                let index = u64::from(iteration) * self.settings.steps_per_iteration() + step;
                let update = self.settings.optimiser.update(&self.schedule, index);
                let refused = |error| Fault::refused(place, "policy", error, shown.offenders());
                policy.step(&update).await.map_err(refused)?;
                step += 1;
                losses += loss;
            }
        }
        Ok(losses / step.max(1) as f64)
    }
}
