//! The works that are timed, and whose instructions are counted: those of a run, on any backend's network.

use core::fmt;
use rlhf_core::loss::{CrossEntropy, Pairwise};
use rlhf_core::model::Architecture;
use rlhf_core::optim::{Adam, Update};
use rlhf_core::random::{Key, Stream};
use rlhf_core::roles::{Learner, Policy};
use rlhf_core::sampling::{SamplingParams, StopCriteria};
use rlhf_core::{Batch, Ragged, ready};
use rlhf_cpu::{Cpu, Model};

/// The sizes of the works.
pub struct Size {
    /// Sequences and tokens of each, for everything but sampling.
    pub rows: usize,
    pub length: usize,
    /// Tokens of a prompt, and of a response.
    pub prompt: usize,
    pub new: usize,
}

/// The sizes that `rlhf bench` takes.
pub const USUAL: Size = Size { rows: 8, length: 128, prompt: 32, new: 64 };

/// A kind of work.
#[derive(Clone, Copy, PartialEq)]
pub enum Work {
    /// Log-probabilities of every token.
    Forward,
    /// Cross-entropy forward and backward, and AdamW.
    Train,
    /// The Bradley–Terry loss on pairs, clipped, and AdamW.
    Reward,
    /// So many prompts, continued by the most probable tokens from a cache of keys and values.
    Greedy(usize),
    /// So many prompts, continued by drawn tokens.
    Drawn(usize),
}

/// The works that are timed.
pub const TIMED: [Work; 9] = [
    Work::Forward,
    Work::Train,
    Work::Reward,
    Work::Greedy(1),
    Work::Greedy(8),
    Work::Greedy(32),
    Work::Drawn(1),
    Work::Drawn(8),
    Work::Drawn(32),
];

impl fmt::Display for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Forward => f.write_str("forward"),
            Self::Train => f.write_str("train"),
            Self::Reward => f.write_str("reward"),
            Self::Greedy(prompts) => write!(f, "greedy-{prompts}"),
            Self::Drawn(prompts) => write!(f, "drawn-{prompts}"),
        }
    }
}

/// Text and its loss mask.
struct Text {
    tokens: Vec<u32>,
    ends: Vec<usize>,
    loss_mask: Vec<bool>,
}

impl Text {
    fn new(vocabulary: usize, rows: usize, length: usize) -> Self {
        let mut draws = Key::new(1, Stream::Data, 0).draws(0);
        Self {
            tokens: (0..rows * length).map(|_| draws.below(vocabulary) as u32).collect(),
            ends: (1..=rows).map(|row| row * length).collect(),
            loss_mask: (0..rows * length).map(|t| t % length > 0).collect(),
        }
    }

    fn ragged(&self) -> Ragged<'_> {
        Ragged::new(&self.tokens, &self.ends).unwrap()
    }

    fn batch(&self) -> Batch<'_> {
        Batch::new(self.ragged(), &self.loss_mask).unwrap()
    }
}

impl Work {
    /// Tokens that are read, or written, at a time.
    pub fn tokens(self, size: &Size) -> usize {
        match self {
            Self::Forward | Self::Train => size.rows * size.length,
            Self::Reward => 2 * size.rows * size.length,
            Self::Greedy(prompts) | Self::Drawn(prompts) => prompts * size.new,
        }
    }

    /// A network to do it.
    pub fn network(self, cpu: &Cpu, architecture: &Architecture) -> Model {
        let model = Model::random(cpu, architecture.clone(), 0).unwrap();
        match self {
            Self::Reward => model.with_scalar_head(0.02, 0).unwrap(),
            _ => model,
        }
    }

    /// A closure that does the work once, on any backend's network with so many ids.
    pub fn prepare<M: Policy + Learner + 'static>(
        self,
        mut model: M,
        vocabulary: usize,
        size: &Size,
    ) -> Box<dyn FnMut()> {
        let text = |rows| Text::new(vocabulary, rows, size.length);
        let update = Update { learning_rate: 1e-5, adam: Adam::default(), max_grad_norm: None };
        match self {
            Self::Forward => {
                let text = text(size.rows);
                let mut out = vec![0.0; text.tokens.len()];
                Box::new(move || ready(model.log_probs(text.batch(), &mut out)).unwrap().unwrap())
            }
            Self::Train => {
                let text = text(size.rows);
                let loss_mask = text.loss_mask.iter().filter(|counts| **counts).count() as f64;
                Box::new(move || {
                    let mut objective = CrossEntropy::new(loss_mask).unwrap();
                    ready(model.accumulate(text.batch(), &mut objective)).unwrap().unwrap();
                    ready(model.step(&update)).unwrap().unwrap();
                })
            }
            Self::Reward => {
                let (text, pairs) = (text(2 * size.rows), size.rows as f64);
                let update = Update { max_grad_norm: Some(1.0), ..update };
                Box::new(move || {
                    let mut objective = Pairwise::new(pairs).unwrap();
                    ready(model.accumulate(text.batch(), &mut objective)).unwrap().unwrap();
                    ready(model.step(&update)).unwrap().unwrap();
                })
            }
            Self::Greedy(prompts) => sample(model, vocabulary, size, prompts, SamplingParams::Greedy),
            Self::Drawn(prompts) => {
                sample(model, vocabulary, size, prompts, SamplingParams::at_temperature(1.0))
            }
        }
    }
}

fn sample<M: Policy + 'static>(
    mut model: M,
    vocabulary: usize,
    size: &Size,
    prompts: usize,
    sampling: SamplingParams,
) -> Box<dyn FnMut()> {
    let (text, new) = (Text::new(vocabulary, prompts, size.prompt), size.new);
    let stopping = StopCriteria { max_new_tokens: new, eos: &[], stop: &[] };
    let mut step = 0;
    Box::new(move || {
        step += 1;
        let key = Key::new(2, Stream::Sampling, step);
        let out = ready(model.sample(text.ragged(), &sampling, &stopping, key, 0));
        assert_eq!(out.unwrap().unwrap().tokens.len(), prompts * new);
    })
}
