//! Learning from preferences over what the policy has just written: online DPO, XPO, Nash-MD.

mod learn;
mod trainer;
mod write;
mod written;

pub use trainer::InContext;

use super::guard::{Place, Shown};
use super::reference::log_probs;
use super::scheduled_optimizer::ScheduledOptimizer;
use super::{Examples, Guards, Judge, LearningPolicy, TOKENS_AT_ONCE, TrainError};
use crate::profile::{OnlineMethod, OnlinePreference, Opponent};
use alloc::vec;
use alloc::vec::Vec;
use rlhf_core::Ragged;
use rlhf_core::capabilities::Rows;
use rlhf_core::loss::{Against, PreferenceStats};
use rlhf_core::roles::{Learner, Policy, Reference};
use rlhf_core::sampling::StopCriteria;
use written::Written;

/// Who takes part.
pub struct OnlineRoles<'a, P, F, J> {
    /// Writes and learns.
    pub policy: &'a mut P,
    /// What the policy may not stray from, and for XPO and Nash-MD whom it plays.
    pub reference: &'a mut F,
    /// Who compares responses.
    pub judge: &'a mut J,
}

/// A run's settings and what it has to remember from one iteration to the next.
#[derive(Clone, Debug)]
pub struct OnlinePreferences {
    settings: OnlinePreference,
    seed: u64,
    pace: ScheduledOptimizer,
    iteration: u32,
    guards: Guards,
}

/// What one iteration saw.
#[derive(Clone, Debug, PartialEq)]
pub struct OnlineIteration {
    /// What was written: `each` neighboring texts are responses to one prompt, and where there is an
    /// opponent the policy's comes first.
    pub texts: Examples,
    /// Responses to each prompt.
    pub each: usize,
    /// What the judge said, as [`Judge::compare`] gives it, `[texts, each]`.
    pub preferred: Vec<f32>,
    /// How often the policy's response is preferred to its opponent's; `None` without one.
    pub win_rate: Option<f64>,
    /// Pairs, or responses, that were learnt from: a prompt whose responses are all alike teaches a loss
    /// over pairs nothing.
    pub learnt: usize,
    /// What the pairs showed, over all passes; nothing for Nash-MD.
    pub pairs: PreferenceStats,
    /// The mean of the policy's Σ (ln p − ln p_reference), in nats a response; `None` where no reference
    /// is asked.
    pub kl: Option<f64>,
    /// The mean length of a response of the policy's, in tokens.
    pub length: f64,
    /// The share of its responses that ended by themselves.
    pub ended: f64,
    /// The mean of −ln p over its tokens, in nats: an estimate of the entropy.
    pub surprise: f64,
}

impl OnlinePreferences {
    /// A run of `iterations`.
    ///
    /// # Errors
    /// [`TrainError::Core`] names the setting that is out of range.
    pub fn new(settings: OnlinePreference, iterations: u64, seed: u64) -> Result<Self, TrainError> {
        settings.validate()?;
        let each = settings.steps_per_iteration();
        let pace = ScheduledOptimizer::new(settings.optimizer, iterations.saturating_mul(each), each)?;
        Ok(Self { settings, seed, pace, iteration: 0, guards: Guards::default() })
    }

    /// Goes on after `iterations` that were done before, by a policy that remembers them.
    pub fn after(self, iterations: u32) -> Self {
        Self { iteration: iterations, ..self }
    }

    /// Iterations done.
    pub fn iteration(&self) -> u32 {
        self.iteration
    }

    /// The same run under other limits; of [`Guards`], [`Guards::max_kl`] is read.
    ///
    /// # Errors
    /// [`TrainError::Core`] names the limit that is out of range.
    pub fn with_guards(self, guards: Guards) -> Result<Self, TrainError> {
        Ok(Self { guards: guards.checked()?, ..self })
    }

