//! Texts of four tokens after a prompt of one; the higher their numbers, the better they are.

use rlhf::train::profile::{Optimizer, Passes, PreferenceTraining, WarmUpLength};
use rlhf::train::{Examples, Pairs};
use rlhf_core::random::{Key, Stream};
use rlhf_core::ready;
use rlhf_core::roles::{Policy, Reference};
use rlhf_core::sampling::{Responses, SamplingParams, StopCriteria};
use rlhf_core::testing::Table;

pub const TOKENS: u32 = 8;
pub const STOPPING: StopCriteria<'static> = StopCriteria { max_new_tokens: 4, eos: &[], stop: &[] };

/// The policy that writes at first, and that nobody may stray from.
pub fn reference() -> Table {
    let key = Key::new(1, Stream::Init, 0);
    Table::with_weights(
        (0..TOKENS * TOKENS).map(|i| 0.5 * key.normal(0, i) as f32).collect(),
        TOKENS as usize,
    )
}

/// Returns the reward of a response: the mean of its tokens, scaled to 0 to 1.
pub fn worth(response: &[u32]) -> f32 {
    let sum: u32 = response.iter().sum();
    sum as f32 / (response.len() as u32 * (TOKENS - 1)) as f32
}

/// `count` prompts of one token.
pub fn prompts(count: u32) -> Examples {
    Examples::try_from_iter((0..count).map(|i| ([i % TOKENS], []))).unwrap()
}

/// Responses to `count` prompts.
pub fn sampled(policy: &Table, count: u32, seed: u64) -> Responses {
    let (prompts, key) = (prompts(count), Key::new(seed, Stream::Sampling, 0));
    let all = SamplingParams::at_temperature(1.0);
    let mut policy = policy.clone();
    ready(policy.sample(prompts.sequences().unwrap(), &all, &STOPPING, key, 0)).unwrap().unwrap()
}

/// The mean worth of what a policy writes.
pub fn mean_worth(policy: &Table) -> f64 {
    let out = sampled(policy, 4096, 99);
    (0..out.len()).map(|i| f64::from(worth(out.response(i)))).sum::<f64>() / out.len() as f64
}

/// Pairs that the reference wrote, the better one chosen; where `wrong` says so, the worse one.
pub fn pairs(count: u32, seed: u64, wrong: impl Fn(u32) -> bool) -> Pairs {
    let (a, b) = (sampled(&reference(), count, seed), sampled(&reference(), count, seed + 1));
    let mut out = Pairs::default();
    for i in 0..count {
        let (a, b) = (a.response(i as usize), b.response(i as usize));
        if worth(a) != worth(b) {
            let (better, worse) = if (worth(a) > worth(b)) != wrong(i) { (a, b) } else { (b, a) };
            out.push(&[i % TOKENS], better, worse).unwrap();
        }
    }
    out
}

/// A method at a rate for tables.
pub fn settings(name: &str) -> PreferenceTraining {
    let settings = PreferenceTraining::by_name(name).unwrap();
    let passes =
        Passes { epochs: 4, batch: 64, optimizer: fast(settings.passes.optimizer, 0.03), ..settings.passes };
    PreferenceTraining { passes, ..settings }
}

pub fn fast(optimizer: Optimizer, learning_rate: f64) -> Optimizer {
    Optimizer { learning_rate, warm_up: WarmUpLength::Steps(0), ..optimizer }
}

/// Returns a policy's log-probability of a response, in nats.
pub fn log_prob(policy: &Table, prompt: &[u32], response: &[u32]) -> f64 {
    let text = Examples::try_from_iter([(prompt, response)]).unwrap();
    let loss_mask: Vec<bool> = (0..prompt.len() + response.len()).map(|t| t >= prompt.len()).collect();
    let batch = rlhf_core::Batch::new(text.sequences().unwrap(), &loss_mask).unwrap();
    let mut out = vec![0.0; loss_mask.len()];
    ready(policy.clone().log_probs(batch, &mut out)).unwrap().unwrap();
    out.iter().map(|&x| f64::from(x)).sum()
}
