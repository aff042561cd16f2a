//! What is timed.

use super::cost::{Cost, Pass, adamw, weights};
use super::ppo;
use super::text::Text;
use crate::engine::{Device, EngineError, Model};
use crate::formats::{huggingface, open};
use crate::train::{TrainError, now};
use rlhf_core::maths::{Adam, Update};
use rlhf_core::model::Architecture;
use rlhf_core::objectives::{CrossEntropy, Pairwise};
use rlhf_core::random::{Key, Stream};
use rlhf_core::roles::{Learner, Policy, Reference};
use rlhf_core::sampling::{Sampling, Stopping};
use serde::Serialize;

/// A network of GPT-2's family, with a context of 1,024 tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Size {
    /// 128 wide, 4 layers, 4 heads, 512 ids: 1 million weights.
    #[serde(rename = "tiny")]
    Tiny,
    /// 384 wide, 6 layers, 6 heads, 4,096 ids: 13 million.
    #[serde(rename = "small")]
    Small,
    /// GPT-2's smallest: 768 wide, 12 layers, 12 heads, 50,257 ids.
    #[serde(rename = "124M")]
    Gpt2,
}

impl Size {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Tiny, Self::Small, Self::Gpt2];

    /// Its name: `tiny`, `small` or `124M`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Tiny => "tiny",
            Self::Small => "small",
            Self::Gpt2 => "124M",
        }
    }

    /// Its shape.
    pub fn architecture(self) -> Architecture {
        let (vocabulary, width, layers, heads) = match self {
            Self::Tiny => (512, 128, 4, 4),
            Self::Small => (4096, 384, 6, 6),
            Self::Gpt2 => (50_257, 768, 12, 12),
        };
        Architecture::gpt2(vocabulary, 1024, width, layers, heads)
    }
}

/// Sequences and tokens of each, where nothing is sampled.
const ROWS: usize = 8;
const LENGTH: usize = 128;
/// Tokens of a prompt, and of a response.
pub(super) const PROMPT: usize = 32;
pub(super) const NEW: usize = 64;

/// One kind of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// Log-probabilities of 8 × 128 tokens.
    Forward,
    /// Cross-entropy on 8 × 128 tokens forward and backward, and AdamW.
    Train,
    /// The Bradley–Terry loss on 8 pairs of 128 tokens, clipped, and AdamW.
    Reward,
    /// So many prompts of 32 tokens, each continued by 64: the likeliest tokens, or drawn ones.
    Sample {
        /// How many prompts.
        prompts: usize,
        /// Whether tokens are drawn.
        drawn: bool,
    },
    /// One iteration of PPO: 32 prompts of 32 tokens continued by 64, 4 epochs of 4 minibatches, with a
    /// reward model, a critic and a reference of the same size.
    Ppo,
    /// A network from a file, which the system has in its memory.
    Load,
}

/// One repetition; it says what its phases took, in seconds.
pub(super) type Once<'a> = dyn FnMut() -> Result<Vec<(&'static str, f64)>, TrainError> + 'a;

impl Work {
    /// All of it.
    pub fn all() -> Vec<Self> {
        let mut all = vec![Self::Load, Self::Forward, Self::Train, Self::Reward];
        for drawn in [false, true] {
            all.extend([1, 8, 32].map(|prompts| Self::Sample { prompts, drawn }));
        }
        all.push(Self::Ppo);
        all
    }

    /// Its name: `forward`, `train`, `reward`, `greedy-8`, `drawn-8`, `ppo`, `load`.
    pub fn name(self) -> String {
        match self {
            Self::Forward => "forward".into(),
            Self::Train => "train".into(),
            Self::Reward => "reward".into(),
            Self::Sample { prompts, drawn: false } => format!("greedy-{prompts}"),
            Self::Sample { prompts, drawn: true } => format!("drawn-{prompts}"),
            Self::Ppo => "ppo".into(),
            Self::Load => "load".into(),
        }
    }

    /// How much is done at a time, and of what.
    pub fn units(self) -> (f64, &'static str) {
        match self {
            Self::Forward | Self::Train => ((ROWS * LENGTH) as f64, "tokens"),
            Self::Reward => (ROWS as f64, "pairs"),
            Self::Sample { prompts, .. } => ((prompts * NEW) as f64, "new tokens"),
            Self::Ppo => ((ppo::PROMPTS * NEW) as f64, "new tokens"),
            Self::Load => (1.0, "networks"),
        }
    }