    /// Responses to `prompts`, what the judge says of them, and what is learnt from that.
    ///
    /// # Errors
    /// [`TrainError::Nothing`] without prompts; [`TrainError::Guard`] where a guard stops the run;
    /// [`TrainError::Core`] for a preference that is no probability; a role's own.
    pub async fn iterate<P, F, J>(
        &mut self,
        roles: &mut OnlineRoles<'_, P, F, J>,
        prompts: Ragged<'_>,
        stopping: &StopCriteria<'_>,
    ) -> Result<OnlineIteration, TrainError>
    where
        P: LearningPolicy,
        F: Policy<Error: 'static>,
        J: Judge<Error: 'static>,
    {
        some(prompts)?;
        let written = self.write(roles, prompts, stopping).await?;
        self.compare_and_learn(roles, prompts, written).await
    }

    /// The same where policy and reference show rows, so that the opponent may be their mixture
    /// ([`Opponent::Mixture`]). `context` is the longest text, prompt included, that both can read, in tokens.
    ///
    /// # Errors
    /// As [`Self::iterate`].
    pub async fn iterate_mixed<P, F, J>(
        &mut self,
        roles: &mut OnlineRoles<'_, P, F, J>,
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
        let written = match self.writers().1 {
            Some(Opponent::Mixture { weight }) => {
                self.write_mixed(roles, weight, context, prompts, stopping).await?
            }
            _ => self.write(roles, prompts, stopping).await?,
        };
        self.compare_and_learn(roles, prompts, written).await
    }

    /// What the judge says of what was written, and what is learnt from that.
    async fn compare_and_learn<P, F, J>(
        &mut self,
        roles: &mut OnlineRoles<'_, P, F, J>,
        prompts: Ragged<'_>,
        written: Written,
    ) -> Result<OnlineIteration, TrainError>
    where
        P: Learner<Error: 'static>,
        F: Reference<Error: 'static>,
        J: Judge<Error: 'static>,
    {
        let place = Place::Iteration(u64::from(self.iteration) + 1);
        let (texts, each) = (&written.texts, written.each);
        let preferred = compare(roles.judge, texts, each).await?;
        let items: Vec<usize> = (0..prompts.len()).collect();
        let shown = Shown { texts, items: &items, each };
        let (mut reference, mut kl) = (None, None);
        if self.against() == Against::Reference {
            let temperature = self.settings.temperature as f32;
            let said = log_probs(roles.reference, "reference", texts, temperature).await?;
            shown.reference(place, &said)?;
            let kls = written.kls(&said);
            self.guards.near(place, &shown, &kls)?;
            kl = Some(kls.iter().map(|(_, kl)| kl).sum::<f64>() / kls.len() as f64);
            reference = Some(said);
        }
        let (learnt, pairs) = self.learn(roles.policy, &written, &preferred, reference.as_deref()).await?;
        self.iteration += 1;
        let wins = preferred.chunks(each * each).map(|group| f64::from(group[1])).sum::<f64>();
        let win_rate = self.writers().1.map(|_| wins / prompts.len() as f64);
        let Written { texts, each, length, ended, surprise, .. } = written;
        Ok(OnlineIteration { texts, each, preferred, win_rate, learnt, pairs, kl, length, ended, surprise })
    }

    /// What the policy is measured against.
    fn against(&self) -> Against {
        match &self.settings.method {
            OnlineMethod::BestAndWorst { objective, .. } | OnlineMethod::Xpo { objective, .. } => {
                objective.against
            }
            OnlineMethod::NashMd { .. } => Against::Reference,
        }
    }

    /// How many responses of the policy's there are to a prompt, and who else writes one.
    fn writers(&self) -> (usize, Option<Opponent>) {
        match &self.settings.method {
            OnlineMethod::BestAndWorst { samples, .. } => (*samples as usize, None),
            OnlineMethod::Xpo { .. } => (1, Some(Opponent::Reference)),
            OnlineMethod::NashMd { opponent, .. } => (1, Some(*opponent)),
        }
    }
}

/// Refuses to begin without prompts.
fn some(prompts: Ragged<'_>) -> Result<(), TrainError> {
    if prompts.is_empty() { Err(TrainError::Nothing { what: "prompts" }) } else { Ok(()) }
}

/// What a judge says, in parts that fit.
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
