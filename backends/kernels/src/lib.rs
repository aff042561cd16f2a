//! The products, attention tiles and elementwise functions of `rlhf`'s CPU engine and scorer, for every processor.
//!
//! Functions take slices and memory that the caller owns; nothing is allocated. Each is written once over vectors of
//! sixteen f32 and compiled once per instruction set ([`Isa`]); a [`Processor`] is one that was found to be there. The
//! bits of a result depend on the instruction set alone. Plain Rust is the oracle of the others.
#![no_std]
// A kernel's arguments are its operands.
#![allow(clippy::too_many_arguments)]

#[cfg(test)]
extern crate alloc;
#[cfg(any(test, feature = "std"))]
extern crate std;

pub mod activation;
pub mod adam;
pub mod attention;
mod dispatch;
mod features;
pub mod floats;
mod isa;
mod lanes;
pub mod memory;
pub mod norm;
pub mod peak;
mod plain;
pub mod product;
pub mod quantized;
pub mod rope;
mod rounding;
mod slices;
pub mod softmax;
#[cfg(test)]
mod testing;
pub mod vector;
mod vector_math;

pub use isa::{Isa, Processor};
pub use lanes::WIDTH;
