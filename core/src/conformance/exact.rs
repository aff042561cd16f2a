//! Exact draws: every token is compared with the uniform number that decides it.

use super::Subject;
use super::continuation::next_of_each;
use super::measure::{Checked, Fault, Measured, ensure};
use super::sampling::{filtered, prompts, sample, up_to};
use super::text::{SEED, Text};
use crate::capabilities::Rows;
use crate::random::{Key, Stream};
use crate::roles::Policy;
use crate::sampling::{Filters, Responses, SamplingParams};
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

/// Log-probabilities, or logits, of the next token after each of some texts.
pub(super) type Next<'a, N> = &'a mut dyn FnMut(&mut N, &[Vec<u32>]) -> Result<Vec<Vec<f32>>, Fault>;

/// Texts of one call of [`Next`]: each of them may be a sequence for every id of the vocabulary.
const TEXTS: usize = 8;

/// A token that was drawn, and the uniform number that decides it.
struct Drawn {
    uniform: f64,
    token: usize,
}

/// Draws under one key.
#[derive(Clone, Copy)]
pub(super) struct Draws<'a> {
    pub(super) prompts: &'a Text,
    pub(super) filters: Filters,
    pub(super) key: Key,
    pub(super) first: u32,
}

impl Draws<'_> {
    /// Samples up to `tokens` tokens a prompt.
    pub(super) fn sample<S: Subject<Network: Policy>>(
        &self,
        subject: &S,
        network: &mut S::Network,
        tokens: usize,
    ) -> Result<Responses, Fault> {
        let sampling = SamplingParams::Draw(self.filters);
        sample(subject, network, self.prompts, &sampling, &up_to(tokens), self.key, self.first)
    }

    /// Measures how far outside of each drawn token's part of the filtered distribution its uniform number lies: token `p` of
    /// prompt `i` is the one at `key.uniform(first + i, p)` of the cumulative distribution, ids in rising order.
    pub(super) fn exactly<N>(
        &self,
        network: &mut N,
        out: &Responses,
        next: &mut Next<'_, N>,
        measured: &mut Measured,
    ) -> Result<(), Fault> {
        // Equal texts are asked about once, texts of similar length together.
        let mut draws: BTreeMap<(usize, Vec<u32>), Vec<Drawn>> = BTreeMap::new();
        for i in 0..out.len() {
            let mut text = self.prompts.tokens[self.prompts.span(i)].to_vec();
            for (position, &token) in (0..).zip(out.response(i)) {
                let uniform = self.key.uniform(self.first + i as u32, position);
                draws
                    .entry((text.len(), text.clone()))
                    .or_default()
                    .push(Drawn { uniform, token: token as usize });
                text.push(token);
            }
        }
        let texts: Vec<Vec<u32>> = draws.keys().map(|(_, text)| text.clone()).collect();
        let mut logits = Vec::new();
        for texts in texts.chunks(TEXTS) {
            logits.extend(next(network, texts)?);
        }
        for (((_, text), draws), logits) in draws.iter().zip(logits) {
            let logits: Vec<f64> = logits.into_iter().map(f64::from).collect();
            let probabilities = filtered(&logits, self.filters, text)?;
            for &Drawn { uniform, token } in draws {
                ensure(probabilities[token] > 0.0, "a token was drawn that the filters leave out")?;
                let below: f64 = probabilities[..token].iter().sum();
                measured.error((below - uniform).max(uniform - below - probabilities[token]).max(0.0));
            }
        }
        Ok(())
    }
}

/// Settings of draws that leave log-probabilities enough to know the distribution.
const FILTERS: [(f32, u32, f32); 5] =
    [(1.0, 0, 1.0), (0.6, 0, 1.0), (1.7, 0, 1.0), (1.0, 3, 1.0), (0.8, 0, 0.7)];

/// Every token is the one that its uniform number falls on: for several seeds, streams, steps, first indices, positions
/// and filters. A backend with a generator of its own declares this check as a skip; the frequencies of its draws are
/// checked all the same.
pub(super) fn exact<S: Subject<Network: Policy>>(subject: &S) -> Checked {
    let mut measured = Measured::within(subject.tolerances().agree);
    let (prompts, mut network) = (prompts(subject), subject.fresh(1));
    let keys = [
        (Key::new(SEED, Stream::Sampling, 0), 0),
        (Key::new(SEED + 1, Stream::Sampling, 0), 0),
        (Key::new((1 << 40) + 7, Stream::Sampling, 3), 11),
        (Key::new(SEED, Stream::Bootstrap, 0), 0),
        (Key::new(SEED, Stream::Sampling, 70_000), 100_000),
    ];
    for (index, ((key, first), (temperature, top_k, top_p))) in keys.into_iter().zip(FILTERS).enumerate() {
        let filters = Filters { temperature, top_k, top_p, ..Filters::default() };
        // The first key to the end, the others for some tokens.
        let (some, tokens) = if index == 0 { (prompts.clone(), 5) } else { (prompts.pick([0, 1, 3, 4]), 3) };
        let draws = Draws { prompts: &some, filters, key, first };
        let out = draws.sample(subject, &mut network, tokens)?;
        let mut next: Next<'_, S::Network> = &mut |network, texts| next_of_each(subject, network, texts, 1.0);
        draws.exactly(&mut network, &out, &mut next, &mut measured)?;
    }
    Ok(measured)
}

