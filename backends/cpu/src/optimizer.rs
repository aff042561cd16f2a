//! AdamW over all weights in one pass, and the global norm of their gradient.

use crate::Cpu;
use crate::threads::{ELEMENT, Parts};
use alloc::vec;
use rlhf_core::optim::{Decay, EpsilonAt, Update};
use rlhf_kernels::adam::Step;
use rlhf_kernels::vector::dot;

/// Elements whose squares are summed together; fixed, so that threads change no bit.
const CHUNK: usize = 4096;

/// √Σ g².
pub(crate) fn norm(cpu: &Cpu, gradient: &[f32]) -> f64 {
    let mut sums = vec![0.0f64; gradient.len().div_ceil(CHUNK)];
    let parts = Parts::new(&mut sums);
    cpu.rows(gradient.len().div_ceil(CHUNK), CHUNK * ELEMENT / 4, &|chunks| {
        for i in chunks {
            let g = &gradient[i * CHUNK..((i + 1) * CHUNK).min(gradient.len())];
            let sum = dot(cpu.processor(), g, g);
            // SAFETY: each chunk is its own.
            unsafe { parts.get(i..i + 1)[0] = f64::from(sum) };
        }
    });
    libm::sqrt(sums.iter().sum())
}

/// The `step`-th step, counted from 1, of `weights` by `gradient · scale`, which is then zeroed.
pub(crate) fn adamw(
    cpu: &Cpu,
    update: &Update,
    step: u32,
    scale: f64,
    weights: &mut [f32],
    gradient: &mut [f32],
    first: &mut [f32],
    second: &mut [f32],
) {
    let adam = &update.adam;
    let power = |beta: f64| 1.0 - libm::pow(beta, f64::from(step));
    let root = libm::sqrt(power(adam.beta2));
    let (keep, l2) = match adam.decay {
        Decay::Decoupled => (1.0 - update.learning_rate * adam.weight_decay, 0.0),
        Decay::Gradient => (1.0, adam.weight_decay),
    };
    let epsilon = match adam.epsilon_at {
        EpsilonAt::Corrected => adam.epsilon,
        EpsilonAt::Raw => adam.epsilon / root,
    };
    let step = Step {
        scale: scale as f32,
        beta1: adam.beta1 as f32,
        beta2: adam.beta2 as f32,
        keep: keep as f32,
        l2: l2 as f32,
        rate: (update.learning_rate / power(adam.beta1)) as f32,
        correction: (1.0 / root) as f32,
        epsilon: epsilon as f32,
    };
    let len = weights.len();
    let [w, g, m, v] = [weights, gradient, first, second].map(Parts::new);
    cpu.rows(len.div_ceil(CHUNK), CHUNK * ELEMENT, &|chunks| {
        let span = chunks.start * CHUNK..(chunks.end * CHUNK).min(len);
        // SAFETY: spans are disjoint.
        let (w, g, m, v) =
            unsafe { (w.get(span.clone()), g.get(span.clone()), m.get(span.clone()), v.get(span)) };
        step.apply(cpu.processor(), w, g, m, v);
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{close, cpus, numbers, wide};
    use alloc::vec::Vec;
    use rlhf_core::optim::{Adam, adamw as reference, global_norm};

    #[test]
    fn steps_equal_the_reference_s_in_f64() {
        let adam = Adam { beta2: 0.95, epsilon: 1e-3, weight_decay: 0.1, ..Adam::default() };
        for n in [1, 15, CHUNK + 1, 5 * CHUNK - 3] {
            for decay in [Decay::Decoupled, Decay::Gradient] {
                for epsilon_at in [EpsilonAt::Corrected, EpsilonAt::Raw] {
                    let adam = Adam { decay, epsilon_at, ..adam };
                    let update = Update { learning_rate: 0.01, adam, max_grad_norm: None };
                    for cpu in cpus() {
                        follow(&cpu, n, &update);
                    }
                }
            }
        }
    }

    /// Three steps of ours and of the reference's.
    fn follow(cpu: &Cpu, n: usize, update: &Update) {
        let (mut w, mut m, mut v) = (numbers(n, 1), vec![0.0; n], vec![0.0; n]);
        let (mut want, mut first, mut second) = (wide(&w), vec![0.0; n], vec![0.0; n]);
        for step in 1..=3 {
            let mut gradient = numbers(n, 1 + step);
            // An element that never had a gradient does not move but for its decay.
            gradient[0] = 0.0;
            let scale = 0.5;
            let g = wide(&gradient);
            reference(&mut want, &g, &mut first, &mut second, u64::from(step), update, scale).unwrap();
            adamw(cpu, update, step, scale, &mut w, &mut gradient, &mut m, &mut v);
            close(cpu, "weights", &w, &want, 1e-6);
            close(cpu, "first moments", &m, &first, 1e-6);
            close(cpu, "second moments", &v, &second, 1e-6);
            assert!(gradient.iter().all(|&g| g == 0.0), "the gradient is dropped");
        }
    }

    #[test]
    fn the_norm_is_that_of_all_elements_on_any_threads() {
        for n in [0, 1, CHUNK - 1, CHUNK * 9 + 17] {
            let gradient = numbers(n, 1);
            let want = global_norm([wide(&gradient).as_slice()]);
            let got: Vec<f64> = cpus().iter().map(|cpu| norm(cpu, &gradient)).collect();
            assert!(got.iter().all(|g| (g - want).abs() <= 1e-6 * want), "{got:?} {want}");
            // Three threads' counts for each instruction set.
            assert!(got.chunks(3).all(|same| same.iter().all(|g| g.to_bits() == same[0].to_bits())));
        }
    }
}
