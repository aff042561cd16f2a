//! A network that plays every role.

use crate::engine::guard::catch_panic_async;
use crate::engine::layer::causal;
use crate::engine::learning::Learning;
use crate::engine::network::Network;
use crate::engine::padded::Padded;
use crate::engine::read::floats;
use crate::engine::rope::Rope;
use crate::engine::weights::Layout;
use crate::engine::{check, head::Head};
use crate::tensor::Tensor;
use crate::{Device, EngineError, Precision};
use core::fmt;
use rlhf_core::model::{self, Architecture, Checkpoint, CheckpointError};
use rlhf_core::{Batch, Ragged};
use std::sync::Arc;

/// A network that plays every role: policy, reference, reward model, critic, learner.
///
/// Its weights, and what learning keeps beside them, stay on the device. A clone shares the weights until
/// one of the two learns; it has no optimizer state.
pub struct Model {
    pub(crate) device: Device,
    pub(crate) architecture: Arc<Architecture>,
    pub(crate) layout: Arc<Layout>,
    pub(crate) rope: Rope,
    pub(crate) weights: Vec<Tensor<2>>,
    pub(crate) precision: Precision,
    pub(crate) learning: Option<Learning>,
    pub(crate) dropout_seed: u64,
}

impl Clone for Model {
    fn clone(&self) -> Self {
        Self {
            device: self.device.clone(),
            architecture: self.architecture.clone(),
            layout: self.layout.clone(),
            rope: self.rope.clone(),
            weights: self.weights.clone(),
            precision: self.precision,
            learning: None,
            dropout_seed: 0,
        }
    }
}

impl fmt::Debug for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Model({:?}, {:?})", self.architecture, self.device.name())
    }
}

impl Model {
    /// A network with these weights, in the order of [`Architecture::tensors`]: another backend's, to
    /// go on here.
    ///
    /// # Errors
    /// [`EngineError::Core`] names the field of the architecture that does not fit, or says how many
    /// numbers there should be.
    pub fn from_weights(
        device: &Device,
        architecture: Architecture,
        weights: &[f32],
    ) -> Result<Self, EngineError> {
        architecture.validate()?;
        let layout = Layout::new(&architecture);
        let weights = layout.send(device, weights)?;
        Ok(Self {
            rope: Rope::new(device, &architecture),
            device: device.clone(),
            architecture: Arc::new(architecture),
            layout: Arc::new(layout),
            weights,
            precision: Precision::F32,
            learning: None,
            dropout_seed: 0,
        })
    }

    /// A network with random weights, [`rlhf_core::model::random`]'s: those that other backends begin with.
    ///
    /// # Errors
    /// [`EngineError::Core`] names the field of the architecture that does not fit.
    pub fn random(device: &Device, architecture: Architecture, seed: u64) -> Result<Self, EngineError> {
        let weights = model::random(&architecture, seed)?;
        Self::from_weights(device, architecture, &weights)
    }

    /// Returns the same network with a scalar head, which makes a language model a reward model. The head's weights are
    /// normal with standard deviation `deviation`; 0 makes it return 0. An existing head is replaced.
    ///
    /// # Errors
    /// [`EngineError::Core`] when `deviation` is negative or not finite; [`EngineError::Device`].
    pub async fn with_scalar_head(&self, deviation: f32, seed: u64) -> Result<Self, EngineError> {
        let old = self.architecture();
        let weights = model::with_scalar_head(old, &self.weights().await?, deviation, seed)?;
        let headed = Self::from_weights(&self.device, old.with_scalar(), &weights)?;
        Ok(Self { precision: self.precision, ..headed })
    }

    /// A network from a checkpoint under Hugging Face's names. A scalar head that the checkpoint lacks is 0.
    ///
    /// # Errors
    /// [`EngineError::Checkpoint`] names the tensor.
    pub fn load(
        device: &Device,
        architecture: Architecture,
        checkpoint: &dyn Checkpoint,
    ) -> Result<Self, EngineError> {
        let (weights, _) = model::flat(&architecture, checkpoint)?;
        Self::from_weights(device, architecture, &weights)
    }

