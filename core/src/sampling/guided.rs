//! Sampling that other networks have a say in.

use super::{FinishReason, Responses, SamplingParams, StopCriteria, draw, greedy};
use crate::capabilities::Rows;
use crate::error::check;
use crate::log_probs::log_prob;
use crate::random::Key;
use crate::ranges::positive;
use crate::{Batch, Error, Ragged};
use alloc::vec;
use alloc::vec::Vec;
use core::future::Future;

/// Changes the logits that a text's next token is chosen by.
pub trait Guide<E> {
    /// `texts`: prompts with what has been written so far, of those responses that are not over;
    /// `sequences[i]` tells which prompt text i goes back to. `logits`, `[texts, vocabulary]`, are the
    /// policy's, not divided by a temperature. They may be masked with −∞ or added to.
    ///
    /// # Errors
    /// The guide's own, such as those of networks that it reads.
    fn adjust(
        &mut self,
        texts: Ragged<'_>,
        sequences: &[usize],
        logits: &mut [f32],
    ) -> impl Future<Output = Result<(), E>>;
}

/// Changes nothing.
impl<E> Guide<E> for () {
    async fn adjust(&mut self, _: Ragged<'_>, _: &[usize], _: &mut [f32]) -> Result<(), E> {
        Ok(())
    }
}

/// A request of responses to prompts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Request<'a> {
    /// The prompts.
    pub prompts: Ragged<'a>,
    /// The rule by which tokens are chosen, from the adjusted logits.
    pub sampling: &'a SamplingParams,
    /// The conditions that end a response.
    pub stopping: &'a StopCriteria<'a>,
    /// The longest text, prompt included, that every network involved can read, in tokens.
    pub context: usize,
    /// The draw for response token `p` of prompt `i` is that of (`key`, `first + i`, `p`).
    pub key: Key,
    /// See `key`.
    pub first: u32,
}

/// Continues prompts by a policy's logits after a guide has adjusted them, with the draws that
/// [`crate::roles::Policy::sample`] promises: with `()` as guide it writes what that writes. The
/// log-probabilities returned are of the adjusted logits at the sampling's temperature, before its filters.
///
/// Each token is a batch of whole texts for every network: nothing is cached between tokens, so that the
/// time goes with the square of the length. It is for what a policy's own sampler cannot do.
///
/// # Errors
/// The networks'; [`Error::Range`] for a setting, or a prompt that leaves no room in the context;
/// [`Error::TooFew`] where no token is asked for; [`Error::NotFinite`] for logits, or where a guide left no
/// token to choose.
pub async fn sample_by<P: Rows, G: Guide<P::Error>>(
    policy: &mut P,
    guide: &mut G,
    request: &Request<'_>,
) -> Result<Responses, P::Error> {
    request.validate()?;
    let mut texts: Vec<Vec<u32>> = request.prompts.sequences().map(|(prompt, _)| prompt.to_vec()).collect();
    let mut log_probs: Vec<Vec<f32>> = vec![Vec::new(); texts.len()];
    let mut finish: Vec<Option<FinishReason>> = vec![None; texts.len()];
    let width = policy.row_len();
    let (mut logits, mut scratch) = (Vec::new(), vec![0; width]);
    loop {
        let live: Vec<usize> = (0..texts.len()).filter(|&i| finish[i].is_none()).collect();
        if live.is_empty() {
            break;
        }
        let (mut tokens, mut ends) = (Vec::new(), Vec::new());
        for &i in &live {
            tokens.extend_from_slice(&texts[i]);
            ends.push(tokens.len());
        }
        let prefixes = Ragged::new(&tokens, &ends)?;
        next_rows(policy, prefixes, &mut logits).await?;
        guide.adjust(prefixes, &live, &mut logits).await?;
        for (&i, row) in live.iter().zip(logits.chunks_exact_mut(width)) {
            let written = log_probs[i].len();
            let (token, log_prob) = request.choose(row, i, written, &texts[i], &mut scratch)?;
            texts[i].push(token);
            log_probs[i].push(log_prob);
            let full = (texts[i].len() >= request.context).then_some(FinishReason::Length);
            finish[i] = request.stopping.finish(token, written + 1).or(full);
        }
    }
    let mut out = Responses::default();
    for ((text, log_probs), finish) in texts.iter().zip(log_probs).zip(finish) {
        out.tokens.extend_from_slice(&text[text.len() - log_probs.len()..]);
        out.log_probs.extend(log_probs);
        out.ends.push(out.tokens.len());
        out.finish.push(finish.unwrap_or(FinishReason::Length));
    }
    Ok(out)
}

