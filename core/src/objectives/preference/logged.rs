use super::responses::{pull, responses};
use crate::error::{at, check};
use crate::maths::{Counterfactual, CounterfactualStats, Normalizer, counterfactual};
use crate::ranges::{finite, positive};
use crate::{Coupling, Error, Needs, Objective};
use alloc::vec::Vec;

/// What was rewarded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Feedback<'a> {
    /// Whole responses.
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
    /// What was seen of the weights.
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
    /// [`counterfactual`]'s; [`Error::TooFew`] for a rewarded sequence that owes no token;
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
mod tests {
    use super::*;

    const LOGGED: [f32; 5] = [f32::NAN, -1.0, -1.0, f32::NAN, -2.0];

    #[test]
    fn a_response_has_one_weight_and_a_token_its_own() {
        let s = Counterfactual::default();
        let (positions, log_probs) = ([1, 2, 4], [-0.5, -1.5, -2.0]);
        let feedback = Feedback::Responses { ends: &[3, 5], rewards: &[2.0, -1.0] };
        let mut o = LoggedFeedback::new(s, feedback, Some(&LOGGED), 2.0).unwrap();
        let mut grad = [f32::NAN; 3];
        // Both responses weigh e⁰.
        let loss = o.tokens(&positions, &log_probs, &[], &mut grad, &mut []).unwrap();
        assert_eq!((loss, grad), (-0.5, [-1.0, -1.0, 0.5]));
        assert_eq!((o.coupling(), o.stats.actions), (Coupling::Sequence, 2));
        let rewards = [f32::NAN, 2.0, 2.0, f32::NAN, -1.0];
        let mut o = LoggedFeedback::new(s, Feedback::Tokens(&rewards), Some(&LOGGED), 1.0).unwrap();
        o.tokens(&positions, &log_probs, &[], &mut grad, &mut []).unwrap();
        let w = 0.5f64.exp();
        assert_eq!(grad, [(-2.0 * w) as f32, (-2.0 / w) as f32, 1.0]);
        assert_eq!((o.coupling(), o.stats.actions), (Coupling::Token, 3));
    }

    #[test]
    fn a_deterministic_logger_and_self_normalization() {
        let s = Counterfactual { normalizer: Normalizer::Weights, clip: None };
        let feedback = Feedback::Responses { ends: &[3, 5], rewards: &[1.0, 1.0] };
        let mut o = LoggedFeedback::new(s, feedback, None, 2.0).unwrap();
        let mut grad = [f32::NAN; 3];
        let loss = o.tokens(&[1, 2, 4], &[-0.5, -1.5, -2.0], &[], &mut grad, &mut []).unwrap();
        // All rewards alike: nothing to learn, however unlikely the responses are.
        assert_eq!((loss, grad), (-1.0, [0.0; 3]));
        assert_eq!(o.coupling(), Coupling::Batch);
        assert!(LoggedFeedback::new(s, feedback, None, 0.0).is_err());
    }
}
