//! People ask who one is; a small network knows four answers.

use rlhf::train::profile::Profile;
use rlhf::train::{Examples, now, supervised};
use rlhf_core::model::Architecture;
use rlhf_core::model::tokenizer::{Bytes, Tokenizer};
use rlhf_core::random::{Key, Stream};
use rlhf_core::ready;
use rlhf_core::roles::Policy;
use rlhf_core::sampling::{SamplingParams, StopCriteria};
use rlhf_cpu::{Cpu, Model};
use std::sync::LazyLock;

pub const ANSWERS: [&str; 4] = ["glad.", "sad.", "mad.", "shy."];
pub const WHO: [&str; 2] = ["I am ", "We are "];
pub const CONTEXT: usize = 24;
pub const STOPPING: StopCriteria<'static> = StopCriteria { max_new_tokens: 8, eos: &[Bytes::EOS], stop: &[] };

/// A network that gives each answer about as often as the others.
pub static SFT: LazyLock<Model> = LazyLock::new(|| {
    let mut model = Model::random(&Cpu::default(), Architecture::gpt2(257, CONTEXT, 24, 1, 2), 1).unwrap();
    let texts = WHO.into_iter().flat_map(|who| ANSWERS.map(|answer| (Bytes.encode(who), ended(answer))));
    let demonstrations = Examples::try_from_iter(texts).unwrap();
    let mut sft = Profile::instructgpt().supervised.unwrap();
    (sft.optimizer.learning_rate, sft.epochs, sft.dropout) = (5e-3, 150, 0.0);
    now(supervised(&mut model, &demonstrations, &sft, 1, &mut |_| {})).unwrap();
    model
});

/// An answer that is over.
pub fn ended(answer: &str) -> Vec<u32> {
    [Bytes.encode(answer), vec![Bytes::EOS]].concat()
}

/// `count` prompts in turn.
pub fn prompts(count: usize) -> Examples {
    let all = WHO.into_iter().cycle().take(count).map(|who| (Bytes.encode(who), vec![]));
    Examples::try_from_iter(all).unwrap()
}

/// A reward: 1 for a text that ends with "glad.", else 0.
pub fn glad(text: &[u32]) -> f32 {
    f32::from(Bytes.decode(text).ends_with("glad."))
}

/// A coin that has nothing to do with the text.
pub fn coin() -> impl FnMut(&[u32]) -> f32 {
    let mut draws = Key::new(7, Stream::Labels, 0).draws(0);
    move |_| f32::from(draws.uniform() < 0.5)
}

/// The share of 400 answers that are what is wanted.
pub fn gladness(policy: &Model) -> f64 {
    let (prompts, key) = (prompts(400), Key::new(99, Stream::Sampling, 0));
    let sampling = SamplingParams::at_temperature(1.0);
    let mut policy = policy.clone();
    let responses = ready(policy.sample(prompts.sequences().unwrap(), &sampling, &STOPPING, key, 0));
    let responses = responses.unwrap().unwrap();
    (0..responses.len()).map(|i| f64::from(glad(responses.response(i)))).sum::<f64>() / responses.len() as f64
}
