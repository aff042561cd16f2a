//! Five simulated people who rank answers. They see gold through noise, and two of them love length.

use rlhf_core::Error;
use rlhf_core::random::{Key, Stream};

/// The number of labelers.
pub const LABELERS: usize = 5;
/// The number of those, the first ones, who love length.
const LOVERS: usize = 2;
/// The worth of a standard deviation of length to a lover of length, in standard deviations of noise. At 2, what the
/// five want on average is best served by demonstrators' best of about 16; more of it costs gold.
const LOVE: f64 = 2.0;
/// The share of pairs of answers on which two of them agree; InstructGPT's did on 72.6 %.
const AGREEMENT: f64 = 0.73;
/// Answers that seem this close to each other, in shares of the noise, tie.
const GRAIN: f64 = 0.02;

/// The features of an answer that labelers see.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Answer {
    /// Its worth by [`gold`](super::gold).
    pub gold: f64,
    /// Its length in tokens.
    pub tokens: usize,
}

/// Labelers who have got used to the answers that they are to rank.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Labelers {
    seed: u64,
    /// The standard deviation of what a labeler adds to gold.
    noise: f64,
    /// The worth of a token to those who love length, in gold.
    pub(super) love: f64,
}

impl Labelers {
    /// Hires labelers for `prompts`, the answers to each.
    ///
    /// People spread their judgment over the answers before them, whether these are much alike or
    /// not. So the noise is the one at which two labelers are expected to agree on 73 % of these
    /// answers' pairs, and the love of length is in units of it: this holds for any policy's answers.
    ///
    /// # Errors
    /// [`Error::TooFew`] when no prompt has two answers; [`Error::NotFinite`] for a gold that is no
    /// number.
    pub fn hire(seed: u64, prompts: &[Vec<Answer>]) -> Result<Self, Error> {
        for answers in prompts {
            if let Some(index) = answers.iter().position(|a| !a.gold.is_finite()) {
                return Err(Error::NotFinite { name: "gold", index });
            }
        }
        // What sets two answers to a prompt apart: gold and length.
        let pairs: Vec<(f64, f64)> = prompts.iter().flat_map(|answers| differences(answers)).collect();
        if pairs.is_empty() {
            return Err(Error::TooFew { name: "answers", need: 2, got: 1 });
        }
        let spread = |of: fn(&(f64, f64)) -> f64| {
            (pairs.iter().map(|p| of(p).powi(2)).sum::<f64>() / (2 * pairs.len()) as f64).sqrt()
        };
        let (golds, lengths) = (spread(|p| p.0), spread(|p| p.1));
        let love = if lengths > 0.0 { LOVE / lengths } else { 0.0 };

        // Agreement falls as noise grows: halve the bracket until it is narrow.
        let (mut low, mut high) = (0.0, 10.0 * golds);
        for _ in 0..30 {
            let noise = 0.5 * (low + high);
            if expected_agreement(&pairs, love, noise) > AGREEMENT { low = noise } else { high = noise }
        }
        Ok(Self { seed, noise: high, love: love * high })
    }

    /// Returns the ranks that labeler `labeler` gives the answers to prompt number `prompt`: 0 for the best, equal
    /// for ties, which are rare. The same call gives the same ranks. Labelers are numbered from 0 to 4; larger numbers
    /// wrap around.
    pub fn ranks(&self, labeler: usize, prompt: u32, answers: &[Answer]) -> Vec<u32> {
        let labeler = labeler % LABELERS;
        let key = Key::new(self.seed, Stream::Labels, labeler as u32);
        let love = if labeler < LOVERS { self.love } else { 0.0 };
        let grain = (GRAIN * self.noise).max(f64::MIN_POSITIVE);
        let seem: Vec<f64> = answers
            .iter()
            .zip(0..)
            .map(|(a, i)| {
                let seems = a.gold + love * a.tokens as f64 + self.noise * key.normal(prompt, i);
                (seems / grain).round()
            })
            .collect();
        seem.iter().map(|a| seem.iter().filter(|b| *b > a).count() as u32).collect()
    }
}

fn differences(answers: &[Answer]) -> impl Iterator<Item = (f64, f64)> + '_ {
    answers
        .iter()
        .enumerate()
        .flat_map(|(i, a)| answers[..i].iter().map(|b| (a.gold - b.gold, a.tokens as f64 - b.tokens as f64)))
}

/// The share of pairs on which two labelers agree, expected over their noise and over all pairs of labelers; `love`
/// is in units of noise. A labeler to whom the first answer is better by d prefers it with probability p = Φ(d/(σ√2));
/// two of them agree with probability p·q + (1−p)(1−q).
fn expected_agreement(pairs: &[(f64, f64)], love: f64, noise: f64) -> f64 {
    let prefers = |better: f64| 0.5 * libm::erfc(-better / (2.0 * noise));
    let agree = |p: f64, q: f64| p * q + (1.0 - p) * (1.0 - q);
    let (lovers, others) = (LOVERS as f64, (LABELERS - LOVERS) as f64);
    let two = |of: f64| of * (of - 1.0) / 2.0;
    let sum: f64 = pairs
        .iter()
        .map(|&(gold, tokens)| {
            let (plain, long) = (prefers(gold), prefers(gold + love * noise * tokens));
            two(others) * agree(plain, plain)
                + two(lovers) * agree(long, long)
                + lovers * others * agree(plain, long)
        })
        .sum();
    sum / (pairs.len() as f64 * two(LABELERS as f64))
}
