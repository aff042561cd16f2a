//! Counterfactual learning from a log: the responses of an earlier policy, each with its probability and its reward.

use super::accumulation::Accumulation;
use super::guard::{Place, ResponseBatch};
use super::pairs::some_response;
use super::steps::{DataPasses, Steps};
use super::{Examples, Models, Report, Step, TOKENS_AT_ONCE, TrainError, Trainer};
use crate::profile::BanditTraining;
use alloc::format;
use alloc::vec;
use alloc::vec::Vec;
use rlhf_core::Error;
use rlhf_core::loss::{Counterfactual, CounterfactualStats, Feedback, LoggedFeedback, Normalizer};
use rlhf_core::random::{Key, Stream};
use rlhf_core::roles::Learner;

/// Responses, each with its probability under the policy that wrote it and its reward.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Logged {
    texts: Examples,
    log_probs: Vec<f32>,
    rewards: Vec<f32>,
}

impl Logged {
    /// Appends a response of probability e^`log_prob` and its reward, in any unit. If the probability was not
    /// logged, pass 0. After an empty prompt the response's first token is left out, since nothing predicts it.
    ///
    /// If all rewards have the same sign, IPS mostly learns how often a response occurs: shift the rewards, for
    /// instance by their mean, or normalize by the weights ([`Normalizer::Weights`]).
    ///
    /// # Errors
    /// [`Error::TooFew`] for a response of which nothing is learnt; [`Error::Range`] for a log-probability
    /// above 0; [`Error::NotFinite`].
    pub fn push(
        &mut self,
        prompt: &[u32],
        response: &[u32],
        log_prob: f32,
        reward: f32,
    ) -> Result<(), Error> {
        some_response("response", prompt, response)?;
        let index = self.len();
        for (name, number) in [("log_prob", log_prob), ("reward", reward)] {
            if !number.is_finite() {
                return Err(Error::NotFinite { name, index });
            }
        }
        if log_prob > 0.0 {
            let (low, high) = (f64::from(f32::MIN), 0.0);
            return Err(Error::Range { name: "log_prob", value: log_prob.into(), low, high });
        }
        self.texts.push(prompt, response)?;
        self.log_probs.push(log_prob);
        self.rewards.push(reward);
        Ok(())
    }

    /// The number of responses.
    pub fn len(&self) -> usize {
        self.rewards.len()
    }

    /// Returns whether there are no responses.
    pub fn is_empty(&self) -> bool {
        self.rewards.is_empty()
    }
}

/// Learns from logged rewards by importance weights, in batches of `settings.passes.batch` responses. A batch
/// that is normalized by its weights is one forward and backward pass, whatever its length.
///
/// # Errors
/// [`TrainError::Nothing`] without a response; [`TrainError::Guard`] where a number is not finite; the
/// learner's own.
pub async fn bandit<L: Learner<Error: 'static>>(
    learner: &mut L,
    logged: &Logged,
    settings: &BanditTraining,
    seed: u64,
    on_step: &mut dyn FnMut(Step, &CounterfactualStats),
) -> Result<(), TrainError> {
    let mut steps = Bandit::new(logged, settings, seed)?;
    while let Some((step, stats)) = steps.step(learner).await? {
        on_step(step, &stats);
    }
    Ok(())
}

/// [`bandit`] step by step, for a caller that looks, saves or stops between two steps.
#[derive(Clone, Debug)]
pub struct Bandit<'a> {
    logged: &'a Logged,
    objective: Counterfactual,
    steps: Steps,
}

impl<'a> Bandit<'a> {
    /// At the first step.
    ///
    /// # Errors
    /// [`TrainError::Nothing`] without a response; [`TrainError::Core`] names the setting that is out of
    /// range.
    pub fn new(logged: &'a Logged, settings: &BanditTraining, seed: u64) -> Result<Self, TrainError> {
        settings.validate()?;
        let (items, key) = (logged.len(), Key::new(seed, Stream::Shuffle, 3 << 18));
        let steps = Steps::new(DataPasses { what: "rewards", items, settings: settings.passes, key })?;
        Ok(Self { logged, objective: settings.objective, steps })
    }

