//! From one response to rewards, advantages and returns.

use super::Shaping;
use super::gae_scan::Scan;
use crate::error::check;
use crate::ranges::within;
use crate::sampling::FinishReason;
use crate::{Error, Real};

/// Whether reaching the longest allowed length ends the world or only our view of it.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "alloc", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Cutoff {
    /// It ends: nothing follows, as in every published RLHF code base.
    #[default]
    Terminates,
    /// It truncates: the value of the state after the last token stands for what would follow.
    Bootstraps,
}

/// How advantages are made from rewards and values.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "alloc", derive(serde::Serialize, serde::Deserialize))]
pub struct Gae {
    /// Discount per token.
    #[cfg_attr(feature = "schema", schemars(range(min = 0, max = 1)))]
    pub gamma: f64,
    /// GAE's λ.
    #[cfg_attr(feature = "schema", schemars(range(min = 0, max = 1)))]
    pub lambda: f64,
    /// What a response cut off at its length means.
    pub cutoff: Cutoff,
    /// λ of the returns, where it is not the advantages' (decoupled GAE, VAPO: 1).
    #[cfg_attr(feature = "alloc", serde(default))]
    #[cfg_attr(feature = "schema", schemars(range(min = 0, max = 1)))]
    pub value_lambda: Option<f64>,
    /// α of the length-adaptive λ, per token (VAPO: 0.05), which takes the place of `lambda` for the
    /// advantages.
    #[cfg_attr(feature = "alloc", serde(default))]
    #[cfg_attr(feature = "schema", schemars(extend("exclusiveMinimum" = 0)))]
    pub length_alpha: Option<f64>,
}

impl Gae {
    /// One λ for advantages and returns; reaching the longest length terminates.
    pub const fn new(gamma: f64, lambda: f64) -> Self {
        Self { gamma, lambda, cutoff: Cutoff::Terminates, value_lambda: None, length_alpha: None }
    }

    /// Checks every range.
    ///
    /// # Errors
    /// [`Error::Range`] names the setting.
    pub fn validate(&self) -> Result<(), Error> {
        within("gamma", self.gamma, 0.0, 1.0)?;
        within("lambda", self.lambda, 0.0, 1.0)?;
        self.value_lambda.map_or(Ok(()), |lambda| within("value_lambda", lambda, 0.0, 1.0))?;
        self.length_alpha.map_or(Ok(()), |alpha| crate::ranges::positive("length_alpha", alpha))
    }

    /// λ of the advantages of a response of so many tokens: `lambda`, or `1 − 1/(α·tokens)` (Yue et
    /// al., arXiv:2504.05118), so that the weights `λᵗ` sum to `α·tokens`; 0 where that is
    /// below it.
    pub fn policy_lambda(&self, tokens: usize) -> f64 {
        self.length_alpha.map_or(self.lambda, |alpha| (1.0 - 1.0 / (alpha * tokens as f64)).max(0.0))
    }

    /// Advantages and returns of one response, see [`Steps`].
    ///
    /// # Errors
    /// [`Error::Shape`]; [`Error::Range`].
    pub fn advantages<R: Real>(
        &self,
        rewards: &[R],
        values: &[R],
        finish: FinishReason,
        advantages: &mut [R],
        returns: &mut [R],
    ) -> Result<(), Error> {
        self.advantages_of_all([Steps { rewards, values, finish, advantages, returns }])
    }

