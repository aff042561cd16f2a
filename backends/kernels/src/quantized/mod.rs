//! Products of int8 activations with int8 and 4-bit weights, whose bits are the same on every processor.
//!
//! | numbers | bits a number | scale | error of a product |
//! |---|---|---|---|
//! | activations: [`Activations`] | 12 | f32 for 32 | 0.54 % with exact weights |
//! | int8 weights: [`Int8Weights`] | 8 | f32 for a row | 0.92 % |
//! | 4-bit weights: [`FourBitWeights`] | 4.5 | f16 for 32 | 8.6 % |
//! | 4-bit weights with a minimum | 5 | two f16 for 32 | 7.7 % |
//!
//! Error: root mean square over that of the product, normal weights and activations, 576 inputs.
//!
//! Weights are quantized or repacked once, into panels of 16 outputs that memory is read through in one direction.
//! The caller owns all memory; sizes are `const fn`.
//!
//! ```
//! use rlhf_kernels::Processor;
//! use rlhf_kernels::quantized::{Activations, Int8WeightsMut, MatrixMut, WeightShape};
//!
//! const SHAPE: WeightShape = WeightShape { outputs: 2, inputs: 3 };
//! let mut memory = [0; SHAPE.int8_bytes()];
//! let mut weights = Int8WeightsMut::new(SHAPE, &mut memory)?;
//! weights.quantize(0, &[1.0, 0.0, -1.0])?;
//! weights.quantize(1, &[0.0, 2.0, 0.0])?;
//! let weights = weights.finish();
//!
//! let processor = Processor::best();
//! let mut workspace = [0; Activations::bytes(1, 3)];
//! let x = Activations::quantize(processor, 1, 3, &[5.0, 3.0, 1.0], &mut workspace)?;
//! let mut y = [0.0; 2];
//! weights.multiply(processor, x, &mut MatrixMut::new(&mut y, 1, 2)?)?;
//! assert!((y[0] - 4.0).abs() < 0.05 && (y[1] - 6.0).abs() < 0.05);
//! # Ok::<(), rlhf_kernels::quantized::Error>(())
//! ```

mod activations;
mod dispatch;
mod error;
mod four_bits;
mod int8;
mod integers;
mod isa;
mod matrix;
pub(crate) mod peak;
mod product;
mod shape;

pub use activations::Activations;
pub use error::Error;
pub(crate) use error::check;
pub use four_bits::{FourBitBlock, FourBitWeights, FourBitWeightsMut};
pub use int8::{Int8Weights, Int8WeightsMut};
pub(crate) use integers::halves;
pub use isa::IntegerIsa;
pub use matrix::MatrixMut;
pub use shape::{BLOCK, FourBitFormat, PANEL, WeightShape};

#[cfg(test)]
mod tests;
