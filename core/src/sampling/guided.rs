//! Sampling that other networks have a say in.

use super::{Finish, Responses, Sampling, Stopping, draw, greedy};
use crate::capabilities::Rows;
use crate::error::check;
use crate::maths::log_prob;
use crate::random::Key;
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

/// What is to be written, and how.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Request<'a> {
    /// What is continued.
    pub prompts: Ragged<'a>,
    /// How tokens are chosen, from the adjusted logits.
    pub sampling: &'a Sampling,
    /// When a response ends.
    pub stopping: &'a Stopping<'a>,
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
    let mut finish: Vec<Option<Finish>> = vec![None; texts.len()];
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
            let full = (texts[i].len() >= request.context).then_some(Finish::Length);
            finish[i] = request.stopping.finish(token, written + 1).or(full);
        }
    }
    let mut out = Responses::default();
    for ((text, log_probs), finish) in texts.iter().zip(log_probs).zip(finish) {
        out.tokens.extend_from_slice(&text[text.len() - log_probs.len()..]);
        out.log_probs.extend(log_probs);
        out.ends.push(out.tokens.len());
        out.finish.push(finish.unwrap_or(Finish::Length));
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
            Sampling::Greedy => greedy(row)?,
            Sampling::Draw(filters) => {
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
    let (mut tokens, mut ends, mut owed) = (Vec::new(), Vec::new(), Vec::new());
    for (text, _) in texts.sequences() {
        tokens.extend_from_slice(text);
        owed.resize(tokens.len(), false);
        // Any token will do: its row goes by what precedes it.
        tokens.push(0);
        owed.push(true);
        ends.push(tokens.len());
    }
    out.clear();
    let batch = Batch::new(Ragged::new(&tokens, &ends)?, &owed)?;
    network.rows(batch, &mut |_, logits| out.extend_from_slice(logits)).await?;
    Ok(check("rows", out.len(), texts.len() * network.row_len())?)
}
