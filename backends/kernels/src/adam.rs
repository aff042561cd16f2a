//! A step of Adam (Kingma and Ba, arXiv:1412.6980), with decoupled weight decay or none.

use crate::dispatch::kernel;
use crate::isa::Processor;
use crate::lanes::{Lanes, WIDTH};
use crate::slices::{get, put};

/// The constants of a step.
#[derive(Clone, Copy)]
pub struct Step {
    /// The factor of gradients: the clip.
    pub scale: f32,
    /// The decay of the first moment.
    pub beta1: f32,
    /// The decay of the second moment.
    pub beta2: f32,
    /// 1 − learning rate · weight decay.
    pub keep: f32,
    /// Weight decay that is part of the gradient.
    pub l2: f32,
    /// Learning rate / (1 − β₁ᵗ).
    pub rate: f32,
    /// 1 / √(1 − β₂ᵗ).
    pub correction: f32,
    /// The term that is added to the root.
    pub epsilon: f32,
}

impl Step {
    /// Moves `weights` by `gradient`, which is then zeroed, and the moments with them.
    ///
    /// # Panics
    /// If the slices are not all as long.
    pub fn apply(
        self,
        processor: Processor,
        weights: &mut [f32],
        gradient: &mut [f32],
        first: &mut [f32],
        second: &mut [f32],
    ) {
        assert!([gradient.len(), first.len(), second.len()] == [weights.len(); 3]);
        let step = self;
        kernel!(processor, span_step(step: Step, weights: &mut [f32], gradient: &mut [f32], first: &mut [f32], second: &mut [f32]));
    }
}

#[inline(always)]
unsafe fn span_step<L: Lanes>(c: Step, w: &mut [f32], g: &mut [f32], m: &mut [f32], v: &mut [f32]) {
    for i in (0..w.len()).step_by(WIDTH) {
        let n = w.len() - i;
        // SAFETY: all are as long.
        unsafe {
            let (w, g) = (w.as_mut_ptr().add(i), g.as_mut_ptr().add(i));
            let (m, v) = (m.as_mut_ptr().add(i), v.as_mut_ptr().add(i));
            let held = get::<L>(w, n);
            let gradient = L::fma(held, L::splat(c.l2), L::mul(get::<L>(g, n), L::splat(c.scale)));
            let old = get::<L>(m, n);
            let first = L::fma(L::sub(gradient, old), L::splat(1.0 - c.beta1), old);
            let squared = L::mul(L::mul(gradient, gradient), L::splat(1.0 - c.beta2));
            let second = L::fma(get::<L>(v, n), L::splat(c.beta2), squared);
            let root = L::fma(L::sqrt(second), L::splat(c.correction), L::splat(c.epsilon));
            let kept = L::mul(held, L::splat(c.keep));
            put::<L>(m, n, first);
            put::<L>(v, n, second);
            put::<L>(w, n, L::sub(kept, L::div(L::mul(first, L::splat(c.rate)), root)));
            put::<L>(g, n, L::splat(0.0));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{close, numbers, processors, wide};

    #[test]
    fn a_step_equals_the_one_in_f64() {
        let step = Step {
            scale: 0.5,
            beta1: 0.9,
            beta2: 0.95,
            keep: 0.999,
            l2: 0.01,
            rate: 0.1,
            correction: 4.0,
            epsilon: 1e-3,
        };
        for n in [1, 15, 16, 70] {
            let [w, g, m, v] = [1, 2, 3, 4].map(|sample| numbers(n, sample));
            let v: alloc::vec::Vec<f32> = v.iter().map(|v| v.abs()).collect();
            let d = f64::from;
            let (mut want_w, mut want_m, mut want_v) = (wide(&w), wide(&m), wide(&v));
            for i in 0..n {
                let gradient = d(g[i]) * d(step.scale) + d(step.l2) * want_w[i];
                want_m[i] = d(step.beta1) * want_m[i] + (1.0 - d(step.beta1)) * gradient;
                want_v[i] = d(step.beta2) * want_v[i] + (1.0 - d(step.beta2)) * gradient * gradient;
                let root = want_v[i].sqrt() * d(step.correction) + d(step.epsilon);
                want_w[i] = want_w[i] * d(step.keep) - d(step.rate) * want_m[i] / root;
            }
            for processor in processors() {
                let [mut w, mut g, mut m, mut v] = [&w, &g, &m, &v].map(Clone::clone);
                step.apply(processor, &mut w, &mut g, &mut m, &mut v);
                close(processor, "weights", &w, &want_w, 1e-6);
                close(processor, "first moments", &m, &want_m, 1e-6);
                close(processor, "second moments", &v, &want_v, 1e-6);
                assert!(g.iter().all(|&g| g == 0.0), "the gradient is dropped");
            }
        }
    }
}