    /// Advantages and returns of many responses, the same numbers as one by one. A return is the value
    /// plus the advantage under the returns' own λ.
    ///
    /// # Errors
    /// [`Error::Shape`] for the first response that does not fit; those before it have been written.
    /// [`Error::Range`].
    pub fn advantages_of_all<'a, R: Real>(
        &self,
        responses: impl IntoIterator<Item = Steps<'a, R>>,
    ) -> Result<(), Error> {
        self.validate()?;
        responses.into_iter().try_for_each(|steps| {
            self.scan(steps)?.run(R::of(self.gamma));
            Ok(())
        })
    }

    fn scan<'a, R: Real>(&self, of: Steps<'a, R>) -> Result<Scan<'a, R>, Error> {
        let (steps, tokens) = (of.rewards.len(), of.values.len().saturating_sub(1));
        let (Some(values), true) = (of.values.get(..steps), steps == tokens || steps == tokens + 1) else {
            return Err(Error::Shape { name: "values", want: steps + 1, got: of.values.len() });
        };
        check("advantages", of.advantages.len(), steps)?;
        check("returns", of.returns.len(), steps)?;
        let bootstraps = self.cutoff == Cutoff::Bootstraps && of.finish == FinishReason::Length;
        let after = of.values.get(steps).copied().filter(|_| bootstraps).unwrap_or(R::ZERO);
        let (policy, critic) = (self.policy_lambda(tokens), self.value_lambda.unwrap_or(self.lambda));
        Ok(Scan {
            rewards: of.rewards,
            values,
            advantages: of.advantages,
            returns: of.returns,
            decay: [policy, critic].map(|lambda| R::of(self.gamma) * R::of(lambda)),
            after,
        })
    }
}

/// The steps of one response of T tokens, for [`Gae::advantages_of_all`].
///
/// `rewards`, `advantages`, `returns`: `[steps]`, T of them or T + 1 (see
/// [`super::ScorePlacement`]); `values`: `[T+1]`, the state before each token, then the one after the
/// last. The extra step's value is `values[T]`, and nothing follows that step.
#[derive(Debug)]
pub struct Steps<'a, R> {
    /// Reward of each step.
    pub rewards: &'a [R],
    /// The value of the state before each token, and after the last.
    pub values: &'a [R],
    /// Why the response ended.
    pub finish: FinishReason,
    /// What each step did better than expected; written.
    pub advantages: &'a mut [R],
    /// What the value network is to predict; written.
    pub returns: &'a mut [R],
}

/// What is known about one response of T tokens.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Response<'a, R> {
    /// ln p of each token under the policy that wrote it, in nats, `[T]`.
    pub log_probs: &'a [R],
    /// The same under the reference, `[T]`.
    pub reference: &'a [R],
    /// The value of the state before each token, and after the last, `[T+1]`.
    pub values: &'a [R],
    /// The score of the whole, in units of reward (see [`super::RewardScale`]).
    pub score: f64,
    /// Why it ended.
    pub finish: FinishReason,
}

