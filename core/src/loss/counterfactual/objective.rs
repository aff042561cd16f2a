//! The counterfactual loss of logged feedback as an objective.

use crate::error::{at, check};
use crate::loss::responses::{pull, responses};
use crate::loss::{Counterfactual, CounterfactualStats, Normalizer, counterfactual};
use crate::ranges::{finite, positive};
use crate::{Coupling, Error, Needs, Objective};
use alloc::vec::Vec;

/// Logged rewards, of responses or of tokens.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Feedback<'a> {
    /// Rewards of whole responses.
    Responses {
        /// One past each sequence's last token, `[sequences]`.
        ends: &'a [usize],
        /// `[sequences]`.
        rewards: &'a [f32],
    },
    /// Tokens one by one, as when users mark parts of a response: laid out as the batch's tokens, only
    /// loss tokens are read.
    Tokens(&'a [f32]),
}

/// Learning from logged rewards of what another policy wrote (see [`counterfactual`]).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LoggedFeedback<'a> {
    settings: Counterfactual,
    feedback: Feedback<'a>,
    logged: Option<&'a [f32]>,
    denominator: f64,
    /// Statistics of the importance weights so far.
    pub stats: CounterfactualStats,
}

impl<'a> LoggedFeedback<'a> {
    /// `logged`: the log-probabilities that the tokens were drawn with, in nats, laid out as the batch's
    /// tokens, only loss tokens are read; `None` where the logger took the likeliest response.
    /// `denominator` counts the rewarded responses, or loss tokens, of the whole optimizer batch.
    ///
    /// # Errors
    /// [`Counterfactual::validate`]'s; [`Error::Shape`]; [`Error::Range`] for a denominator that is not
    /// positive.
    pub fn new(
        settings: Counterfactual,
        feedback: Feedback<'a>,
        logged: Option<&'a [f32]>,
        denominator: f64,
    ) -> Result<Self, Error> {
        settings.validate()?;
        positive("denominator", denominator)?;
        if let Feedback::Responses { ends, rewards } = feedback {
            check("rewards", rewards.len(), ends.len())?;
        }
        Ok(Self { settings, feedback, logged, denominator, stats: CounterfactualStats::default() })
    }
}

impl Objective for LoggedFeedback<'_> {
    fn needs(&self) -> Needs {
        Needs { log_probs: true, ..Needs::default() }
    }

    fn coupling(&self) -> Coupling {
        match (self.settings.normalizer, self.feedback) {
            (Normalizer::Weights, _) => Coupling::Batch,
            (Normalizer::Count, Feedback::Responses { .. }) => Coupling::Sequence,
            (Normalizer::Count, Feedback::Tokens(_)) => Coupling::Token,
        }
    }

    /// # Errors
    /// [`counterfactual`]'s; [`Error::TooFew`] for a rewarded sequence without a loss token;
    /// [`Error::Ends`] for a token beyond the last sequence.
    fn tokens(
        &mut self,
        positions: &[usize],
        log_probs: &[f32],
        _entropy: &[f32],
        grad_log_probs: &mut [f32],
        grad_entropy: &mut [f32],
    ) -> Result<f64, Error> {
        check("grad_log_probs", grad_log_probs.len(), positions.len())?;
        grad_entropy.fill(0.0);
        let (settings, n) = (&self.settings, self.denominator);
        let part = match self.feedback {
            Feedback::Tokens(rewards) => {
                let gather = |name, slice| -> Result<Vec<f32>, Error> {
                    positions.iter().map(|&p| at(name, slice, p)).collect()
                };
                let rewards = gather("rewards", rewards)?;
                let logged = match self.logged {
                    Some(logged) => gather("logged", logged)?,
                    None => alloc::vec![0.0; positions.len()],
                };
                counterfactual(settings, log_probs, &logged, &rewards, n, grad_log_probs)?
            }
            Feedback::Responses { ends, rewards } => {
                let all = responses(ends, positions, log_probs, self.logged)?;
                let log_probs: Vec<f64> = all.iter().map(|r| r.log_prob).collect();
                let logged: Vec<f64> = all.iter().map(|r| r.reference).collect();
                let rewards: Vec<f64> = rewards.iter().map(|&r| f64::from(r)).collect();
                let mut grad = alloc::vec![0.0; all.len()];
                let part = counterfactual(settings, &log_probs, &logged, &rewards, n, &mut grad)?;
                pull(&all, &grad, grad_log_probs)?;
                part
            }
        };
        finite("grad_log_probs", grad_log_probs)?;
        self.stats.merge(&part);
        Ok(part.loss)
    }
}

#[cfg(test)]
mod tests;