impl Request<'_> {
    fn validate(&self) -> Result<(), Error> {
        self.sampling.validate()?;
        if self.stopping.max_new_tokens == 0 {
            return Err(Error::TooFew { name: "max_new_tokens", need: 1, got: 0 });
        }
        let longest = self.prompts.sequences().map(|(prompt, _)| prompt.len()).max().unwrap_or(0);
        if longest >= self.context {
            let high = self.context as f64 - 1.0;
            return Err(Error::Range { name: "prompt length", value: longest as f64, low: 1.0, high });
        }
        Ok(())
    }

    /// The next token of prompt `i` with its log-probability. The row is left filtered.
    fn choose(
        &self,
        row: &mut [f32],
        i: usize,
        position: usize,
        text: &[u32],
        scratch: &mut [u32],
    ) -> Result<(u32, f32), Error> {
        let temperature = f64::from(self.sampling.temperature());
        let whole = row.to_vec();
        let token = match self.sampling {
            SamplingParams::Greedy => greedy(row)?,
            SamplingParams::Draw(filters) => {
                filters.apply(row, text, scratch)?;
                draw(row, self.key.uniform(self.first.wrapping_add(i as u32), position as u32))?
            }
        };
        Ok((token, log_prob(&whole, token as usize, temperature)?.0))
    }
}

