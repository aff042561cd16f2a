//! Exact draws: every token is compared with the uniform number that decides it.

use super::Subject;
use super::continuation::next;
use super::measure::{Checked, Fault, Measured, ensure};
use super::sampling::{prompts, sample, up_to};
use super::statistics::filtered;
use super::text::{SEED, Text};
use crate::capabilities::Rows;
use crate::random::{Key, Stream};
use crate::roles::Policy;
use crate::sampling::{Filters, Responses, SamplingParams};
use alloc::vec::Vec;

/// Log-probabilities, or logits, of the next token after a text.
pub(super) type Next<'a, N> = &'a mut dyn FnMut(&mut N, &[u32]) -> Result<Vec<f32>, Fault>;

/// Measures how far outside of each drawn token's part of the filtered distribution its uniform number lies: token `p` of
/// prompt `i` is the one at `key.uniform(first + i, p)` of the cumulative distribution, ids in rising order.
#[allow(clippy::too_many_arguments)]
pub(super) fn exactly<N>(
    network: &mut N,
    prompts: &Text,
    out: &Responses,
    filters: Filters,
    key: Key,
    first: u32,
    next: &mut Next<'_, N>,
    measured: &mut Measured,
) -> Result<(), Fault> {
    for i in 0..out.len() {
        let mut text = prompts.tokens[prompts.span(i)].to_vec();
        for (position, &token) in (0..).zip(out.response(i)) {
            let logits: Vec<f64> = next(network, &text)?.into_iter().map(f64::from).collect();
            let probabilities = filtered(&logits, filters, &text)?;
            let token = token as usize;
            ensure(probabilities[token] > 0.0, "a token was drawn that the filters leave out")?;
            let below: f64 = probabilities[..token].iter().sum();
            let uniform = key.uniform(first + i as u32, position);
            measured.error((below - uniform).max(uniform - below - probabilities[token]).max(0.0));
            text.push(token as u32);
        }
    }
    Ok(())
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
    for ((key, first), (temperature, top_k, top_p)) in keys.into_iter().zip(FILTERS) {
        let filters = Filters { temperature, top_k, top_p, ..Filters::default() };
        let sampling = SamplingParams::Draw(filters);
        let out = sample(subject, &mut network, &prompts, &sampling, &up_to(5), key, first)?;
        let mut next: Next<'_, S::Network> = &mut |network, text| next(subject, network, text, 1.0);
        exactly(&mut network, &prompts, &out, filters, key, first, &mut next, &mut measured)?;
    }
    Ok(measured)
}

/// A sampled token is penalized like one of the prompt: the next token of the response is the first token of the response to
/// a prompt that ends in the sampled token, for the same uniform number. This check does not need the logits.
pub(super) fn repetition_of_response<S: Subject<Network: Policy>>(subject: &S) -> Checked {
    const DRAWS: usize = 1000;
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
        let sampling = SamplingParams::Draw(filters);
        let out = sample(subject, &mut network, &prompts, &sampling, &up_to(6), key, 0)?;
        let mut next: Next<'_, S::Network> = &mut |network, text| {
            let mut whole = Text::of([[text, &[0]].concat()]);
            whole.loss_mask[..text.len()].fill(false);
            Ok(super::rows::rows(subject, network, &whole)?.1)
        };
        exactly(&mut network, &prompts, &out, filters, key, 0, &mut next, &mut measured)?;
    }
    Ok(measured)
}

pub(super) fn repetition<S: Subject<Network: Policy + Rows>>() -> [super::run::Check<S>; 1] {
    [("exact_repetition", exact_repetition)]
}
