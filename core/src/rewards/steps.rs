//! A critic of steps as a judge of whole texts.

use crate::Ragged;
use crate::error::check;
use crate::rewards::StepScore;
use crate::roles::{Critic, Reward};
use alloc::vec;
use alloc::vec::Vec;

/// A process reward model as a reward: its logits at the ends of a text's steps make the text's score, a
/// probability (see [`StepScore`]; [`crate::loss::Process`] trains it).
#[derive(Clone, Debug)]
pub struct Steps<C> {
    /// The critic, whose values are the logits of a step's being right.
    pub critic: C,
    /// The token that ends a step. The last token of a text ends one whatever it is.
    pub end: u32,
    /// The tokens that an answer begins after: steps are those behind the last place where they stand. Empty,
    /// or nowhere to be found: the whole text is the answer.
    pub after: Vec<u32>,
    /// The rule that makes a score of the steps.
    pub how: StepScore,
}

impl<C: Critic> Reward for Steps<C> {
    type Error = C::Error;

    /// # Errors
    /// The critic's own; [`crate::Error::NotFinite`] with the first step of a text whose logit is not finite.
    async fn score(&mut self, sequences: Ragged<'_>, out: &mut [f32]) -> Result<(), Self::Error> {
        check("out", out.len(), sequences.len())?;
        let mut values = vec![0.0; sequences.tokens().len()];
        self.critic.values(sequences, &mut values).await?;
        for ((tokens, span), score) in sequences.sequences().zip(out) {
            let begins = match &self.after[..] {
                [] => None,
                after => tokens.windows(after.len()).rposition(|tokens| tokens == after),
            };
            let answer = begins.map_or(0, |at| at + self.after.len());
            let ends = |t: usize| (t >= answer && tokens[t] == self.end) || t + 1 == tokens.len();
            let values = values[span].iter().enumerate();
            let steps: Vec<f32> = values.filter(|(t, _)| ends(*t)).map(|(_, value)| *value).collect();
            *score = self.how.score(&steps)? as f32;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Error, ready};

    /// The value of a state is a tenth of the last token.
    struct Tenth;

    impl Critic for Tenth {
        type Error = Error;

        async fn values(&mut self, sequences: Ragged<'_>, out: &mut [f32]) -> Result<(), Error> {
            sequences.tokens().iter().zip(out).for_each(|(&token, value)| *value = token as f32 / 10.0);
            Ok(())
        }
    }

    #[test]
    fn a_text_is_scored_by_its_steps() {
        let sigmoid = |x: f32| 1.0 / (1.0 + (-x).exp());
        let score = |how| {
            let mut out = [f32::NAN; 2];
            let texts = Ragged::new(&[90, 5, 80, 20, 5], &[4, 5]).unwrap();
            ready(Steps { critic: Tenth, end: 5, after: Vec::new(), how }.score(texts, &mut out))
                .unwrap()
                .unwrap();
            out
        };
        let answers = |after: &[u32]| {
            let (mut out, texts) = ([f32::NAN], Ragged::new(&[5, 9, 5, 80, 20, 5], &[6]).unwrap());
            let mut steps = Steps { critic: Tenth, end: 5, after: after.to_vec(), how: StepScore::Product };
            ready(steps.score(texts, &mut out)).unwrap().unwrap();
            out[0]
        };
        // A step's end in a prompt is none.
        for (after, ends) in [(&[9, 5][..], 1), (&[9], 2), (&[], 3), (&[7, 7], 3)] {
            assert!((answers(after) - sigmoid(0.5).powi(ends)).abs() < 1e-6, "{after:?}");
        }
        let (first, last) = (sigmoid(0.5), sigmoid(2.0));
        for (how, want) in [
            (StepScore::Min, first),
            (StepScore::Product, first * last),
            (StepScore::Last, last),
            (StepScore::Mean, (first + last) / 2.0),
        ] {
            let got = score(how);
            // The second text is one step: whatever the rule, its own probability.
            assert!((got[0] - want).abs() < 1e-6 && (got[1] - first).abs() < 1e-6, "{how:?}: {got:?}");
        }
    }
}
