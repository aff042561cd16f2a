//! A network that plays every role.

use crate::generate::PackedWeights;
use crate::head::HeadInputs;
use crate::learning::{Learning, combine_tied};
use crate::network::Trace;
use crate::output_positions::OutputPositions;
use crate::weights::Weights;
use crate::{Cpu, EngineError};
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;
use rlhf_core::model::{self, Architecture};
use rlhf_core::{Error, Ragged};
use rlhf_kernels::vector::dot;

/// A network that plays every role: policy, reference, reward model, critic, learner.
///
/// A clone shares the weights until one of the two learns; it has no optimizer state.
pub struct Model {
    pub(crate) cpu: Cpu,
    pub(crate) weights: Arc<Weights>,
    pub(crate) packed: Option<Arc<PackedWeights>>,
    pub(crate) trace: Trace,
    pub(crate) learning: Option<Learning>,
    pub(crate) dropout_seed: u64,
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
    /// [`EngineError::Core`] names the field of the architecture that does not fit.
    pub fn random(cpu: &Cpu, architecture: Architecture, seed: u64) -> Result<Self, EngineError> {
        let weights = model::random(&architecture, seed)?;
        Self::from_weights(cpu, architecture, weights)
    }

    /// A network with these weights, in the order of [`Architecture::tensors`].
    ///
    /// # Errors
    /// [`EngineError::Core`] names the field, or says how many numbers there should be.
    pub fn from_weights(
        cpu: &Cpu,
        architecture: Architecture,
        weights: Vec<f32>,
    ) -> Result<Self, EngineError> {
        Ok(Self::of(cpu.clone(), Arc::new(Weights::new(architecture, weights)?)))
    }

    /// Returns the same network with a scalar head, which makes a language model a reward model. The head's weights are
    /// normal with standard deviation `deviation`; 0 makes it return 0. An existing head is replaced.
    ///
    /// # Errors
    /// [`EngineError::Core`] when `deviation` is negative or not finite.
    pub fn with_scalar_head(&self, deviation: f32, seed: u64) -> Result<Self, EngineError> {
        let (old, data) = (self.architecture(), self.weights());
        let weights = model::with_scalar_head(old, data, deviation, seed)?;
        Self::from_weights(&self.cpu, old.with_scalar(), weights)
    }

    /// The architecture.
    pub fn architecture(&self) -> &Architecture {
        &self.weights.architecture
    }

    /// Returns the processor and its threads.
    pub fn cpu(&self) -> &Cpu {
        &self.cpu
    }

    /// Returns all weights, in the order of [`Architecture::tensors`].
    pub fn weights(&self) -> &[f32] {
        &self.weights.data
    }

    /// The accumulated gradient of every weight, as [`Self::weights`]; empty before the first
    /// [`rlhf_core::roles::Learner::accumulate`].
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
    /// # Ok::<(), rlhf_cpu::EngineError>(())
    /// ```
    ///
    /// # Errors
    /// [`EngineError::NoTensor`].
    pub fn tensor(&self, name: &str) -> Result<ndarray::ArrayViewD<'_, f32>, EngineError> {
        let missing = || EngineError::NoTensor { name: name.into() };
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
    /// # Ok::<(), rlhf_cpu::EngineError>(())
    /// ```
    ///
    /// # Errors
    /// A token outside the vocabulary, a sequence beyond the context.
    pub fn logits(&mut self, sequences: Ragged<'_>) -> Result<ndarray::Array2<f32>, EngineError> {
        self.check(sequences)?;
        self.trace.forward(&self.cpu, &self.weights, sequences, OutputPositions::all(sequences), false, None);
        let positions: Vec<usize> = (1..=sequences.tokens().len()).collect();
        // The row after the last token has no target: any id does, for only logits are read.
        let mut tokens = sequences.tokens().to_vec();
        tokens.push(0);
        let loss_mask =
            HeadInputs { positions: &positions, tokens: &tokens, temperature: 1.0, out: &self.trace.out };
        let logits = loss_mask.logits(&self.cpu, &self.weights);
        let shape = (positions.len(), self.weights.architecture.vocabulary);
        ndarray::Array2::from_shape_vec(shape, logits)
            .map_err(|_| EngineError::Core(Error::Shape { name: "logits", want: shape.0 * shape.1, got: 0 }))
    }

    /// The weights', and a tied head's own part.
    pub(crate) fn gradient_len(&self) -> usize {
        let tied = if self.weights.architecture.tied { self.weights.layout.head.len() } else { 0 };
        self.weights.layout.len + tied
    }

    pub(crate) fn check(&self, sequences: Ragged<'_>) -> Result<(), EngineError> {
        let a = &self.weights.architecture;
        for (position, &token) in sequences.tokens().iter().enumerate() {
            if token as usize >= a.vocabulary {
                return Err(EngineError::Token { position, token, vocabulary: a.vocabulary });
            }
        }
        for (sequence, (tokens, _)) in sequences.sequences().enumerate() {
            if tokens.len() > a.context {
                return Err(EngineError::Context { sequence, length: tokens.len(), context: a.context });
            }
        }
        Ok(())
    }

    /// Values at each token of a pass that was just run.
    pub(crate) fn read_values(&self) -> Result<Vec<f32>, EngineError> {
        let pair = self.weights.layout.scalar.as_ref().ok_or(EngineError::NoScalarHead)?;
        let weight = self.weights.at(&pair.first);
        let bias = self.weights.bias(pair).map_or(0.0, |b| b[0]);
        let width = weight.len();
        let out = &self.trace.out;
        let mut values = vec![0.0; out.len() / width];
        self.cpu.map_rows(&mut values, 1, width, &|rows, values| {
            for (value, row) in values.iter_mut().zip(rows) {
                let x = &out[row * width..(row + 1) * width];
                *value = dot(self.cpu.processor(), x, weight) + bias;
            }
        });
        Ok(values)
    }
}
