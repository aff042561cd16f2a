//! Learning from preferences over the policy's own responses: online DPO, XPO, Nash-MD.

mod comparisons;
mod responses;
mod sample;
mod trainer;
mod update;

pub use trainer::InContext;

use super::guard::{Place, ResponseBatch};
use super::reference::log_probs;
use super::scheduled_optimizer::ScheduledOptimizer;
use super::{Examples, Guards, Judge, LearningPolicy, Models, TOKENS_AT_ONCE, TrainError};
use crate::profile::{OnlineMethod, OnlinePreference, Opponent};
use alloc::vec;
use alloc::vec::Vec;
use comparisons::{Comparisons, missing_ends};
use responses::OnlineResponses;
use rlhf_core::Ragged;
use rlhf_core::capabilities::Rows;
use rlhf_core::loss::{Against, PreferenceStats};
use rlhf_core::roles::{Learner, Policy, Reference};
use rlhf_core::sampling::StopCriteria;

/// A run of online DPO, XPO or Nash-MD: its settings, and its state from one iteration to the next. In [`Models`] the
/// reward is a [`Judge`].
#[derive(Clone, Debug)]
pub struct OnlinePreferences {
    settings: OnlinePreference,
    seed: u64,
    optimizer: ScheduledOptimizer,
    iteration: u32,
    guards: Guards,
}

/// The responses of an iteration, the judge's preferences, and the measurements on them.
#[derive(Clone, Debug, PartialEq)]
pub struct OnlineIteration {
    /// The responses: `each` neighboring texts answer one prompt, and where there is an opponent the policy's
    /// response comes first.
    pub texts: Examples,
    /// The number of responses to each prompt.
    pub each: usize,
    /// The judge's preferences, as [`Judge::compare`] returns them, `[texts, each]`.
    pub preferred: Vec<f32>,
    /// The rate at which the policy's response is preferred to its opponent's; `None` without an opponent.
    pub win_rate: Option<f64>,
    /// The number of pairs, or responses, that were learnt from. A loss over pairs learns nothing from a prompt whose
    /// responses are equally good.
    pub learned: usize,
    /// Statistics of the pairs, over all epochs; empty for Nash-MD.
    pub pairs: PreferenceStats,
    /// The mean of the policy's Σ (ln p − ln p_reference), in nats per response; `None` where the loss has no
    /// reference.
    pub kl: Option<f64>,
    /// The mean length of the policy's responses, in tokens.
    pub length: f64,
    /// The share of the policy's responses that ended before the length limit.
    pub ended: f64,
    /// An estimate of the policy's entropy: the mean of −ln p over its tokens, in nats.
    pub entropy_estimate: f64,
}

impl OnlinePreferences {
    /// A run of `iterations`.
    ///
    /// # Errors
    /// [`TrainError::Core`] names the setting that is out of range.
    pub fn new(settings: OnlinePreference, iterations: u64, seed: u64) -> Result<Self, TrainError> {
        settings.validate()?;
        let optimizer = ScheduledOptimizer::of_rollouts(&settings.passes, iterations)?;
        Ok(Self { settings, seed, optimizer, iteration: 0, guards: Guards::default() })
    }

    /// Continues after `iterations` iterations, with the policy and its optimizer of that time.
    pub fn after(self, iterations: u32) -> Self {
        Self { iteration: iterations, ..self }
    }

    /// Iterations done.
    pub fn iteration(&self) -> u32 {
        self.iteration
    }

    /// Replaces the limits of the run. Only [`Guards::max_kl`] of [`Guards`] is read.
    ///
    /// # Errors
    /// [`TrainError::Core`] names the limit that is out of range.
    pub fn with_guards(self, guards: Guards) -> Result<Self, TrainError> {
        Ok(Self { guards: guards.checked()?, ..self })
    }

    /// Samples responses to `prompts`, has the judge compare them, and learns from its preferences.
    ///
    /// # Errors
    /// [`TrainError::Nothing`] without prompts; [`TrainError::Guard`] where a guard stops the run;
    /// [`TrainError::Core`] for a preference that is no probability; a role's own.
    pub async fn iterate<P, J, F, C>(
        &mut self,
        models: &mut Models<'_, P, J, F, C>,
        prompts: Ragged<'_>,
        stopping: &StopCriteria<'_>,
    ) -> Result<OnlineIteration, TrainError>
    where
        P: LearningPolicy,
        F: Policy<Error: 'static>,
        J: Judge<Error: 'static>,
    {
        some(prompts)?;
        let responses = self.sample(models, prompts, stopping).await?;
        self.compare_and_learn(models, prompts, responses).await
    }