/// Rewards, advantages and returns of one response: [`Shaping`], then [`Gae`]. Returns the sum of
/// the tokens' KL estimates, in nats, which is what a [`super::KlController`] is fed the mean of.
///
/// `rewards`, `advantages`, `returns`: `[steps]`, see [`super::ScorePlacement::steps`]. Under a
/// profile that whitens rewards the two halves are called apart, since whitening needs the rewards
/// of the whole batch in between.
///
/// # Errors
/// [`Error::Shape`]; [`Error::TooFew`] for a response without a step; [`Error::Range`].
pub fn estimate<R: Real>(
    shaping: &Shaping,
    gae: &Gae,
    beta: f64,
    response: &Response<'_, R>,
    rewards: &mut [R],
    advantages: &mut [R],
    returns: &mut [R],
) -> Result<f64, Error> {
    let tokens = response.log_probs.len();
    check("values", response.values.len(), tokens + 1)?;
    check("advantages", advantages.len(), rewards.len())?;
    // The advantages' memory holds the KL estimates until GAE overwrites it.
    let Some(kl) = advantages.get_mut(..tokens) else {
        return Err(Error::Shape { name: "rewards", want: tokens, got: rewards.len() });
    };
    let sum = shaping.token_kls(response.log_probs, response.reference, kl)?;
    let score = shaping.score(response.score, response.finish);
    shaping.rewards(kl, beta, score, rewards)?;
    gae.advantages(rewards, response.values, response.finish, advantages, returns)?;
    Ok(sum)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::maths::oracle::close;
    use crate::maths::{MissingEnd, ScorePlacement};
    use proptest::prelude::*;
    use std::vec;
    use std::vec::Vec;

    const fn shaping(placement: ScorePlacement) -> Shaping {
        Shaping { placement, missing_end: MissingEnd::Subtract(1.0), ..Shaping::PLAIN }
    }

    fn run(gae: Gae, placement: ScorePlacement, steps: usize, r: &Response<'_, f64>) -> [Vec<f64>; 3] {
        let mut out = [vec![f64::NAN; steps], vec![f64::NAN; steps], vec![f64::NAN; steps]];
        let [rewards, advantages, returns] = &mut out;
        estimate(&shaping(placement), &gae, 0.1, r, rewards, advantages, returns).unwrap();
        out
    }

    proptest! {
        /// At λ = γ = 1 the return of a step is what is still to be had, KL and score.
        #[test]
        fn returns_are_what_is_still_to_come(
            x in prop::collection::vec((-3.0..0.0, -3.0..0.0, -1.0..1.0), 1..12), score in -2.0..2.0,
        ) {
            let log_probs: Vec<f64> = x.iter().map(|p| p.0).collect();
            let reference: Vec<f64> = x.iter().map(|p| p.1).collect();
            let values: Vec<f64> = x.iter().map(|p| p.2).chain([0.3]).collect();
            let r = Response {
                log_probs: &log_probs, reference: &reference, values: &values, score, finish: FinishReason::Length,
            };
            let gae = Gae::new(1.0, 1.0);
            for (placement, steps) in
                [(ScorePlacement::LastToken, x.len()), (ScorePlacement::AfterLastToken, x.len() + 1)]
            {
                let [rewards, advantages, returns] = run(gae, placement, steps, &r);
                let mut rest = score - 1.0;
                for t in (0..x.len()).rev() {
                    rest -= 0.1 * (log_probs[t] - reference[t]);
                    close(returns[t], rest, 1e-12);
                    close(advantages[t], rest - values[t], 1e-12);
                }
                close(rewards.iter().sum(), rest, 1e-12);
            }
        }
    }

    proptest! {
        /// Of any length, and where returns have their own λ, it is [`crate::maths::gae`] step by step.
        #[test]
        fn four_steps_at_once_are_those_one_by_one(
            x in prop::collection::vec((-2.0..2.0, -2.0..2.0), 1..24), critic in 0.5..1.0,
        ) {
            let rewards: Vec<f64> = x.iter().map(|p| p.0).collect();
            let values: Vec<f64> = x.iter().map(|p| p.1).chain([0.7]).collect();
            let gae = Gae { cutoff: Cutoff::Bootstraps, value_lambda: Some(critic), ..Gae::new(0.97, 0.9) };
            let (mut advantages, mut returns) = (vec![f64::NAN; x.len()], vec![f64::NAN; x.len()]);
            gae.advantages(&rewards, &values, FinishReason::Length, &mut advantages, &mut returns).unwrap();
            let (gamma, mut want) = (vec![0.97; x.len()], vec![f64::NAN; x.len()]);
            crate::maths::gae(&rewards, &gamma, &values, 0.9, &mut want).unwrap();
            advantages.iter().zip(&want).for_each(|(got, want)| close(*got, *want, 1e-12));
            crate::maths::gae(&rewards, &gamma, &values, critic, &mut want).unwrap();
            (0..x.len()).for_each(|t| close(returns[t], want[t] + values[t], 1e-12));
        }
    }

    /// In company a response's numbers are its own, to the bit.
    #[test]
    fn many_responses_at_once_are_each_as_alone() {
        let number = |i: usize, j: usize| ((i * 31 + j * 17) % 23) as f32 / 7.0 - 1.5;
        let gae = Gae { value_lambda: Some(1.0), length_alpha: Some(0.3), ..Gae::new(0.97, 0.9) };
        for count in [1, 3, 4, 5, 17] {
            let make = |i: usize, extra: usize| -> Vec<f32> {
                (0..1 + (i * 7) % 12 + extra).map(|j| number(i + extra, j)).collect()
            };
            let inputs: Vec<_> = (0..count).map(|i| (make(i, 0), make(i, 1))).collect();
            let mut together: Vec<_> = inputs.iter().map(|(r, _)| [r.clone(), r.clone()]).collect();
            let steps = inputs.iter().zip(&mut together).map(|((rewards, values), [advantages, returns])| {
                Steps { rewards, values, finish: FinishReason::Length, advantages, returns }
            });
            gae.advantages_of_all(steps).unwrap();
            for ((rewards, values), got) in inputs.iter().zip(together) {
                let mut alone = [vec![f32::NAN; rewards.len()], vec![f32::NAN; rewards.len()]];
                let [advantages, returns] = &mut alone;
                gae.advantages(rewards, values, FinishReason::Length, advantages, returns).unwrap();
                assert_eq!(alone, got);
            }
        }
    }

    #[test]
    fn returns_and_advantages_may_have_their_own_lambda() {
        let (rewards, values) = ([0.0, 0.5, 1.0], [0.5, -0.25, 0.75, 0.3]);
        let both = |gae: Gae| {
            let (mut advantages, mut returns) = ([f64::NAN; 3], [f64::NAN; 3]);
            gae.advantages(&rewards, &values, FinishReason::Eos, &mut advantages, &mut returns).unwrap();
            (advantages, returns)
        };
        let plain = Gae::new(0.9, 0.5);
        let decoupled = both(Gae { value_lambda: Some(1.0), ..plain });
        assert_eq!(decoupled, (both(plain).0, both(Gae::new(0.9, 1.0)).1));
        assert_eq!(both(Gae { value_lambda: Some(0.5), ..plain }), both(plain));
        // 1 − 1/(0.5·3) = 1/3 for the advantages; the returns keep λ.
        let adaptive = both(Gae { length_alpha: Some(0.5), ..plain });
        let third = both(Gae::new(0.9, 1.0 - 1.0 / 1.5));
        assert_eq!(adaptive, (third.0, both(plain).1));
        assert_eq!(Gae { length_alpha: Some(0.05), ..plain }.policy_lambda(20), 0.0);
        assert_eq!(Gae { length_alpha: Some(0.05), ..plain }.policy_lambda(10), 0.0);
        close(Gae { length_alpha: Some(0.05), ..plain }.policy_lambda(1000), 0.98, 1e-15);
        // The weights λᵗ sum to α·T.
        let lambda = Gae { length_alpha: Some(0.05), ..plain }.policy_lambda(400);
        close((0..4000).map(|t| lambda.powi(t)).sum(), 0.05 * 400.0, 1e-12);
        assert!(Gae { length_alpha: Some(0.0), ..plain }.validate().is_err());
        assert!(Gae { value_lambda: Some(1.1), ..plain }.validate().is_err());
    }

    #[test]
    fn truncation_is_not_termination_where_asked() {
        let mut r = Response {
            log_probs: &[-1.0, -1.0],
            reference: &[-1.0, -1.0],
            values: &[0.0, 0.0, 8.0],
            score: 1.0,
            finish: FinishReason::Length,
        };
        let gae = Gae { cutoff: Cutoff::Bootstraps, ..Gae::new(0.5, 1.0) };
        assert_eq!(run(gae, ScorePlacement::LastToken, 2, &r)[2], [2.0, 4.0]);
        r.finish = FinishReason::Eos;
        assert_eq!(run(gae, ScorePlacement::LastToken, 2, &r)[2], [0.5, 1.0]);
    }

    #[test]
    fn the_extra_step_reaches_the_last_token_through_gamma_lambda() {
        let r = Response {
            log_probs: &[-1.0],
            reference: &[-1.0],
            values: &[0.25, 0.5],
            score: 2.0,
            finish: FinishReason::Eos,
        };
        let gae = Gae::new(1.0, 0.9);
        let [rewards, advantages, returns] = run(gae, ScorePlacement::AfterLastToken, 2, &r);
        assert_eq!(rewards, [0.0, 2.0]);
        assert_eq!(advantages, [0.5 - 0.25 + 0.9 * 1.5, 1.5]);
        assert_eq!(returns, [0.5 + 0.9 * 1.5, 2.0]);
    }

    #[test]
    fn shapes_are_named() {
        let r = Response::<f32> {
            log_probs: &[-1.0; 2],
            reference: &[-1.0; 2],
            values: &[0.0; 2],
            score: 0.0,
            finish: FinishReason::Eos,
        };
        let gae = Gae::new(1.0, 0.9);
        let mut out = [[0.0; 2]; 3];
        let [a, b, c] = &mut out;
        let got = estimate(&shaping(ScorePlacement::LastToken), &gae, 0.1, &r, a, b, c);
        assert_eq!(got, Err(Error::Shape { name: "values", want: 3, got: 2 }));
        assert!(Gae { gamma: 1.1, ..gae }.validate().is_err());
    }
}