    /// What it needs of the machine.
    pub fn cost(self, a: &Architecture) -> Cost {
        let whole = |sequences| Pass::whole(sequences, LENGTH);
        match self {
            Self::Forward => Cost { operations: whole(ROWS).operations(a), bytes: weights(a) },
            Self::Train => {
                Cost { operations: 3.0 * whole(ROWS).operations(a), bytes: 2.0 * weights(a) + adamw(a) }
            }
            Self::Reward => {
                let operations = 3.0 * whole(2 * ROWS).headless().operations(a);
                Cost { operations, bytes: 2.0 * weights(a) + adamw(a) }
            }
            // Every new token waits for the one before it, and each reads all weights.
            Self::Sample { prompts, .. } => Cost {
                operations: Pass::sampling(prompts, PROMPT, NEW).operations(a),
                bytes: NEW as f64 * weights(a),
            },
            Self::Ppo => ppo::cost(a),
            Self::Load => Cost { operations: 0.0, bytes: 8.0 * a.parameters() as f64 },
        }
    }

    /// A closure that does the work once.
    pub(super) fn prepare(self, device: &Device, a: &Architecture) -> Result<Box<Once<'static>>, TrainError> {
        let network = || Model::random(device, a.clone(), 0).map_err(TrainError::role("policy"));
        let update = Update { learning_rate: 1e-5, adam: Adam::default(), max_grad_norm: None };
        Ok(match self {
            Self::Forward => {
                let (mut model, text) = (network()?, Text::new(a.vocabulary, ROWS, LENGTH));
                let mut out = vec![0.0; text.tokens.len()];
                Box::new(move || {
                    let batch = text.batch()?;
                    role(async { model.log_probs(batch, &mut out).await })?;
                    Ok(Vec::new())
                })
            }
            Self::Train => {
                let (mut model, text) = (network()?, Text::new(a.vocabulary, ROWS, LENGTH));
                Box::new(move || {
                    let (batch, mut objective) = (text.batch()?, CrossEntropy::new(text.owed())?);
                    role(async {
                        model.accumulate(batch, &mut objective).await?;
                        model.step(&update).await
                    })?;
                    Ok(Vec::new())
                })
            }
            Self::Reward => {
                let headed = network()?.with_scalar_head(0.02, 0);
                let mut model = headed.map_err(TrainError::role("reward"))?;
                let text = Text::new(a.vocabulary, 2 * ROWS, LENGTH);
                let update = Update { max_grad_norm: Some(1.0), ..update };
                Box::new(move || {
                    let (batch, mut objective) = (text.batch()?, Pairwise::new(ROWS as f64)?);
                    role(async {
                        model.accumulate(batch, &mut objective).await?;
                        model.step(&update).await
                    })?;
                    Ok(Vec::new())
                })
            }
            Self::Sample { prompts, drawn } => {
                let (mut model, text) = (network()?, Text::new(a.vocabulary, prompts, PROMPT));
                let stopping = Stopping { max_new_tokens: NEW, eos: None, stop: &[] };
                let sampling = if drawn { Sampling::at_temperature(1.0) } else { Sampling::Greedy };
                let mut step = 0u32;
                Box::new(move || {
                    step = step.wrapping_add(1);
                    let (prompts, key) = (text.sequences()?, Key::new(2, Stream::Sampling, step));
                    role(async { model.sample(prompts, &sampling, &stopping, key, 0).await })?;
                    Ok(Vec::new())
                })
            }
            Self::Ppo => ppo::prepare(network()?)?,
            Self::Load => {
                let network = network()?;
                let folder = tempfile::tempdir().map_err(TrainError::role("file"))?;
                let weights = network.weights().map_err(TrainError::role("policy"))?;
                huggingface::save(folder.path(), a, &weights, None).map_err(TrainError::role("file"))?;
                let device = device.clone();
                Box::new(move || {
                    let opened = open(folder.path()).map_err(TrainError::role("file"))?;
                    let (weights, _) =
                        opened.weights(&opened.architecture).map_err(TrainError::role("file"))?;
                    let loaded = Model::from_weights(&device, opened.architecture, weights);
                    loaded.map_err(TrainError::role("policy"))?;
                    Ok(Vec::new())
                })
            }
        })
    }
}

/// What a network does, now.
fn role<T>(future: impl Future<Output = Result<T, EngineError>>) -> Result<T, TrainError> {
    now(async { future.await.map_err(TrainError::role("network")) })
}