    /// An iteration whose opponent may be the mixture of policy and reference ([`Opponent::Mixture`]), for which both
    /// have to show rows. `context` is the length of the longest text, prompt included, that both can read, in tokens.
    ///
    /// # Errors
    /// As [`Self::iterate`].
    pub async fn iterate_mixed<P, J, F, C>(
        &mut self,
        models: &mut Models<'_, P, J, F, C>,
        context: usize,
        prompts: Ragged<'_>,
        stopping: &StopCriteria<'_>,
    ) -> Result<OnlineIteration, TrainError>
    where
        P: LearningPolicy + Rows,
        F: Policy + Rows<Error = <P as Reference>::Error>,
        J: Judge<Error: 'static>,
    {
        some(prompts)?;
        let responses = match self.opponent() {
            Some(Opponent::Mixture { weight }) => {
                self.sample_mixed(models, weight, context, prompts, stopping).await?
            }
            _ => self.sample(models, prompts, stopping).await?,
        };
        self.compare_and_learn(models, prompts, responses).await
    }

    /// Has the judge compare the responses, and learns from its preferences.
    async fn compare_and_learn<P, J, F, C>(
        &mut self,
        models: &mut Models<'_, P, J, F, C>,
        prompts: Ragged<'_>,
        responses: OnlineResponses,
    ) -> Result<OnlineIteration, TrainError>
    where
        P: Learner<Error: 'static>,
        F: Reference<Error: 'static>,
        J: Judge<Error: 'static>,
    {
        let place = Place::Iteration(u64::from(self.iteration) + 1);
        let (texts, each) = (&responses.texts, responses.each);
        let mut preferred = compare(models.reward()?, texts, each).await?;
        missing_ends(self.settings.missing_end, &responses.finished, each, &mut preferred);
        let items: Vec<usize> = (0..prompts.len()).collect();
        let batch = ResponseBatch { texts, items: &items, texts_per_item: each };
        let (mut reference, mut kl) = (None, None);
        if self.against() == Against::Reference {
            let temperature = self.settings.temperature as f32;
            let ref_log_probs = log_probs(models.reference()?, "reference", texts, temperature).await?;
            batch.reference(place, &ref_log_probs)?;
            let log_ratios = responses.log_ratios(&ref_log_probs);
            self.guards.near(place, &batch, &log_ratios)?;
            kl = Some(log_ratios.iter().map(|(_, nats)| nats).sum::<f64>() / log_ratios.len() as f64);
            reference = Some(ref_log_probs);
        }
        let compared = Comparisons { responses: &responses, preferred: &preferred, reference };
        let (learned, pairs) = self.learn(&mut models.policy, &compared).await?;
        self.iteration += 1;
        let wins = preferred.chunks(each * each).map(|group| f64::from(group[1])).sum::<f64>();
        let win_rate = self.opponent().map(|_| wins / prompts.len() as f64);
        let OnlineResponses { texts, each, length, ended, entropy_estimate, .. } = responses;
        Ok(OnlineIteration {
            texts,
            each,
            preferred,
            win_rate,
            learned,
            pairs,
            kl,
            length,
            ended,
            entropy_estimate,
        })
    }

    /// Returns the baseline that the loss compares log-probabilities with: a reference, or none.
    fn against(&self) -> Against {
        match &self.settings.method {
            OnlineMethod::BestAndWorst { objective, .. } | OnlineMethod::Xpo { objective, .. } => {
                objective.against
            }
            OnlineMethod::NashMd { .. } => Against::Reference,
        }
    }

    /// The number of the policy's own responses to each prompt.
    fn own_responses(&self) -> usize {
        match &self.settings.method {
            OnlineMethod::BestAndWorst { samples, .. } => *samples as usize,
            OnlineMethod::Xpo { .. } | OnlineMethod::NashMd { .. } => 1,
        }
    }

    /// The opponent whose response the policy's is compared with.
    fn opponent(&self) -> Option<Opponent> {
        match &self.settings.method {
            OnlineMethod::BestAndWorst { .. } => None,
            OnlineMethod::Xpo { .. } => Some(Opponent::Reference),
            OnlineMethod::NashMd { opponent, .. } => Some(*opponent),
        }
    }
}

/// Refuses to begin without prompts.
fn some(prompts: Ragged<'_>) -> Result<(), TrainError> {
    if prompts.is_empty() { Err(TrainError::Nothing { what: "prompts" }) } else { Ok(()) }
}

/// The preferences of a judge, in parts of a bounded size.
async fn compare<J: Judge<Error: 'static>>(
    judge: &mut J,
    texts: &Examples,
    each: usize,
) -> Result<Vec<f32>, TrainError> {
    let mut preferred = vec![0.0; texts.len() * each];
    for part in texts.parts_of(TOKENS_AT_ONCE, each) {
        let out = &mut preferred[part.texts.start * each..part.texts.end * each];
        judge.compare(&texts.select(part.texts), each, out).await.map_err(TrainError::role("judge"))?;
    }
    Ok(preferred)
}