    /// Continues after `steps` steps, with the learner and its optimizer of that time.
    pub fn after(mut self, steps: u64) -> Self {
        self.steps.skip_steps(steps);
        self
    }

    /// The next step, and the statistics of its importance weights; `None` at the end of the run.
    ///
    /// # Errors
    /// As [`bandit`].
    pub async fn step<L: Learner<Error: 'static>>(
        &mut self,
        learner: &mut L,
    ) -> Result<Option<(Step, CounterfactualStats)>, TrainError> {
        let Some((step, picked)) = self.steps.next_batch() else { return Ok(None) };
        let batch = self.logged.texts.select(picked.iter().copied());
        let rewards: Vec<f32> = picked.iter().map(|&i| self.logged.rewards[i]).collect();
        let log_probs = at_first_loss_token(&batch, picked.iter().map(|&i| self.logged.log_probs[i]));
        let responses = ResponseBatch { texts: &batch, items: &picked, texts_per_item: 1 };
        let place = Place::Step(step + 1);
        let most = match self.objective.normalizer {
            Normalizer::Count => TOKENS_AT_ONCE,
            Normalizer::Weights => usize::MAX,
        };
        let mut stats = CounterfactualStats::default();
        let accumulation = Accumulation { responses, place, role: "learner", most, temperature: 1.0 };
        let (parts, n) = (accumulation.parts(), picked.len() as f64);
        let accumulated = accumulation.accumulate(
            learner,
            &parts,
            |part| {
                let rewards = &rewards[part.texts.clone()];
                let feedback = Feedback::Responses { ends: part.ends(), rewards };
                LoggedFeedback::new(self.objective, feedback, Some(&log_probs[part.span.clone()]), n)
            },
            |_, objective| stats.merge(&objective.stats),
        );
        accumulated.await?;
        let step = self.steps.take(learner, step, stats.loss, || responses.offenders()).await?;
        Ok(Some((step, stats)))
    }
}

/// The log-probability of each response at its first loss token, and 0 at the other tokens: the objective sums over
/// tokens.
fn at_first_loss_token(texts: &Examples, log_probs: impl Iterator<Item = f32>) -> Vec<f32> {
    let mut out = vec![0.0; texts.tokens()];
    for (i, log_prob) in log_probs.enumerate() {
        out[texts.span(i).end - texts.parted(i).1.len()] = log_prob;
    }
    out
}

impl<L: Learner<Error: 'static>, R> Trainer<L, R> for Bandit<'_> {
    type State = ();

    async fn iterate(&mut self, models: &mut Models<'_, L, R>) -> Result<Option<Report>, TrainError> {
        Ok(self.step(&mut models.policy).await?.map(|(step, stats)| {
            let actions = stats.actions.max(1) as f64;
            let means = [("reward", stats.rewards / actions), ("weight", stats.weights / actions)];
            let effective = stats.effective_actions().map(|count| ("effective", count / actions));
            Report::of(step, means.into_iter().chain(effective), format!("loss {:.3}", step.loss))
        }))
    }

    fn state(&self) {}

    fn restore(&mut self, done: u64, (): ()) {
        self.steps.skip_steps(done);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_that_makes_no_sense_is_refused() {
        let mut log = Logged::default();
        assert!(matches!(log.push(&[1], &[2], 0.5, 1.0), Err(Error::Range { name: "log_prob", .. })));
        let nan = Error::NotFinite { name: "reward", index: 0 };
        assert_eq!(log.push(&[1], &[2], -0.5, f32::NAN), Err(nan));
        assert!(log.push(&[1], &[], -0.5, 1.0).is_err() && log.is_empty());
        log.push(&[1], &[2], -0.5, 1.0).unwrap();
        assert_eq!(log.len(), 1);
    }

    #[test]
    fn a_log_probability_is_counted_once() {
        let texts = Examples::try_from_iter([(vec![1, 2], vec![3, 4]), (vec![], vec![5, 6, 7])]).unwrap();
        assert_eq!(
            at_first_loss_token(&texts, [-1.0, -2.0].into_iter()),
            [0.0, 0.0, -1.0, 0.0, 0.0, -2.0, 0.0]
        );
    }
}
