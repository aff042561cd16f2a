//! The next token from a row of logits.

use super::body::size;
use crate::Cpu;
use alloc::vec::Vec;
use rlhf_core::Error;
use rlhf_core::sampling::{SamplingParams, greedy};
use rlhf_kernels::softmax::exponentials;

/// The buffers of a choice.
#[derive(Clone, Default)]
pub(super) struct Choice {
    weights: Vec<f32>,
    text: Vec<u32>,
    scratch: Vec<u32>,
}

impl Choice {
    /// The next token from a row of logits, or [`Error::NotFinite`] where they are no numbers.
    pub(super) fn choose(
        &mut self,
        cpu: &Cpu,
        sampling: &SamplingParams,
        logits: &[f32],
        prompt: &[u32],
        response: &[u32],
        uniform: f64,
    ) -> Result<u32, Error> {
        let SamplingParams::Draw(settings) = sampling else { return greedy(logits) };
        let weights = size(&mut self.weights, logits.len());
        weights.copy_from_slice(logits);
        let mut inverse = 1.0 / settings.temperature;
        if sampling.scorable().is_none() {
            self.text.clear();
            self.text.extend_from_slice(prompt);
            self.text.extend_from_slice(response);
            self.scratch.resize(logits.len(), 0);
            settings.apply(weights, &self.text, &mut self.scratch)?;
            // The filters have divided by it.
            inverse = 1.0;
        }
        exponentials(cpu.processor(), inverse, weights);
        inverse_cdf(weights, uniform)
    }
}

/// The token at which the running sum of weights passes `uniform` of their total.
fn inverse_cdf(weights: &[f32], uniform: f64) -> Result<u32, Error> {
    let total: f64 = weights.iter().map(|&w| f64::from(w)).sum();
    if !total.is_finite() {
        return Err(Error::NotFinite { name: "logits", index: 0 });
    }
    let (mut sum, mut last) = (0.0, 0);
    for (i, &w) in weights.iter().enumerate() {
        if w > 0.0 {
            last = i;
            sum += f64::from(w);
            if sum > uniform * total {
                break;
            }
        }
    }
    Ok(last as u32)
}
