//! Times of the loops over tokens, beside copying memory: one thread, 2²⁰ tokens, f32.
//!
//! ```sh
//! cargo bench -p rlhf-core --bench loops            # a quarter of a minute
//! cargo bench -p rlhf-core --bench loops -- loss    # what has this in its name
//! ```
//! Items are tokens. Bytes are those that a loop has to read and write, once each, and for the copy those that it
//! reads and writes: no loop moves more a second than a copy does, but where caches hold the one and not the other.
//! `rlhf bench --only advantages --only losses` says which shares that are.

use core::hint::black_box;
use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use rlhf_core::Objective;
use rlhf_core::advantage::{Gae, KlEstimator, Variance, Whitening, whiten};
use rlhf_core::loss::{PolicyClip, PpoPolicy, policy_loss, value_loss};
use rlhf_core::random::{Key, Stream};
use rlhf_core::sampling::FinishReason;

fn main() {
    divan::main();
}

/// Tokens of each loop.
const TOKENS: usize = 1 << 20;
const COUNT: f64 = TOKENS as f64;
const CLIP: PolicyClip = PolicyClip::symmetric(0.2);
/// Responses have 1 to so many tokens.
const LONGEST: u32 = 512;

/// Times a loop that has to move so many bytes a token.
fn time(bencher: Bencher, bytes_a_token: usize, once: impl FnMut()) {
    let bytes = BytesCount::new(bytes_a_token * TOKENS);
    bencher.counter(ItemsCount::new(TOKENS)).counter(bytes).bench_local(once);
}

fn numbers(sample: u32, middle: f64, spread: f64) -> Vec<f32> {
    let key = Key::new(1, Stream::Data, 0);
    (0..TOKENS as u32).map(|t| (middle + spread * (key.uniform(sample, t) - 0.5)) as f32).collect()
}

/// As many bytes as the policy loss moves.
#[divan::bench]
fn copy(bencher: Bencher) {
    let (from, mut to) = (vec![1u8; 17 * TOKENS / 2], vec![0u8; 17 * TOKENS / 2]);
    time(bencher, 17, || {
        to.copy_from_slice(black_box(&from));
        black_box(&mut to);
    });
}

/// Log-probabilities, those before, advantages, and a mask that keeps nine in ten.
fn minibatch() -> (Vec<f32>, Vec<f32>, Vec<f32>, Vec<bool>) {
    let mask = numbers(4, 0.4, 1.0).iter().map(|x| *x >= 0.0).collect();
    (numbers(1, -2.0, 1.0), numbers(2, -2.0, 1.0), numbers(3, 0.0, 2.0), mask)
}

/// PPO's clipped loss with its gradient.
#[divan::bench]
fn policy_loss_and_gradient(bencher: Bencher) {
    let (new, old, advantages, mask) = minibatch();
    let mut grad = vec![0.0; TOKENS];
    time(bencher, 17, || {
        let out = policy_loss(black_box(&new), &old, &advantages, &mask, &CLIP, COUNT, &mut grad);
        black_box((out.unwrap(), &mut grad));
    });
}

/// The objective of a trainer; the positions are 8 bytes more to read.
#[divan::bench]
fn policy_loss_by_objective(bencher: Bencher) {
    let (new, old, advantages, _) = minibatch();
    let (positions, mut grad): (Vec<usize>, _) = ((0..TOKENS).collect(), vec![0.0; TOKENS]);
    time(bencher, 24, || {
        let mut objective = PpoPolicy::new(&old, &advantages, CLIP, 0.0, COUNT).unwrap();
        let loss = objective.tokens(black_box(&positions), &new, &[], &mut grad, &mut []);
        black_box((loss.unwrap(), &mut grad));
    });
}

/// The critic's clipped loss with its gradient.
#[divan::bench]
fn value_loss_and_gradient(bencher: Bencher) {
    let (new, old, targets, mask) = minibatch();
    let mut grad = vec![0.0; TOKENS];
    time(bencher, 17, || {
        let out = value_loss(black_box(&new), &old, &targets, &mask, Some(0.2), COUNT, &mut grad);
        black_box((out.unwrap(), &mut grad));
    });
}

/// The ends of responses of all lengths that fill the tokens.
fn ends() -> Vec<usize> {
    let key = Key::new(2, Stream::Data, 0);
    let length = |i| 1 + (key.uniform(0, i) * f64::from(LONGEST)) as usize;
    let mut ends: Vec<usize> = (0..)
        .scan(0, |end, i| {
            *end += length(i);
            Some(*end)
        })
        .take_while(|end| *end < TOKENS)
        .collect();
    ends.push(TOKENS);
    ends
}

/// Advantages and returns of responses of all lengths.
#[divan::bench]
fn gae(bencher: Bencher) {
    let (ends, rewards, mut values) = (ends(), numbers(5, 0.0, 1.0), numbers(6, 0.0, 1.0));
    values.push(0.0);
    let (gae, mut advantages, mut returns) = (Gae::new(0.99, 0.95), vec![0.0; TOKENS], vec![0.0; TOKENS]);
    time(bencher, 16, || {
        let (rewards, mut start) = (black_box(&rewards), 0);
        for &end in &ends {
            let (own, after) = (start..end, &values[start..=end]);
            let (advantages, returns) = (&mut advantages[own.clone()], &mut returns[own.clone()]);
            gae.advantages(&rewards[own], after, FinishReason::Eos, advantages, returns).unwrap();
            start = end;
        }
        black_box((&mut advantages, &mut returns));
    });
}

/// Both moments can be had in one pass; another writes.
#[divan::bench]
fn whitening(bencher: Bencher) {
    let (_, _, mut values, mask) = minibatch();
    time(bencher, 14, || {
        whiten(black_box(&mut values), &mask, &Whitening::to_zero(Variance::Bessel)).unwrap();
    });
}

/// The k3 estimate, token by token.
#[divan::bench]
fn kl(bencher: Bencher) {
    let (new, old, _, _) = minibatch();
    let mut out = vec![0.0; TOKENS];
    time(bencher, 12, || {
        for (out, (new, old)) in out.iter_mut().zip(black_box(&new).iter().zip(&old)) {
            *out = KlEstimator::K3.estimate(*new, *old);
        }
        black_box(&mut out);
    });
}
