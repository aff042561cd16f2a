//! Products of f32 activations with weights that lie ready in panels: f32, f16 and bf16.
//!
//! Weights are written once into panels of 16 outputs that memory is read through in one direction, as those of
//! [`quantized`](crate::quantized) are. An output is one sum over inputs in rising order, so its bits depend on the
//! instruction set and on nothing else. Bytes need no alignment.
//!
//! ```
//! use rlhf_kernels::Processor;
//! use rlhf_kernels::floats::{FloatFormat, FloatWeightsMut, float_bytes};
//! use rlhf_kernels::quantized::{MatrixMut, WeightShape};
//!
//! const SHAPE: WeightShape = WeightShape { outputs: 2, inputs: 3 };
//! let mut memory = [0; float_bytes(SHAPE, FloatFormat::Bf16)];
//! let mut weights = FloatWeightsMut::new(SHAPE, FloatFormat::Bf16, &mut memory)?;
//! weights.set(0, &[1.0, 0.0, -1.0])?;
//! weights.set(1, &[0.0, 2.0, 0.0])?;
//! let mut y = [0.0; 2];
//! let (x, mut out) = ([5.0, 3.0, 1.0], MatrixMut::new(&mut y, 1, 2)?);
//! weights.finish().multiply(Processor::best(), &x, &mut out)?;
//! assert_eq!(y, [4.0, 6.0]);
//! # Ok::<(), rlhf_kernels::quantized::Error>(())
//! ```

mod product;
mod weights;

pub use weights::{FloatFormat, FloatWeights, FloatWeightsMut, float_bytes};

#[cfg(test)]
mod tests;
