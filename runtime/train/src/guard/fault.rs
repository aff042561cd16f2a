//! The findings of guards.

use crate::Examples;
use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;
use rlhf_core::Rollouts;
use rlhf_core::sampling::FinishReason;

/// A guard that stops a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Guard {
    /// A number is infinite or not a number.
    NonFinite,
    /// The policy is too far from its reference.
    Kl,
    /// The policy is too far from the one that wrote the rollout.
    Ratio,
    /// A learner refused its step: the gradient is not finite, or its device failed.
    Gradient,
}

impl Guard {
    /// Its name in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::NonFinite => "non_finite",
            Self::Kl => "kl",
            Self::Ratio => "ratio",
            Self::Gradient => "gradient",
        }
    }
}

/// A place in a run, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// An optimizer step of step 1 or 2.
    Step(u64),
    /// A rollout of PPO, of which nothing has been learnt yet.
    Iteration(u64),
    /// A minibatch that was learnt from.
    Minibatch {
        /// The rollout.
        iteration: u64,
        /// The optimizer step in it.
        minibatch: u64,
    },
}

impl Place {
    /// The optimizer step, or for PPO the iteration.
    pub fn step(self) -> u64 {
        match self {
            Self::Step(step) => step,
            Self::Iteration(iteration) | Self::Minibatch { iteration, .. } => iteration,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Step(step) => write!(f, "step {step}"),
            Self::Iteration(iteration) => write!(f, "iteration {iteration}"),
            Self::Minibatch { iteration, minibatch } => {
                write!(f, "iteration {iteration}, minibatch {minibatch}")
            }
        }
    }
}

/// The reason why a guard stopped a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// The guard.
    pub guard: Guard,
    /// The place in the run.
    pub place: Place,
    /// The measured quantity, or for [`Guard::Gradient`] the learner's error.
    pub what: String,
    /// Its value: a number that is not finite, nats, a ratio.
    pub value: f64,
    /// The greatest value that would have passed; `None` where it only has to be finite.
    pub limit: Option<f64>,
    /// Advice for a person.
    pub advice: Cow<'static, str>,
    /// The samples that are at fault, or for [`Guard::Gradient`] the whole batch.
    pub offenders: Vec<Offender>,
    /// The number of samples that were checked.
    pub of: usize,
}

impl Fault {
    /// `Ok` without an offender.
    pub(super) fn not_finite(
        place: Place,
        what: &str,
        advice: &'static str,
        of: usize,
        offenders: Vec<Offender>,
    ) -> Result<(), Box<Self>> {
        let Some(first) = offenders.first() else { return Ok(()) };
        let value = f64::from(first.worst());
        Err(Box::new(Self {
            guard: Guard::NonFinite,
            place,
            what: what.into(),
            value,
            limit: None,
            advice: advice.into(),
            offenders,
            of,
        }))
    }

    /// A number that was found not to be finite by who has no samples at hand: these are all that it may be of.
    pub(crate) fn found(place: Place, error: impl fmt::Display, offenders: Vec<Offender>) -> Box<Self> {
        let of = offenders.len();
        Box::new(Self {
            guard: Guard::NonFinite,
            place,
            what: format!("numbers ({error})"),
            value: f64::NAN,
            limit: None,
            advice: "lower the learning rate; in the first step: are the weights whole?".into(),
            offenders,
            of,
        })
    }

    /// A learner's refusal to step on this batch.
    pub(crate) fn refused(
        place: Place,
        role: &'static str,
        error: impl fmt::Display,
        offenders: Vec<Offender>,
    ) -> Box<Self> {
        let of = offenders.len();
        Box::new(Self {
            guard: Guard::Gradient,
            place,
            what: format!("{role}: {error}"),
            value: f64::NAN,
            limit: None,
            advice: "lower its learning rate".into(),
            offenders,
            of,
        })
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { place, what, value, of, advice, .. } = self;
        write!(f, "{place}: {what}")?;
        match (self.guard, self.limit) {
            (Guard::Gradient, _) => {}
            (_, Some(limit)) => write!(f, " is {value:.4}, the limit {limit}")?,
            (_, None) => write!(f, " are not finite ({value})")?,
        }
        write!(f, "; {} of {of} samples", self.offenders.len())?;
        if let Some(first) = self.offenders.first() {
            write!(f, ", the first is number {}", first.index)?;
        }
        write!(f, "; {advice}")
    }
}

/// A sample that a guard stopped at.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Offender {
    /// The index of the response in the rollout, or of the example, the ranking or the pair.
    pub index: usize,
    /// The index of the answer in the ranking; in a pair, 0 is the chosen one.
    pub answer: Option<usize>,
    /// The prompt, as token ids; for a ranking's answer the whole text.
    pub prompt: Vec<u32>,
    /// The response, as token ids.
    pub response: Vec<u32>,
    /// The reason why the response ended.
    pub finish: Option<FinishReason>,
    /// Its score, before any penalty.
    pub score: Option<f32>,
    /// Names and numbers of each token of the response. A value is of the state after the token.
    pub columns: Vec<(&'static str, Vec<f32>)>,
}

impl Offender {
    pub(super) fn of(index: usize) -> Self {
        Self { index, ..Self::default() }
    }

    /// Responses of a rollout, which are those of `indices` among all.
    pub(crate) fn responses(rollouts: &Rollouts, indices: &[usize]) -> Vec<Self> {
        indices.iter().enumerate().map(|(i, &of)| Self::response(rollouts, i, of)).collect()
    }

    /// Response `i` of some rollouts, which is number `index` of all.
    pub(crate) fn response(rollouts: &Rollouts, i: usize, index: usize) -> Self {
        let (whole, span) = (rollouts.span(i), rollouts.response_span(i));
        let tokens = rollouts.sequences().tokens();
        let column = |name, numbers: &[f32]| (name, numbers[span.clone()].to_vec());
        Self {
            prompt: tokens[whole.start..span.start].to_vec(),
            response: tokens[span.clone()].to_vec(),
            finish: Some(rollouts.finish()[i]),
            score: Some(rollouts.scores()[i]),
            columns: vec![
                column("log_probs", rollouts.log_probs()),
                column("ref_log_probs", rollouts.ref_log_probs()),
                column("values", rollouts.values()),
                column("rewards", rollouts.rewards()),
                column("advantages", rollouts.advantages()),
            ],
            ..Self::of(index)
        }
    }

    /// Text `i` of some examples, which is number `index` of all.
    pub(crate) fn example(examples: &Examples, i: usize, index: usize) -> Self {
        let (prompt, response) = examples.parted(i);
        Self { prompt: prompt.to_vec(), response: response.to_vec(), ..Self::of(index) }
    }

    /// A prompt to which something was to be written.
    pub fn prompt(tokens: &[u32], index: usize) -> Self {
        Self { prompt: tokens.to_vec(), ..Self::of(index) }
    }

    /// A ranking's answer.
    pub(crate) fn answer(text: &[u32], from: (usize, usize), score: Option<f32>) -> Self {
        Self { answer: Some(from.1), prompt: text.to_vec(), score, ..Self::of(from.0) }
    }

    /// The first number that is not finite; where all are, what is made of them is not.
    fn worst(&self) -> f32 {
        let numbers = self.score.iter().chain(self.columns.iter().flat_map(|(_, numbers)| numbers));
        numbers.copied().find(|x| !x.is_finite()).unwrap_or(f32::INFINITY)
    }
}
