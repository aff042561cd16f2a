//! What is timed: the work of `shared/peers/bench_models.py` and `bench_rm.py`.

use rlhf_core::maths::{Adam, Update};
use rlhf_core::model::Architecture;
use rlhf_core::objectives::{CrossEntropy, Pairwise};
use rlhf_core::random::{Key, Stream};
use rlhf_core::roles::{Learner, Policy};
use rlhf_core::sampling::{Sampling, Stopping};
use rlhf_core::{Batch, Ragged, ready};
use rlhf_cpu::{Cpu, Model};

/// Sequences and tokens of each, for everything but sampling.
const ROWS: usize = 8;
const LENGTH: usize = 128;
/// Tokens of a prompt, and of a response.
const PROMPT: usize = 32;
const NEW: usize = 64;

/// One kind of work.
#[derive(Clone, Copy)]
pub enum Work {
    /// Log-probabilities of every token.
    Forward,
    /// Cross-entropy forward and backward, and AdamW.
    Train,
    /// The Bradley–Terry loss on pairs, clipped, and AdamW.
    Reward,
    /// So many prompts continued.
    Sample(usize, bool),
}

pub fn all() -> Vec<Work> {
    let mut all = vec![Work::Forward, Work::Train, Work::Reward];
    for drawn in [false, true] {
        all.extend([1, 8, 32].map(|count| Work::Sample(count, drawn)));
    }
    all
}

/// Text and which of its tokens are owed.
struct Text {
    tokens: Vec<u32>,
    ends: Vec<usize>,
    owed: Vec<bool>,
}

impl Text {
    fn new(vocabulary: usize, rows: usize, length: usize) -> Self {
        let mut draws = Key::new(1, Stream::Data, 0).draws(0);
        Self {
            tokens: (0..rows * length).map(|_| draws.below(vocabulary) as u32).collect(),
            ends: (1..=rows).map(|row| row * length).collect(),
            owed: (0..rows * length).map(|t| t % length > 0).collect(),
        }
    }

    fn ragged(&self) -> Ragged<'_> {
        Ragged::new(&self.tokens, &self.ends).unwrap()
    }

    fn batch(&self) -> Batch<'_> {
        Batch::new(self.ragged(), &self.owed).unwrap()
    }
}

impl Work {
    pub fn name(self) -> String {
        match self {
            Self::Forward => "forward".into(),
            Self::Train => "train".into(),
            Self::Reward => "reward".into(),
            Self::Sample(count, false) => format!("greedy-{count}"),
            Self::Sample(count, true) => format!("drawn-{count}"),
        }
    }

    /// How much is done at a time, and of what.
    pub fn units(self) -> (f64, &'static str) {
        match self {
            Self::Forward | Self::Train => ((ROWS * LENGTH) as f64, "tokens"),
            Self::Reward => (ROWS as f64, "pairs"),
            Self::Sample(count, _) => ((count * NEW) as f64, "tokens"),
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

    /// A closure that does the work once, on any backend's network of that architecture, and how many
    /// operations its matrix products with weights are: two a weight and token forward, four backward.
    /// Attention's own products come on top.
    pub fn prepare<M: Policy + Learner + 'static>(
        self,
        mut model: M,
        architecture: &Architecture,
    ) -> (Box<dyn FnMut()>, f64) {
        let vocabulary = architecture.vocabulary;
        let head = (vocabulary * architecture.width) as f64;
        let positions = (architecture.context * architecture.width) as f64;
        let body = architecture.parameters() as f64 - head - positions;
        let tokens = (ROWS * LENGTH) as f64;
        let update = Update { learning_rate: 1e-5, adam: Adam::default(), max_grad_norm: Some(1.0) };
        match self {
            Self::Forward => {
                let text = Text::new(vocabulary, ROWS, LENGTH);
                let mut out = vec![0.0; text.tokens.len()];
                let once = move || ready(model.log_probs(text.batch(), &mut out)).unwrap().unwrap();
                (Box::new(once), 2.0 * tokens * (body + head))
            }
            Self::Train => {
                let text = Text::new(vocabulary, ROWS, LENGTH);
                let owed = text.owed.iter().filter(|owed| **owed).count() as f64;
                let update = Update { max_grad_norm: None, ..update };
                let once = move || {
                    let mut objective = CrossEntropy::new(owed).unwrap();
                    ready(model.accumulate(text.batch(), &mut objective)).unwrap().unwrap();
                    ready(model.step(&update)).unwrap().unwrap();
                };
                (Box::new(once), 6.0 * tokens * (body + head))
            }
            Self::Reward => {
                let text = Text::new(vocabulary, 2 * ROWS, LENGTH);
                let once = move || {
                    let mut objective = Pairwise::new(ROWS as f64).unwrap();
                    ready(model.accumulate(text.batch(), &mut objective)).unwrap().unwrap();
                    ready(model.step(&update)).unwrap().unwrap();
                };
                (Box::new(once), 6.0 * 2.0 * tokens * body)
            }
            Self::Sample(count, drawn) => {
                let prompts = Text::new(vocabulary, count, PROMPT);
                let stopping = Stopping { max_new_tokens: NEW, eos: None, stop: &[] };
                let sampling = if drawn { Sampling::at_temperature(1.0) } else { Sampling::Greedy };
                let mut step = 0;
                let once = move || {
                    step += 1;
                    let key = Key::new(2, Stream::Sampling, step);
                    let out = ready(model.sample(prompts.ragged(), &sampling, &stopping, key, 0));
                    assert_eq!(out.unwrap().unwrap().tokens.len(), count * NEW);
                };
                let read = (count * (PROMPT + NEW - 1)) as f64;
                (Box::new(once), 2.0 * (read * body + (count * NEW) as f64 * head))
            }
        }
    }
}
