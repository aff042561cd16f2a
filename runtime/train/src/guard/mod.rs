//! Guards: limits that stop a run which no longer learns, and warnings.
//!
//! A guard that stops gives a [`Fault`]: where, what was measured, and the samples to look at. Numbers
//! that are not finite and a KL that has exploded are found before anything is learnt from them, so
//! policy and critic are those of the iteration before; a ratio that has exploded is found in the
//! minibatch that shows it, whose step is not taken.

mod fault;
mod history;
mod learning;
mod output_record;
mod responses;
mod rollout;
mod warning;

pub use fault::{Fault, Guard, Offender, Place};
pub use history::History;
pub(super) use output_record::{OutputRecord, zero_grad_on_fault};
pub(super) use responses::ResponseBatch;
pub use warning::Warning;

use rlhf_core::Error;
use serde::{Deserialize, Serialize};

/// The limits that stop step 3, and those that warn.
///
/// That numbers have to be finite is no setting.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Guards {
    /// Stops where a minibatch's mean ratio of new to old probability, or of its inverse where that is greater,
    /// lies above this.
    ///
    /// Default 10: TRL drops minibatches there, and while the clip of 0.2 holds, the mean stays below 2.
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    pub max_ratio: f64,
    /// Stops where a rollout's mean KL from the reference lies above this, in nats per response.
    ///
    /// Default 200: rewards that a reward model gives so far from what it was trained on mean little
    /// (arXiv:2210.10760). A long answer takes more nats than a short one.
    #[cfg_attr(feature = "schema", schemars(extend("exclusiveMinimum" = 0)))]
    pub max_kl: f64,
    /// Warns where the entropy lies below this share of the first iteration's; 0: never.
    ///
    /// Default 0.1: what is left is a policy that gives one answer.
    #[cfg_attr(feature = "schema", schemars(range(min = 0, max = 1)))]
    pub min_entropy: f64,
    /// Warns after so many measurements without a better gold or held-out reward while the reward itself rose; 0:
    /// never.
    ///
    /// Default 3: one is noise. Gold within a tenth of its rise below its best is at rest.
    pub patience: usize,
    /// Warns where the mean KL from the reference lies above this, in nats per response.
    ///
    /// Default 10: within it answers of a sentence or two stay as they were taught. A long answer takes more nats than a
    /// short one.
    #[cfg_attr(feature = "schema", schemars(extend("exclusiveMinimum" = 0)))]
    pub kl_budget: f64,
    /// Warns where a smaller share of answers ends by itself; 0: never.
    ///
    /// Default 0.5: most of what the reward judges is then whole.
    #[cfg_attr(feature = "schema", schemars(range(min = 0, max = 1)))]
    pub min_ended: f64,
    /// Warns where the share of different answers lies below this share of the supervised model's; 0: never.
    ///
    /// Default 0.6: what is left is one answer for many prompts.
    #[cfg_attr(feature = "schema", schemars(range(min = 0, max = 1)))]
    pub min_distinct: f64,
    /// Warns where answers are on average longer than this many times the length before; 0: never.
    ///
    /// Default 2: a reward model that likes length is soon satisfied by nothing else.
    #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
    pub max_growth: f64,
}

impl Default for Guards {
    fn default() -> Self {
        Self {
            max_ratio: 10.0,
            max_kl: 200.0,
            min_entropy: 0.1,
            patience: 3,
            kl_budget: 10.0,
            min_ended: 0.5,
            min_distinct: 0.6,
            max_growth: 2.0,
        }
    }
}

// What to do, where two guards say the same.
const POLICY: &str = "the policy has diverged: lower ppo.policy.learning_rate, or raise β (ppo.controller)";
const CRITIC: &str = "the critic has diverged: lower ppo.critic.learning_rate";

impl Guards {
    /// Checks every range.
    ///
    /// # Errors
    /// [`Error::Range`] names the setting.
    pub fn validate(&self) -> Result<(), Error> {
        let within = |name, value: f64, low, high| {
            if value >= low && value <= high { Ok(()) } else { Err(Error::Range { name, value, low, high }) }
        };
        within("guards.max_ratio", self.max_ratio, 1.0, f64::INFINITY)?;
        within("guards.max_kl", self.max_kl, f64::MIN_POSITIVE, f64::INFINITY)?;
        within("guards.min_entropy", self.min_entropy, 0.0, 1.0)?;
        within("guards.kl_budget", self.kl_budget, f64::MIN_POSITIVE, f64::INFINITY)?;
        within("guards.min_ended", self.min_ended, 0.0, 1.0)?;
        within("guards.min_distinct", self.min_distinct, 0.0, 1.0)?;
        within("guards.max_growth", self.max_growth, 0.0, f64::INFINITY)
    }

    /// These, if every one of them is in range.
    pub(super) fn checked(self) -> Result<Self, Error> {
        self.validate().map(|()| self)
    }
}

fn all_finite(numbers: &[f32]) -> bool {
    numbers.iter().all(|x| x.is_finite())
}
