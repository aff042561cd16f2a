//! A network that plays every role.

use crate::dropout::Dropout;
use crate::generate::{PackedWeights, Request};
use crate::head::Owed;
use crate::lanes::kernel;
use crate::network::Trace;
use crate::slices::{add_scaled, dot};
use crate::weights::Weights;
use crate::{Cpu, optimiser};
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;
use rlhf_core::maths::Update;
use rlhf_core::model::{Architecture, CheckpointError};
use rlhf_core::random::{Key, Stream};
use rlhf_core::roles::{Averaged, Critic, Learner, Policy, Reference, Reward};
use rlhf_core::sampling::{Responses, Sampling, Stopping};
use rlhf_core::{Batch, Error, Objective, Ragged};

/// Why the engine refuses.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum CpuError {
    /// An objective's or an architecture's error.
    Core(Error),
    /// A token id that the network does not have.
    Token {
        /// Its place in the batch.
        position: usize,
        /// The id.
        token: u32,
        /// How many ids there are.
        vocabulary: usize,
    },
    /// A sequence that is longer than the network's context, or a prompt that fills it.
    Context {
        /// The sequence.
        sequence: usize,
        /// Its length, in tokens; for a prompt, one more.
        length: usize,
        /// The greatest length.
        context: usize,
    },
    /// Scores or values of a network without a scalar head.
    NoScalarHead,
    /// A step with a gradient that is not finite; the weights are as before.
    Gradient {
        /// Its norm.
        norm: f64,
        /// The step, counted from 1.
        step: u32,
    },
    /// An average was asked for before any was kept.
    NoAverage,
    /// There is no tensor of that name.
    NoTensor(String),
    /// A checkpoint that does not fit.
    Checkpoint(CheckpointError),
}

impl fmt::Display for CpuError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Core(e) => e.fmt(f),
            Self::Token { position, token, vocabulary } => write!(
                f,
                "token {token} at position {position} is outside the vocabulary of {vocabulary}: was it made by another tokenizer?"
            ),
            Self::Context { sequence, length, context } => {
                write!(
                    f,
                    "sequence {sequence} needs {length} tokens, the context holds {context}: truncate it"
                )
            }
            Self::NoScalarHead => {
                f.write_str("the network has no scalar head: make one with `Model::with_scalar_head`")
            }
            Self::Gradient { norm, step } => {
                write!(f, "the gradient's norm at step {step} is {norm}: the weights were left as they were")
            }
            Self::NoAverage => f.write_str("no moving average has been kept: call `average` after a step"),
            Self::NoTensor(name) => write!(f, "the network has no tensor {name:?}"),
            Self::Checkpoint(e) => e.fmt(f),
        }
    }
}

impl core::error::Error for CpuError {}

impl From<Error> for CpuError {
    fn from(error: Error) -> Self {
        Self::Core(error)
    }
}

impl From<CheckpointError> for CpuError {
    fn from(error: CheckpointError) -> Self {
        Self::Checkpoint(error)
    }
}

/// What learning needs beside weights.
pub(crate) struct Learning {
    /// As the weights; a tied head's own part follows, added at the step, so that the order of the
    /// two parts' sums does not depend on how a batch is split.
    pub gradient: Vec<f32>,
    pub first: Vec<f32>,
    pub second: Vec<f32>,
    pub average: Vec<f32>,
    pub steps: u32,
}

/// A network that plays every role: policy, reference, reward model, critic, learner.
///
/// A clone shares the weights until one of the two learns; it has no optimiser state.
pub struct Model {
    cpu: Cpu,
    weights: Arc<Weights>,
    packed: Option<Arc<PackedWeights>>,
    trace: Trace,
    pub(crate) learning: Option<Learning>,
    dropout_seed: u64,
}

impl Clone for Model {
    fn clone(&self) -> Self {
        Self::of(self.cpu.clone(), self.weights.clone())
    }
}

impl fmt::Debug for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Model({:?}, {:?})", self.weights.architecture, self.cpu)
    }
}

impl Model {
    fn of(cpu: Cpu, weights: Arc<Weights>) -> Self {
        Self { cpu, weights, packed: None, trace: Trace::default(), learning: None, dropout_seed: 0 }
    }

