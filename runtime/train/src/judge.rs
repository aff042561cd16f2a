//! Judges, which compare responses.

use super::Examples;
use alloc::vec;
use rlhf_core::Error;
use rlhf_core::roles::Reward;

/// Compares responses to one prompt: a reward model ([`RewardJudge`]), a language model with a question, a person.
///
/// A closure over a prompt and two responses is one: it gives the probability that the first is
/// preferred, and is called once for each two.
pub trait Judge {
    /// The error type.
    type Error: core::error::Error + From<Error>;

    /// `out[i·each + j]`: the probability by which text i is preferred to the text j of its group, where
    /// `each` neighboring texts are responses to one prompt. `out`: `[texts, each]`, ½ where j is i.
    ///
    /// # Errors
    /// The judge's own.
    fn compare(
        &mut self,
        texts: &Examples,
        each: usize,
        out: &mut [f32],
    ) -> impl Future<Output = Result<(), Self::Error>>;
}

impl<F: FnMut(&[u32], &[u32], &[u32]) -> f32> Judge for F {
    type Error = Error;

    async fn compare(&mut self, texts: &Examples, each: usize, out: &mut [f32]) -> Result<(), Error> {
        fill(texts.len(), each, out, |i, j| {
            let ((prompt, first), (_, second)) = (texts.parted(i), texts.parted(j));
            self(prompt, first, second)
        });
        Ok(())
    }
}

/// A reward as a judge: what scores higher is preferred, by the Bradley–Terry model, `σ(sᵢ − sⱼ)`.
#[derive(Debug)]
pub struct RewardJudge<'a, R>(
    /// The reward.
    pub &'a mut R,
);

impl<R: Reward> Judge for RewardJudge<'_, R> {
    type Error = R::Error;

    async fn compare(&mut self, texts: &Examples, each: usize, out: &mut [f32]) -> Result<(), R::Error> {
        let mut scores = vec![0.0; texts.len()];
        self.0.score(texts.sequences()?, &mut scores).await?;
        fill(texts.len(), each, out, |i, j| {
            let apart = f64::from(scores[i]) - f64::from(scores[j]);
            (1.0 / (1.0 + libm::exp(-apart))) as f32
        });
        Ok(())
    }
}

/// Asks once for each two texts of a group.
fn fill(texts: usize, each: usize, out: &mut [f32], mut preferred: impl FnMut(usize, usize) -> f32) {
    for first in (0..texts).step_by(each) {
        for i in 0..each {
            out[(first + i) * each + i] = 0.5;
            for j in i + 1..each {
                let p = preferred(first + i, first + j);
                (out[(first + i) * each + j], out[(first + j) * each + i]) = (p, 1.0 - p);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;
    use rlhf_core::ready;

    fn texts() -> Examples {
        Examples::try_from_iter([([7], [1]), ([7], [3]), ([8], [2]), ([8], [2])]).unwrap()
    }

    #[test]
    fn a_closure_is_asked_once_for_each_two() {
        let mut questions = Vec::new();
        let mut judge = |prompt: &[u32], first: &[u32], second: &[u32]| {
            questions.push((prompt[0], first[0], second[0]));
            if first > second { 1.0 } else { 0.25 }
        };
        let mut out = [f32::NAN; 8];
        ready(judge.compare(&texts(), 2, &mut out)).unwrap().unwrap();
        assert_eq!(out, [0.5, 0.25, 0.75, 0.5, 0.5, 0.25, 0.75, 0.5]);
        assert_eq!(questions, [(7, 1, 3), (8, 2, 2)]);
    }

    #[test]
    fn a_reward_prefers_by_bradley_terry() {
        let mut reward = |text: &[u32]| text[1] as f32;
        let mut out = [f32::NAN; 8];
        ready(RewardJudge(&mut reward).compare(&texts(), 2, &mut out)).unwrap().unwrap();
        let p = (1.0 / (1.0 + 2f64.exp())) as f32;
        assert_eq!(out, [0.5, p, 1.0 - p, 0.5, 0.5, 0.5, 0.5, 0.5]);
    }
}