/// A sampled token is penalized like one of the prompt: the next token of the response is the first token of the response to
/// a prompt that ends in the sampled token, for the same uniform number. This check does not need the logits.
pub(super) fn repetition_of_response<S: Subject<Network: Policy>>(subject: &S) -> Checked {
    const DRAWS: usize = 500;
    let mut measured = Measured::within(subject.tolerances().agree);
    let mut network = subject.fresh(1);
    let prompt: Vec<u32> = (0..3.min(subject.vocabulary() as u32 - 1)).collect();
    let sampling = SamplingParams::Draw(Filters { repetition: 6.0, ..Filters::default() });
    let (one, two) = (Key::new(SEED, Stream::Sampling, 31), Key::new(SEED, Stream::Sampling, 32));
    let prompts = Text::of(alloc::vec![&prompt; DRAWS]);
    let out = sample(subject, &mut network, &prompts, &sampling, &up_to(2), one, 0)?;
    let of = |first: u32| (0..DRAWS).filter(|i| out.response(*i)[0] == first).collect::<Vec<usize>>();
    let firsts = prompt.len() as u32..subject.vocabulary() as u32;
    let Some(first) = firsts.max_by_key(|first| of(*first).len()) else { return Ok(measured) };
    let longer = Text::of(alloc::vec![[&prompt[..], &[first]].concat(); DRAWS]);
    let begun = sample(subject, &mut network, &longer, &sampling, &up_to(1), two, 0)?;
    let mut known: Vec<(f64, u32)> =
        (0..).zip(&begun.tokens).map(|(i, token)| (two.uniform(i, 0), *token)).collect();
    known.sort_by(|a, b| a.0.total_cmp(&b.0));
    ensure(known.windows(2).all(|pair| pair[0].1 <= pair[1].1), "ids do not rise with the uniform number")?;
    for i in of(first) {
        let (uniform, second) = (one.uniform(i as u32, 1), out.response(i)[1]);
        let above = known.partition_point(|(other, _)| *other < uniform);
        let least = if above == 0 { 0 } else { known[above - 1].1 };
        let most = known.get(above).map_or(u32::MAX, |(_, token)| *token);
        if second < least || second > most {
            let same = known.iter().filter(|(_, token)| *token == second);
            measured.error(same.map(|(other, _)| (other - uniform).abs()).fold(1.0, f64::min));
        }
    }
    Ok(measured)
}

/// Draws are exact with a penalty on repetition, which applies to raw logits, and with all filters at once: tokens of the
/// prompt and of the response so far are penalized.
pub(super) fn exact_repetition<S: Subject<Network: Policy + Rows>>(subject: &S) -> Checked {
    let mut measured = Measured::within(subject.tolerances().agree);
    let (prompts, mut network) = (prompts(subject), subject.fresh(1));
    let all = Filters { temperature: 0.9, top_k: 6, top_p: 0.9, min_p: 0.01, repetition: 1.3 };
    for (filters, step) in [(Filters { repetition: 2.5, ..Filters::default() }, 0), (all, 1)] {
        let key = Key::new(SEED, Stream::Sampling, step);
        let draws = Draws { prompts: &prompts, filters, key, first: 0 };
        let out = draws.sample(subject, &mut network, 6)?;
        let mut next: Next<'_, S::Network> = &mut |network, texts| {
            let mut whole = Text::of(texts.iter().map(|text| [text, &[0][..]].concat()));
            whole.loss_mask.fill(false);
            whole.ends.iter().for_each(|end| whole.loss_mask[end - 1] = true);
            let (_, logits) = super::rows::rows(subject, network, &whole)?;
            Ok(logits.chunks(subject.vocabulary()).map(<[f32]>::to_vec).collect())
        };
        draws.exactly(&mut network, &out, &mut next, &mut measured)?;
    }
    Ok(measured)
}

pub(super) fn repetition<S: Subject<Network: Policy + Rows>>() -> [super::run::Check<S>; 1] {
    [("exact_repetition", exact_repetition)]
}