    /// A network with random weights: gains 1, biases 0, matrices normal with standard deviation
    /// 1/√(3·width), smaller where they write to the residual stream; the scalar head 0.
    ///
    /// # Errors
    /// [`CpuError::Core`] names the field of the architecture that does not fit.
    pub fn random(cpu: &Cpu, architecture: Architecture, seed: u64) -> Result<Self, CpuError> {
        Ok(Self::of(cpu.clone(), Arc::new(Weights::random(architecture, seed)?)))
    }

    /// A network with these weights, in the order of [`Architecture::tensors`].
    ///
    /// # Errors
    /// [`CpuError::Core`] names the field, or says how many numbers there should be.
    pub fn from_weights(cpu: &Cpu, architecture: Architecture, weights: Vec<f32>) -> Result<Self, CpuError> {
        Ok(Self::of(cpu.clone(), Arc::new(Weights::new(architecture, weights)?)))
    }

    /// The same network with a scalar head, whose weights are normal with standard deviation
    /// `deviation` (0 makes it say 0): a reward model from a language model. One that there is
    /// already is replaced.
    ///
    /// # Errors
    /// [`CpuError::Core`] when `deviation` is negative or not finite.
    pub fn with_scalar_head(&self, deviation: f32, seed: u64) -> Result<Self, CpuError> {
        if !(deviation.is_finite() && deviation >= 0.0) {
            let (low, high) = (0.0, f64::from(f32::MAX));
            return Err(Error::Range { name: "deviation", value: f64::from(deviation), low, high }.into());
        }
        let old = &self.weights;
        let body = old.layout.scalar.as_ref().map_or(old.layout.len, |pair| pair.first.start);
        let mut data = old.data[..body].to_vec();
        let key = Key::new(seed, Stream::Init, 1);
        data.extend((0..old.architecture.width).map(|i| key.normal(0, i as u32) as f32 * deviation));
        data.push(0.0);
        Self::from_weights(&self.cpu, old.architecture.with_scalar(), data)
    }

    /// The architecture.
    pub fn architecture(&self) -> &Architecture {
        &self.weights.architecture
    }

    /// What it runs on.
    pub fn cpu(&self) -> &Cpu {
        &self.cpu
    }

    /// All weights, in the order of [`Architecture::tensors`].
    pub fn weights(&self) -> &[f32] {
        &self.weights.data
    }

    /// The accumulated gradient of every weight, as [`Self::weights`]; empty before the first
    /// [`Learner::accumulate`].
    pub fn gradient(&self) -> Vec<f32> {
        let Some(learning) = &self.learning else { return Vec::new() };
        let mut gradient = learning.gradient.clone();
        combine_tied(&self.weights, &mut gradient);
        gradient.truncate(self.weights.layout.len);
        gradient
    }

