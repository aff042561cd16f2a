//! The loops that are timed.

use core::hint::black_box;
use rlhf_core::Objective;
use rlhf_core::maths::{
    Gae, KlEstimator, PolicyClip, PolicyStats, Steps, Variance, Whitening, policy_loss, value_loss, whiten,
};
use rlhf_core::objectives::PpoPolicy;
use rlhf_core::random::{Key, Stream};
use rlhf_core::sampling::Finish;

/// Tokens of each loop.
const TOKENS: usize = 1 << 20;
const COUNT: f64 = TOKENS as f64;
const CLIP: PolicyClip = PolicyClip::symmetric(0.2);
/// Responses have 1 to so many tokens.
const LONGEST: u32 = 512;

/// A loop over [`TOKENS`] tokens.
pub struct Work {
    pub name: &'static str,
    /// What it has to read and write.
    pub bytes: f64,
    pub once: Box<dyn FnMut()>,
}

fn work(name: &'static str, bytes_a_token: usize, once: impl FnMut() + 'static) -> Work {
    Work { name, bytes: bytes_a_token as f64 * COUNT, once: Box::new(once) }
}

fn numbers(sample: u32, middle: f64, spread: f64) -> Vec<f32> {
    let key = Key::new(1, Stream::Data, 0);
    (0..TOKENS as u32).map(|t| (middle + spread * (key.uniform(sample, t) - 0.5)) as f32).collect()
}

/// A copy of as many bytes as the policy loss moves, then the loops.
pub fn all() -> Vec<Work> {
    vec![copy(), policy(), policy_by_token(), objective(), value(), estimate(), whitening(), kl()]
}

fn copy() -> Work {
    let (from, mut to) = (vec![1u8; 17 * TOKENS / 2], vec![0u8; 17 * TOKENS / 2]);
    work("copy", 17, move || {
        to.copy_from_slice(black_box(&from));
        black_box(&mut to);
    })
}

/// Log-probabilities, those before, advantages, and a mask that keeps nine in ten.
fn minibatch() -> (Vec<f32>, Vec<f32>, Vec<f32>, Vec<bool>) {
    let mask = numbers(4, 0.4, 1.0).iter().map(|x| *x >= 0.0).collect();
    (numbers(1, -2.0, 1.0), numbers(2, -2.0, 1.0), numbers(3, 0.0, 2.0), mask)
}

fn policy() -> Work {
    let (new, old, advantages, mask) = minibatch();
    let mut grad = vec![0.0; TOKENS];
    work("policy loss", 17, move || {
        let out = policy_loss(black_box(&new), &old, &advantages, &mask, &CLIP, COUNT, &mut grad);
        black_box((out.unwrap(), &mut grad));
    })
}

/// What the loop was before it went block by block, with libm's exponential.
fn policy_by_token() -> Work {
    let (new, old, advantages, mask) = minibatch();
    let mut grad = vec![0.0f32; TOKENS];
    work("  token by token", 17, move || {
        let (mut loss, mut stats, mut lowest, mut highest) =
            (0.0, PolicyStats::default(), f64::INFINITY, 0.0);
        for t in 0..TOKENS {
            grad[t] = 0.0;
            if mask[t] {
                let drift = black_box(&new)[t] - old[t];
                let ratio = libm::expf(drift);
                let free = -advantages[t] * ratio;
                let held = -advantages[t] * ratio.clamp(0.8, 1.2);
                loss += f64::from(free.max(held));
                grad[t] = if free >= held { (f64::from(free) / COUNT) as f32 } else { 0.0 };
                stats.tokens += 1;
                stats.clipped += usize::from(held > free);
                stats.ratio += f64::from(ratio);
                lowest = f64::min(lowest, f64::from(ratio));
                highest = f64::max(highest, f64::from(ratio));
                stats.drift -= f64::from(drift);
                stats.half_squared_drift += 0.5 * f64::from(drift) * f64::from(drift);
            }
        }
        black_box((loss, stats, lowest, highest, &mut grad));
    })
}

/// The objective of a trainer; the positions are 8 bytes more to read.
fn objective() -> Work {
    let (new, old, advantages, _) = minibatch();
    let (positions, mut grad): (Vec<usize>, _) = ((0..TOKENS).collect(), vec![0.0; TOKENS]);
    work("PpoPolicy", 24, move || {
        let mut objective = PpoPolicy::new(&old, &advantages, CLIP, 0.0, COUNT).unwrap();
        let loss = objective.tokens(black_box(&positions), &new, &[], &mut grad, &mut []);
        black_box((loss.unwrap(), &mut grad));
    })
}

fn value() -> Work {
    let (new, old, targets, mask) = minibatch();
    let mut grad = vec![0.0; TOKENS];
    work("value loss", 17, move || {
        let out = value_loss(black_box(&new), &old, &targets, &mask, Some(0.2), COUNT, &mut grad);
        black_box((out.unwrap(), &mut grad));
    })
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

/// Responses laid end to end; each has one value more than rewards.
fn responses<'a>(
    ends: &'a [usize],
    rewards: &'a [f32],
    mut values: &'a [f32],
    mut advantages: &'a mut [f32],
    mut returns: &'a mut [f32],
) -> impl Iterator<Item = Steps<'a, f32>> {
    let mut start = 0;
    ends.iter().map(move |&end| {
        let length = end - start;
        let rewards = &rewards[start..end];
        start = end;
        let own = &values[..=length];
        values = &values[length..];
        Steps {
            rewards,
            values: own,
            finish: Finish::Eos,
            advantages: advantages.split_off_mut(..length).unwrap(),
            returns: returns.split_off_mut(..length).unwrap(),
        }
    })
}

fn estimate() -> Work {
    let (ends, rewards, mut values) = (ends(), numbers(5, 0.0, 1.0), numbers(6, 0.0, 1.0));
    values.push(0.0);
    let (mut advantages, mut returns) = (vec![0.0; TOKENS], vec![0.0; TOKENS]);
    work("GAE, advantages and returns", 16, move || {
        let steps = responses(&ends, black_box(&rewards), &values, &mut advantages, &mut returns);
        Gae::new(0.99, 0.95).advantages_of_all(steps).unwrap();
        black_box((&mut advantages, &mut returns));
    })
}

/// Two passes for the moments and one that writes.
fn whitening() -> Work {
    let (_, _, start, mask) = minibatch();
    let mut values = start.clone();
    work("whiten", 18, move || {
        whiten(black_box(&mut values), &mask, &Whitening::to_zero(Variance::Bessel)).unwrap();
    })
}

fn kl() -> Work {
    let (new, old, _, _) = minibatch();
    let mut out = vec![0.0; TOKENS];
    work("KL estimates, k3", 12, move || {
        for (out, (new, old)) in out.iter_mut().zip(black_box(&new).iter().zip(&old)) {
            *out = KlEstimator::K3.estimate(*new, *old);
        }
        black_box(&mut out);
    })
}