/// The rows that would predict the token after each text, `[texts, vocabulary]`.
pub(super) async fn next_rows<N: Rows>(
    network: &mut N,
    texts: Ragged<'_>,
    out: &mut Vec<f32>,
) -> Result<(), N::Error> {
    positive("row_len", network.row_len() as f64)?;
    let (mut tokens, mut ends, mut loss_mask) = (Vec::new(), Vec::new(), Vec::new());
    for (text, _) in texts.sequences() {
        tokens.extend_from_slice(text);
        loss_mask.resize(tokens.len(), false);
        // Any token will do: its row goes by what precedes it.
        tokens.push(0);
        loss_mask.push(true);
        ends.push(tokens.len());
    }
    out.clear();
    let batch = Batch::new(Ragged::new(&tokens, &ends)?, &loss_mask)?;
    network.rows(batch, &mut |_, logits| out.extend_from_slice(logits)).await?;
    Ok(check("rows", out.len(), texts.len() * network.row_len())?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Stream;
    use crate::ready;
    use crate::roles::Policy;
    use crate::sampling::Filters;
    use crate::testing::Table;

    const PROMPTS: ([u32; 7], [usize; 4]) = ([0, 1, 2, 3, 4, 1, 2], [1, 3, 4, 7]);

    /// A request that the closure may change, run on a policy.
    fn write<'a>(
        sampling: &'a SamplingParams,
        stopping: &'a StopCriteria<'a>,
        change: impl FnOnce(&mut Request<'a>),
        guide: &mut impl Guide<Error>,
    ) -> Result<Responses, Error> {
        static TEXT: ([u32; 7], [usize; 4]) = PROMPTS;
        let prompts = Ragged::new(&TEXT.0, &TEXT.1).unwrap();
        let key = Key::new(2, Stream::Sampling, 3);
        let mut request = Request { prompts, sampling, stopping, context: 100, key, first: 5 };
        change(&mut request);
        ready(sample_by(&mut Table::random(5, 1), guide, &request)).unwrap()
    }

    #[test]
    fn without_a_guide_it_is_the_policys_own_sampler() {
        let filters = Filters { temperature: 0.7, top_k: 4, top_p: 0.95, min_p: 0.02, repetition: 1.2 };
        let stopping = StopCriteria { max_new_tokens: 12, eos: &[0], stop: &[3] };
        for sampling in [
            SamplingParams::Greedy,
            SamplingParams::at_temperature(1.0),
            SamplingParams::at_temperature(1.3),
            SamplingParams::Draw(filters),
        ] {
            let got = write(&sampling, &stopping, |_| (), &mut ()).unwrap();
            let prompts = Ragged::new(&PROMPTS.0, &PROMPTS.1).unwrap();
            let key = Key::new(2, Stream::Sampling, 3);
            let mut policy = Table::random(5, 1);
            let own = ready(policy.sample(prompts, &sampling, &stopping, key, 5)).unwrap();
            assert_eq!(Ok(got), own);
        }
    }

    #[test]
    fn company_changes_nothing_and_the_context_ends_a_text() {
        let (sampling, stopping) =
            (SamplingParams::at_temperature(1.0), StopCriteria { max_new_tokens: 9, eos: &[], stop: &[] });
        let all = write(&sampling, &stopping, |_| (), &mut ()).unwrap();
        let alone = Ragged::new(&PROMPTS.0[3..4], &[1]).unwrap();
        let one = write(&sampling, &stopping, |r| (r.prompts, r.first) = (alone, 7), &mut ()).unwrap();
        assert_eq!(one.tokens, all.response(2));
        let short = write(&sampling, &stopping, |r| r.context = 5, &mut ()).unwrap();
        let lengths: Vec<usize> = (0..4).map(|i| short.response(i).len()).collect();
        assert_eq!((lengths, short.finish), (vec![4, 3, 4, 2], vec![FinishReason::Length; 4]));
        assert_eq!(short.tokens[..4], all.tokens[..4]);
    }

    /// Keeps what it was shown.
    #[derive(Default)]
    struct Witness(Vec<(Vec<usize>, Vec<usize>)>);

    impl Guide<Error> for Witness {
        async fn adjust(&mut self, texts: Ragged<'_>, i: &[usize], logits: &mut [f32]) -> Result<(), Error> {
            self.0.push((i.to_vec(), texts.sequences().map(|(text, _)| text.len()).collect()));
            logits.fill(f32::NEG_INFINITY);
            // Prompt 1 ends at once, the others run on.
            i.iter().zip(logits.chunks_mut(5)).for_each(|(&i, row)| row[usize::from(i != 1)] = 0.0);
            Ok(())
        }
    }

    #[test]
    fn a_guide_sees_the_texts_that_are_not_over() {
        let (sampling, stopping) =
            (SamplingParams::Greedy, StopCriteria { max_new_tokens: 2, eos: &[0], stop: &[] });
        let mut witness = Witness::default();
        let out = write(&sampling, &stopping, |_| (), &mut witness).unwrap();
        assert_eq!(witness.0, [(vec![0, 1, 2, 3], vec![1, 2, 1, 3]), (vec![0, 2, 3], vec![2, 2, 4])]);
        assert_eq!((out.tokens, out.log_probs), (vec![1, 1, 0, 1, 1, 1, 1], vec![0.0; 7]));
        assert_eq!(out.finish[..2], [FinishReason::Length, FinishReason::Eos]);
    }

    #[test]
    fn what_cannot_be_written_is_an_error() {
        let (sampling, stopping) =
            (SamplingParams::Greedy, StopCriteria { max_new_tokens: 2, eos: &[], stop: &[] });
        let none = StopCriteria { max_new_tokens: 0, ..stopping };
        let cold = SamplingParams::at_temperature(0.0);
        assert!(matches!(write(&sampling, &none, |_| (), &mut ()), Err(Error::TooFew { .. })));
        assert!(matches!(write(&cold, &stopping, |_| (), &mut ()), Err(Error::Range { .. })));
        let full = write(&sampling, &stopping, |r| r.context = 3, &mut ());
        assert!(matches!(full, Err(Error::Range { name: "prompt length", .. })));
        let nothing = write(&sampling, &stopping, |r| r.prompts = Ragged::new(&[], &[]).unwrap(), &mut ());
        assert_eq!(nothing, Ok(Responses::default()));
    }
}