    /// A tensor, by the name that [`Architecture::tensors`] gives; nothing is copied.
    ///
    /// ```
    /// use rlhf_cpu::{Cpu, Model};
    /// let model = Model::random(&Cpu::default(), rlhf_core::model::Architecture::gpt2(9, 8, 6, 1, 2), 0)?;
    /// let embedding = model.tensor("embedding")?;
    /// assert_eq!(embedding.shape(), [9, 6]);
    /// assert_eq!(embedding[[1, 0]], model.weights()[6]);
    /// # Ok::<(), rlhf_cpu::CpuError>(())
    /// ```
    ///
    /// # Errors
    /// [`CpuError::NoTensor`].
    pub fn tensor(&self, name: &str) -> Result<ndarray::ArrayViewD<'_, f32>, CpuError> {
        let missing = || CpuError::NoTensor(name.into());
        let (tensor, span) =
            self.weights.layout.tensors.iter().find(|(t, _)| t.name == name).ok_or_else(missing)?;
        ndarray::ArrayViewD::from_shape(&tensor.shape[..], self.weights.at(span)).map_err(|_| missing())
    }

    /// Seeds the dropout masks of learning; the architecture says how much is dropped.
    pub fn seed_dropout(&mut self, seed: u64) {
        self.dropout_seed = seed;
    }

    /// Logits of what follows each token, `[tokens, vocabulary]`. For a look: nothing that learns
    /// or samples holds so many numbers.
    ///
    /// ```
    /// use rlhf_cpu::{Cpu, Model};
    /// let architecture = rlhf_core::model::Architecture::gpt2(9, 8, 6, 1, 2);
    /// let mut model = Model::random(&Cpu::default(), architecture, 0)?;
    /// let logits = model.logits(rlhf_core::Ragged::new(&[3, 1, 4, 1, 5], &[3, 5])?)?;
    /// assert_eq!(logits.shape(), [5, 9]);
    /// # Ok::<(), rlhf_cpu::CpuError>(())
    /// ```
    ///
    /// # Errors
    /// A token outside the vocabulary, a sequence beyond the context.
    pub fn logits(&mut self, sequences: Ragged<'_>) -> Result<ndarray::Array2<f32>, CpuError> {
        self.check(sequences)?;
        self.trace.forward(&self.cpu, &self.weights, sequences, false, None);
        let positions: Vec<usize> = (1..=sequences.tokens().len()).collect();
        // The row after the last token has no target: any id does, for only logits are read.
        let mut tokens = sequences.tokens().to_vec();
        tokens.push(0);
        let owed = Owed { positions: &positions, tokens: &tokens, temperature: 1.0, out: &self.trace.out };
        let logits = owed.logits(&self.cpu, &self.weights);
        let shape = (positions.len(), self.weights.architecture.vocabulary);
        ndarray::Array2::from_shape_vec(shape, logits)
            .map_err(|_| CpuError::Core(Error::Shape { name: "logits", want: shape.0 * shape.1, got: 0 }))
    }

    /// The weights', and a tied head's own part.
    pub(crate) fn gradient_len(&self) -> usize {
        let tied = if self.weights.architecture.tied { self.weights.layout.head.len() } else { 0 };
        self.weights.layout.len + tied
    }

    /// Nothing learnt yet.
    fn unlearnt(&self) -> Learning {
        let len = self.weights.layout.len;
        Learning {
            gradient: vec![0.0; self.gradient_len()],
            first: vec![0.0; len],
            second: vec![0.0; len],
            average: Vec::new(),
            steps: 0,
        }
    }

    fn check(&self, sequences: Ragged<'_>) -> Result<(), CpuError> {
        let a = &self.weights.architecture;
        for (position, &token) in sequences.tokens().iter().enumerate() {
            if token as usize >= a.vocabulary {
                return Err(CpuError::Token { position, token, vocabulary: a.vocabulary });
            }
        }
        for (sequence, (tokens, _)) in sequences.sequences().enumerate() {
            if tokens.len() > a.context {
                return Err(CpuError::Context { sequence, length: tokens.len(), context: a.context });
            }
        }
        Ok(())
    }

    /// Values at each token of a pass that was just run.
    fn read_values(&self) -> Result<Vec<f32>, CpuError> {
        let pair = self.weights.layout.scalar.as_ref().ok_or(CpuError::NoScalarHead)?;
        let weight = self.weights.at(&pair.first);
        let bias = self.weights.bias(pair).map_or(0.0, |b| b[0]);
        let width = weight.len();
        let out = &self.trace.out;
        let mut values = vec![0.0; out.len() / width];
        self.cpu.map_rows(&mut values, 1, 64, &|rows, values| {
            for (value, row) in values.iter_mut().zip(rows) {
                let x = &out[row * width..(row + 1) * width];
                *value = kernel!(self.cpu.isa(), dot(x: &[f32], weight: &[f32]) -> f32) + bias;
            }
        });
        Ok(values)
    }

    /// Adds the gradient of values to the last norm's and to the scalar head's.
    fn pull_values(&mut self, gradient: &mut [f32], d_values: impl Iterator<Item = (usize, f32)>) {
        let Some(pair) = &self.weights.layout.scalar else { return };
        let weight = self.weights.at(&pair.first);
        let width = weight.len();
        for (row, g) in d_values {
            let span = row * width..(row + 1) * width;
            let (d_out, x) = (&mut self.trace.d_out[span.clone()], &self.trace.out[span]);
            let d_weight = &mut gradient[pair.first.clone()];
            kernel!(self.cpu.isa(), add_scaled(d_out: &mut [f32], g: f32, weight: &[f32]));
            kernel!(self.cpu.isa(), add_scaled(d_weight: &mut [f32], g: f32, x: &[f32]));
            if let Some(bias) = &pair.bias {
                gradient[bias.start] += g;
            }
        }
    }

    /// [`Learner::accumulate`] with the gradient in hand, so that an error can drop it.
    fn accumulate_into<O: Objective>(
        &mut self,
        batch: Batch<'_>,
        objective: &mut O,
        learning: &mut Learning,
    ) -> Result<f64, CpuError> {
        let sequences = batch.sequences();
        self.check(sequences)?;
        let needs = objective.needs();
        let a = &self.weights.architecture;
        if (needs.values || needs.scores) && !a.scalar {
            return Err(CpuError::NoScalarHead);
        }
        let dropout = (a.dropout > 0.0).then(|| {
            let key = Key::new(self.dropout_seed, Stream::Dropout, learning.steps);
            (Dropout { key, rate: a.dropout, sites: 2 * a.layers + 1 }, batch.first())
        });
        let weights = self.weights.clone();
        self.trace.forward(&self.cpu, &weights, sequences, true, dropout);
        let mut loss = 0.0;
        if needs.log_probs || needs.entropy {
            let positions: Vec<usize> = (0..sequences.tokens().len()).filter(|&t| batch.owed()[t]).collect();
            let owed = Owed {
                positions: &positions,
                tokens: sequences.tokens(),
                temperature: batch.temperature(),
                out: &self.trace.out,
            };
            let head = if weights.architecture.tied {
                weights.layout.len..weights.layout.len + weights.layout.head.len()
            } else {
                weights.layout.head.clone()
            };
            let d_head = &mut learning.gradient[head];
            loss += owed.learn(&self.cpu, &weights, objective, &mut self.trace.d_out, d_head)?;
        }
        if needs.values || needs.scores {
            let values = self.read_values()?;
            if needs.values {
                let mut g = vec![f32::NAN; values.len()];
                loss += objective.values(&values, &mut g)?;
                self.pull_values(&mut learning.gradient, g.into_iter().enumerate());
            }
            if needs.scores {
                let last: Vec<usize> = sequences.ends().iter().map(|end| end - 1).collect();
                let scores: Vec<f32> = last.iter().map(|&t| values[t]).collect();
                let mut g = vec![f32::NAN; scores.len()];
                loss += objective.scores(&scores, &mut g)?;
                self.pull_values(&mut learning.gradient, last.into_iter().zip(g));
            }
        }
        self.trace.backward(&self.cpu, &weights, sequences, dropout, &mut learning.gradient);
        Ok(loss)
    }
}