    /// The architecture.
    pub fn architecture(&self) -> &Architecture {
        &self.architecture
    }

    /// The device.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// Reads all weights, in the order of [`Architecture::tensors`]; [`rlhf_core::model::stored`] makes a checkpoint of
    /// them, and another backend a network.
    ///
    /// # Errors
    /// [`EngineError::Device`]; [`EngineError::Checkpoint`] where there is no memory for them.
    pub async fn weights(&self) -> Result<Vec<f32>, EngineError> {
        self.gather(&self.weights).await
    }

    /// Seeds the dropout masks of learning; the architecture says how much is dropped. Under the CPU
    /// engine's seed they are the CPU engine's masks.
    pub fn seed_dropout(&mut self, seed: u64) {
        self.dropout_seed = seed;
    }

    /// Logits of what follows each token, `[tokens, vocabulary]`, row-major. For a look: nothing that
    /// learns or samples lets so many numbers leave the device.
    ///
    /// # Errors
    /// A token outside the vocabulary, a sequence beyond the context, or the device's own.
    pub async fn logits(&mut self, sequences: Ragged<'_>) -> Result<Vec<f32>, EngineError> {
        check::texts(&self.architecture, sequences)?;
        let mut out = Vec::new();
        if sequences.is_empty() {
            return Ok(out);
        }
        catch_panic_async(async {
            let padded = self.padded(sequences)?;
            let output = self.forward(&padded);
            let weight = self.weights[self.layout.head].clone();
            let head = Head::new(&self.device, output, padded.rows, weight, 1.0);
            for tile in head.tiles() {
                out.extend(floats(head.logits(&tile)).await?);
            }
            Ok(out)
        })
        .await
    }

    pub(crate) fn network(&self) -> Network<'_> {
        let Self { architecture, layout, rope, precision, weights, .. } = self;
        Network { architecture, layout, rope, precision: *precision, weights: weights.clone(), masks: None }
    }

    pub(crate) fn padded(&self, sequences: Ragged<'_>) -> Result<Padded, EngineError> {
        Padded::new(&self.device, sequences, &self.architecture)
    }

    /// The last norm's output, without a graph, `[rows, width]`.
    pub(crate) fn forward(&self, padded: &Padded) -> Tensor<2> {
        let (tokens, positions) = (padded.tokens.clone(), padded.positions.clone());
        self.network().body(padded.batch, tokens, positions, |_, q, k, v| causal(q, k, v))
    }

    /// The head over the rows that the tokens at `positions` are predicted from.
    pub(crate) fn head(
        &self,
        output: Tensor<2>,
        batch: Batch<'_>,
        positions: &[usize],
        padded: &Padded,
    ) -> Head {
        // A token is predicted from the row before its own.
        let rows = positions.iter().map(|&t| padded.rows[t] - 1).collect();
        Head::new(&self.device, output, rows, self.weights[self.layout.head].clone(), batch.temperature())
    }

    /// The scalar head at every row, `[rows, 1]`.
    pub(crate) fn scalar(&self, hidden: &Tensor<2>) -> Result<Tensor<2>, EngineError> {
        let pair = self.layout.scalar.ok_or(EngineError::NoScalarHead)?;
        let values = (hidden.clone() * self.weights[pair.first].clone()).sum_dim(1);
        Ok(match pair.bias {
            Some(bias) => values + self.weights[bias].clone(),
            None => values,
        })
    }

    /// Tensors as the weights, end to end on the host.
    pub(crate) async fn gather(&self, tensors: &[Tensor<2>]) -> Result<Vec<f32>, EngineError> {
        let (mut out, parameters) = (Vec::new(), self.layout.len());
        out.try_reserve_exact(parameters).map_err(|_| CheckpointError::Memory { parameters })?;
        catch_panic_async(async {
            for tensor in tensors {
                out.extend(floats(tensor.clone()).await?);
            }
            Ok(out)
        })
        .await
    }
}
