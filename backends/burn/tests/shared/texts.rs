//! Texts of uneven lengths, and an objective that reads all that a network says.

use rlhf_core::random::{Key, Stream};
use rlhf_core::{Batch, Error, Needs, Objective, Ragged};

/// Sequences end to end.
pub struct Texts {
    pub tokens: Vec<u32>,
    pub ends: Vec<usize>,
    pub loss_mask: Vec<bool>,
}

impl Texts {
    /// Makes random sequences of these lengths, of ids below `vocabulary`. The loss mask covers all but first tokens.
    pub fn random(lengths: &[usize], vocabulary: usize, seed: u64) -> Self {
        let mut draws = Key::new(seed, Stream::Data, 0).draws(0);
        let mut texts = Self { tokens: Vec::new(), ends: Vec::new(), loss_mask: Vec::new() };
        for &length in lengths {
            texts.tokens.extend((0..length).map(|_| draws.below(vocabulary) as u32));
            texts.loss_mask.extend((0..length).map(|t| t > 0));
            texts.ends.push(texts.tokens.len());
        }
        texts
    }

    pub fn sequences(&self) -> Ragged<'_> {
        Ragged::new(&self.tokens, &self.ends).unwrap()
    }

    pub fn batch(&self) -> Batch<'_> {
        Batch::new(self.sequences(), &self.loss_mask).unwrap()
    }
}

/// Cross-entropy, less a little entropy, and half the square of values from ½ and of scores from 1, per
/// token.
pub struct Everything {
    pub tokens: f32,
    pub scalar: bool,
}

impl Everything {
    fn squares(&self, numbers: &[f32], aim: f32, slopes: &mut [f32]) -> f64 {
        for (slope, x) in slopes.iter_mut().zip(numbers) {
            *slope = (x - aim) / self.tokens;
        }
        numbers.iter().map(|x| f64::from((x - aim).powi(2) / (2.0 * self.tokens))).sum()
    }
}

impl Objective for Everything {
    fn needs(&self) -> Needs {
        Needs { log_probs: true, entropy: true, values: self.scalar, scores: self.scalar }
    }

    fn tokens(
        &mut self,
        _: &[usize],
        log_probs: &[f32],
        entropy: &[f32],
        grad_log_probs: &mut [f32],
        grad_entropy: &mut [f32],
    ) -> Result<f64, Error> {
        grad_log_probs.fill(-1.0 / self.tokens);
        grad_entropy.fill(-0.05 / self.tokens);
        let sum = |x: &[f32]| x.iter().map(|x| f64::from(*x)).sum::<f64>();
        Ok((-sum(log_probs) - 0.05 * sum(entropy)) / f64::from(self.tokens))
    }

    fn values(&mut self, values: &[f32], slopes: &mut [f32]) -> Result<f64, Error> {
        Ok(self.squares(values, 0.5, slopes))
    }

    fn scores(&mut self, scores: &[f32], slopes: &mut [f32]) -> Result<f64, Error> {
        Ok(self.squares(scores, 1.0, slopes))
    }
}
