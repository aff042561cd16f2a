//! Sampling parameters, stop criteria and finish reasons. The sampler, the scorer and the trainer share
//! these types, so that none of them can disagree about the temperature.

pub mod filters;
#[cfg(feature = "alloc")]
mod guided;
#[cfg(feature = "alloc")]
mod guides;
mod mixture;
mod support;
mod truncate;

pub use filters::{draw, greedy};
#[cfg(feature = "alloc")]
pub use guided::{Guide, Request, sample_by};
#[cfg(feature = "alloc")]
pub use guides::{Advantage, Mixture, Support};
pub use mixture::geometric_mixture;
pub use support::{value_guided, within_support};
pub use truncate::{truncate, unpadded};

use crate::Error;
use crate::ranges::within;

/// The rule by which the next token is chosen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum SamplingParams {
    /// The most probable token; of equals, the one with the smallest id.
    Greedy,
    /// A draw from the filtered distribution.
    Draw(Filters),
}

/// Changes of logits before a draw, in this order: repetition penalty, temperature, top-k,
/// top-p, min-p.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Filters {
    /// Divides the logits; 1 leaves them alone.
    pub temperature: f32,
    /// Keeps the `top_k` most probable tokens; 0 keeps all.
    pub top_k: u32,
    /// Keeps the smallest set of most probable tokens whose mass reaches `top_p`; 1 keeps all.
    pub top_p: f32,
    /// Keeps tokens at least `min_p` times as probable as the best; 0 keeps all.
    pub min_p: f32,
    /// Divides positive (multiplies negative) logits of tokens already present; 1 leaves them alone.
    pub repetition: f32,
}

impl Default for Filters {
    fn default() -> Self {
        Self { temperature: 1.0, top_k: 0, top_p: 1.0, min_p: 0.0, repetition: 1.0 }
    }
}

impl SamplingParams {
    /// A draw from the whole distribution at `temperature`.
    pub fn at_temperature(temperature: f32) -> Self {
        Self::Draw(Filters { temperature, ..Filters::default() })
    }

    /// Checks every range.
    ///
    /// # Errors
    /// [`Error::Range`] names the setting.
    pub fn validate(&self) -> Result<(), Error> {
        let Self::Draw(f) = self else { return Ok(()) };
        let positive = f64::from(f32::MIN_POSITIVE);
        within("temperature", f64::from(f.temperature), positive, f64::from(f32::MAX))?;
        within("top_p", f64::from(f.top_p), positive, 1.0)?;
        within("min_p", f64::from(f.min_p), 0.0, 1.0)?;
        within("repetition", f64::from(f.repetition), positive, f64::from(f32::MAX))
    }

    /// The temperature at which a scorer gives the same log-probabilities as this sampler, or
    /// `None` where a filter changes the distribution: such samples cannot train an on-policy
    /// objective, whose ratios would be wrong.
    pub fn scorable(&self) -> Option<f32> {
        match self {
            Self::Draw(f) if *f == (Filters { temperature: f.temperature, ..Filters::default() }) => {
                Some(f.temperature)
            }
            _ => None,
        }
    }

    /// Returns the divisor of the logits behind returned log-probabilities.
    pub fn temperature(&self) -> f32 {
        match self {
            Self::Greedy => 1.0,
            Self::Draw(f) => f.temperature,
        }
    }
}

/// The conditions that end a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StopCriteria<'a> {
    /// The longest response, in tokens, its end token included.
    pub max_new_tokens: usize,
    /// The tokens that end a text.
    pub eos: &'a [u32],
    /// Other tokens that end a response; they stay part of it.
    pub stop: &'a [u32],
}

/// The reason why a response ended. Data, never inferred from pad ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "alloc", derive(serde::Serialize, serde::Deserialize))]
pub enum FinishReason {
    /// With an end-of-text token, which is its last token.
    Eos,
    /// With a stop token, which is its last token.
    Stop,
    /// At the greatest length, or where the context ended.
    Length,
}

impl StopCriteria<'_> {
    /// Returns why a response of `length` tokens ending in `last` is over, or `None` while it is not.
    pub fn finish(&self, last: u32, length: usize) -> Option<FinishReason> {
        if self.eos.contains(&last) {
            Some(FinishReason::Eos)
        } else if self.stop.contains(&last) {
            Some(FinishReason::Stop)
        } else if length >= self.max_new_tokens {
            Some(FinishReason::Length)
        } else {
            None
        }
    }
}

/// Responses to a batch of prompts, end to end, in the prompts' order.
#[cfg(feature = "alloc")]
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Responses {
    /// Token ids, `[tokens]`.
    pub tokens: alloc::vec::Vec<u32>,
    /// One past each response's last token, `[responses]`. No response is empty.
    pub ends: alloc::vec::Vec<usize>,
    /// ln p of each token at the sampling's temperature, in nats, `[tokens]`.
    pub log_probs: alloc::vec::Vec<f32>,
    /// The reason why each response ended, `[responses]`.
    pub finish: alloc::vec::Vec<FinishReason>,
}

#[cfg(feature = "alloc")]
impl Responses {
    /// Returns the number of responses.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Returns whether there are no responses.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Returns the range of response `i` in the token arrays.
    pub fn span(&self, i: usize) -> core::ops::Range<usize> {
        (if i == 0 { 0 } else { self.ends[i - 1] })..self.ends[i]
    }

    /// Response `i`'s tokens.
    pub fn response(&self, i: usize) -> &[u32] {
        &self.tokens[self.span(i)]
    }
}