/// Adds a tied head's part of the gradient to the embedding's, and zeroes it.
fn combine_tied(weights: &Weights, gradient: &mut [f32]) {
    let (body, head) = gradient.split_at_mut(weights.layout.len);
    for (g, h) in body[weights.layout.embedding.clone()].iter_mut().zip(head) {
        *g += *h;
        *h = 0.0;
    }
}

impl Reference for Model {
    type Error = CpuError;

    async fn log_probs(&mut self, batch: Batch<'_>, out: &mut [f32]) -> Result<(), CpuError> {
        let sequences = batch.sequences();
        self.check(sequences)?;
        self.trace.forward(&self.cpu, &self.weights, sequences, false, None);
        let positions: Vec<usize> = (0..sequences.tokens().len()).filter(|&t| batch.owed()[t]).collect();
        let owed = Owed {
            positions: &positions,
            tokens: sequences.tokens(),
            temperature: batch.temperature(),
            out: &self.trace.out,
        };
        out.fill(0.0);
        for (&t, row) in positions.iter().zip(owed.rows(&self.cpu, &self.weights)) {
            out[t] = row.log_prob;
        }
        Ok(())
    }
}

impl Policy for Model {
    async fn sample(
        &mut self,
        prompts: Ragged<'_>,
        sampling: &Sampling,
        stopping: &Stopping<'_>,
        key: Key,
        first: u32,
    ) -> Result<Responses, CpuError> {
        self.check(prompts)?;
        let context = self.weights.architecture.context;
        for (sequence, (prompt, _)) in prompts.sequences().enumerate() {
            if prompt.len() == context {
                return Err(CpuError::Context { sequence, length: context + 1, context });
            }
        }
        sampling.validate()?;
        if stopping.max_new_tokens == 0 {
            return Err(Error::TooFew { name: "max_new_tokens", need: 1, got: 0 }.into());
        }
        let packed = match self.packed.take() {
            Some(packed) => packed,
            None => Arc::new(PackedWeights::new(&self.cpu, &self.weights)),
        };
        self.packed = Some(packed.clone());
        let request =
            Request { weights: &self.weights, packed: &packed, prompts, sampling, stopping, key, first };
        Ok(request.run(&self.cpu)?)
    }
}

