//! Softmax of a row of logits: its log-probabilities and their gradient, and the weights that a token is drawn by.

use crate::dispatch::kernel;
use crate::isa::Processor;
use crate::lanes::{Lanes, WIDTH};
use crate::slices::{get, ones, put};
use crate::vector_math::exp;

/// The log-probability of a row's target, and what is needed for its gradient.
#[derive(Clone, Copy, Default)]
pub struct Row {
    /// ln p(target).
    pub log_prob: f32,
    /// −Σ p·ln p.
    pub entropy: f32,
    /// The greatest logit, over the temperature.
    greatest: f32,
    /// ln Σ exp(logit / temperature − greatest).
    log: f32,
}

impl Row {
    /// Returns ln p of the id with this logit, computed as [`Row::log_prob`] of the target.
    pub fn log_prob_of(&self, logit: f32, inverse_temperature: f32) -> f32 {
        (logit * inverse_temperature - self.greatest) - self.log
    }
}

/// Computes one log-softmax row, the same for the sampler and the scorer.
///
/// # Panics
/// If there is no logit of `target`.
pub fn row(processor: Processor, logits: &[f32], inverse_temperature: f32, target: u32) -> Row {
    kernel!(processor, read_row(logits: &[f32], inverse_temperature: f32, target: u32) -> Row)
}

#[inline(always)]
unsafe fn read_row<L: Lanes>(logits: &[f32], inverse_temperature: f32, target: u32) -> Row {
    let len = logits.len();
    // SAFETY: offsets stay below `len`.
    unsafe {
        let whole = len / WIDTH * WIDTH;
        let mut greatest = L::splat(f32::NEG_INFINITY);
        for i in (0..whole).step_by(WIDTH) {
            greatest = L::max(L::load(logits.as_ptr().add(i)), greatest);
        }
        let greatest = logits[whole..].iter().fold(L::largest(greatest), |a, &b| a.max(b));
        let greatest = greatest * inverse_temperature;
        let (mut sum, mut weighted) = (L::splat(0.0), L::splat(0.0));
        for i in (0..len).step_by(WIDTH) {
            let n = len - i;
            let logit = L::mul(get::<L>(logits.as_ptr().add(i), n), L::splat(inverse_temperature));
            let shifted = L::sub(logit, L::splat(greatest));
            let e = L::mul(exp::<L>(shifted), ones::<L>(n));
            sum = L::add(sum, e);
            weighted = L::fma(e, L::max(shifted, L::splat(-88.0)), weighted);
        }
        let sum = L::sum(sum);
        let log = libm::logf(sum);
        let entropy = log - L::sum(weighted) / sum;
        let row = Row { log_prob: 0.0, entropy, greatest, log };
        Row { log_prob: row.log_prob_of(logits[target as usize], inverse_temperature), ..row }
    }
}

/// Logits to what their gradient has of the distribution, `−g·p − h·p·(ln p + entropy)` over the
/// temperature: `g` is the sum of the slopes of log-probabilities, each of which its own logit is in the loss mask
/// as well.
pub fn pull(processor: Processor, logits: &mut [f32], inverse_temperature: f32, row: Row, g: f32, h: f32) {
    kernel!(processor, pull_row(logits: &mut [f32], inverse_temperature: f32, row: Row, g: f32, h: f32));
}

#[inline(always)]
unsafe fn pull_row<L: Lanes>(logits: &mut [f32], inverse_temperature: f32, row: Row, g: f32, h: f32) {
    let len = logits.len();
    // SAFETY: offsets stay below `len`.
    unsafe {
        for i in (0..len).step_by(WIDTH) {
            let n = len - i;
            let at = logits.as_mut_ptr().add(i);
            let logit = L::mul(get::<L>(at, n), L::splat(inverse_temperature));
            let log_p = L::sub(logit, L::splat(row.greatest + row.log));
            let p = exp::<L>(log_p);
            let bent = L::fma(L::add(log_p, L::splat(row.entropy)), L::splat(h), L::splat(g));
            put::<L>(at, n, L::mul(L::mul(p, bent), L::splat(-inverse_temperature)));
        }
    }
}

/// Logits to exp((logit − greatest) · inverse), those of −∞ to 0.
pub fn exponentials(processor: Processor, inverse_temperature: f32, logits: &mut [f32]) {
    kernel!(processor, exponentials_of(inverse_temperature: f32, logits: &mut [f32]));
}

#[inline(always)]
unsafe fn exponentials_of<L: Lanes>(inverse_temperature: f32, logits: &mut [f32]) {
    let greatest = logits.iter().fold(f32::NEG_INFINITY, |a, &b| a.max(b));
    for i in (0..logits.len()).step_by(WIDTH) {
        let n = logits.len() - i;
        // SAFETY: offsets stay inside.
        unsafe {
            let logit = get::<L>(logits.as_ptr().add(i), n);
            let shifted = L::mul(L::sub(logit, L::splat(greatest)), L::splat(inverse_temperature));
            put::<L>(logits.as_mut_ptr().add(i), n, exp::<L>(shifted));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{close, differences, numbers, processors, wide};
    use alloc::vec::Vec;

    /// ln p(target) and the entropy.
    fn naive(logits: &[f64], temperature: f64, target: usize) -> (f64, f64) {
        let greatest = logits.iter().fold(f64::NEG_INFINITY, |a, &b| a.max(b));
        let shifted: Vec<f64> = logits.iter().map(|z| (z - greatest) / temperature).collect();
        let log_sum = shifted.iter().map(|z| z.exp()).sum::<f64>().ln();
        let entropy = shifted.iter().map(|z| -(z - log_sum).exp() * (z - log_sum)).sum();
        (shifted[target] - log_sum, entropy)
    }

    #[test]
    fn rows_and_their_gradients_equal_the_naive_ones() {
        let temperature = 0.7f32;
        for (vocabulary, scale) in [(1, 1.0), (15, 1.0), (16, 50.0), (37, 3.0), (100, 0.1)] {
            let logits: Vec<f32> = numbers(vocabulary, 1).iter().map(|x| scale * x).collect();
            for target in [0, vocabulary / 2, vocabulary - 1] {
                let read = |z: &[f64]| naive(z, f64::from(temperature), target);
                let (log_prob, entropy) = read(&wide(&logits));
                let (g, h) = (0.3f32, -0.2f32);
                let slope =
                    differences(&wide(&logits), |z| f64::from(g) * read(z).0 + f64::from(h) * read(z).1);
                for processor in processors() {
                    let inverse = 1.0 / temperature;
                    let got = row(processor, &logits, inverse, target as u32);
                    close(processor, "log-probability", &[got.log_prob], &[log_prob], 2e-6);
                    close(processor, "entropy", &[got.entropy], &[entropy], 2e-6);
                    let mut pulled = logits.clone();
                    pull(processor, &mut pulled, inverse, got, g, h);
                    pulled[target] += g * inverse;
                    close(processor, "gradient", &pulled, &slope, 2e-6);
                }
            }
        }
    }
}