impl Reward for Model {
    type Error = CpuError;

    async fn score(&mut self, sequences: Ragged<'_>, out: &mut [f32]) -> Result<(), CpuError> {
        self.check(sequences)?;
        self.trace.forward(&self.cpu, &self.weights, sequences, false, None);
        let values = self.read_values()?;
        for (out, end) in out.iter_mut().zip(sequences.ends()) {
            *out = values[end - 1];
        }
        Ok(())
    }
}

impl Critic for Model {
    type Error = CpuError;

    async fn values(&mut self, sequences: Ragged<'_>, out: &mut [f32]) -> Result<(), CpuError> {
        self.check(sequences)?;
        self.trace.forward(&self.cpu, &self.weights, sequences, false, None);
        out.copy_from_slice(&self.read_values()?);
        Ok(())
    }
}

impl Learner for Model {
    type Error = CpuError;

    async fn accumulate<O: Objective>(
        &mut self,
        batch: Batch<'_>,
        objective: &mut O,
    ) -> Result<f64, CpuError> {
        let mut learning = self.learning.take().unwrap_or_else(|| self.unlearnt());
        let result = self.accumulate_into(batch, objective, &mut learning);
        if result.is_err() {
            learning.gradient.fill(0.0);
        }
        self.learning = Some(learning);
        result
    }

    async fn forget(&mut self) -> Result<(), CpuError> {
        if let Some(learning) = &mut self.learning {
            learning.gradient.fill(0.0);
        }
        Ok(())
    }

    async fn step(&mut self, update: &Update) -> Result<f64, CpuError> {
        let Some(learning) = &mut self.learning else { return Ok(0.0) };
        let len = self.weights.layout.len;
        combine_tied(&self.weights, &mut learning.gradient);
        let gradient = &mut learning.gradient[..len];
        let norm = optimiser::norm(&self.cpu, gradient);
        if !norm.is_finite() {
            gradient.fill(0.0);
            return Err(CpuError::Gradient { norm, step: learning.steps + 1 });
        }
        update.adam.validate()?;
        let scale = rlhf_core::maths::clip_factor(norm, update.max_grad_norm)?;
        learning.steps += 1;
        self.packed = None;
        let weights = &mut Arc::make_mut(&mut self.weights).data;
        let (m, v) = (&mut learning.first, &mut learning.second);
        optimiser::adamw(&self.cpu, update, learning.steps, scale, weights, gradient, m, v);
        Ok(norm)
    }
}

impl Averaged for Model {
    async fn average(&mut self, decay: f64) -> Result<(), CpuError> {
        if self.learning.is_none() {
            self.learning = Some(self.unlearnt());
        }
        let Some(learning) = &mut self.learning else { return Ok(()) };
        let weights = &self.weights.data;
        if learning.average.is_empty() {
            // Equal weights stay to the bit; only the decay is checked.
            let mut average = weights.clone();
            rlhf_core::maths::average(&mut average, weights, decay)?;
            learning.average = average;
        } else {
            rlhf_core::maths::average(&mut learning.average, weights, decay)?;
        }
        Ok(())
    }

    async fn swap_average(&mut self) -> Result<(), CpuError> {
        let average = self.learning.as_mut().map(|l| &mut l.average).filter(|a| !a.is_empty());
        let average = average.ok_or(CpuError::NoAverage)?;
        core::mem::swap(average, &mut Arc::make_mut(&mut self.weights).data);
        self.packed = None;
        Ok(())
    }
}
