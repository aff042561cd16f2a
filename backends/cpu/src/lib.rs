//! A transformer engine for the CPU: the GPT-2 and Llama families, forward and backward, for `rlhf`.
//!
//! Batches are ragged, without a pad token anywhere. The bits of a result depend on the instruction
//! set ([`Isa`]) alone: not on threads, on the company in a batch, on the key-value cache, nor on how
//! an optimizer's batch is split between sequences. Where there is no kernel of ours
//! ([`Isa::Portable`]), products are `matrixmultiply`'s and this holds within a tolerance.
//!
//! ```
//! use rlhf_core::model::Architecture;
//! use rlhf_core::roles::Reference;
//! use rlhf_core::{Batch, Ragged, ready};
//! use rlhf_cpu::{Cpu, Model};
//! // 9 token ids, texts of at most 8 tokens, 6 wide, 1 layer of 2 heads.
//! let mut model = Model::random(&Cpu::default(), Architecture::gpt2(9, 8, 6, 1, 2), 0)?;
//! // Two texts. Of each token after the first, how likely is it?
//! let texts = Ragged::new(&[3, 1, 4, 1, 5], &[3, 5])?;
//! let mut log_probs = [0.0; 5];
//! let batch = Batch::new(texts, &[false, true, true, false, true])?;
//! ready(model.log_probs(batch, &mut log_probs)).unwrap()?;
//! assert!(log_probs[1] < 0.0 && log_probs[3] == 0.0);
//! # Ok::<(), rlhf_cpu::EngineError>(())
//! ```
#![no_std]
// A kernel's arguments are its operands.
#![allow(clippy::too_many_arguments)]

extern crate alloc;
#[cfg(test)]
extern crate self as rlhf_cpu;
#[cfg(any(test, feature = "std"))]
extern crate std;

mod activation;
mod attention;
mod capabilities;
mod cpu;
mod embedding;
mod engine;
mod generate;
mod head;
mod layer;
mod learner;
mod learning;
mod linear;
mod model;
mod network;
mod norm;
mod optimizer;
mod output_positions;
mod product;
mod roles;
mod rope;
mod state;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod threads;
mod weights;

pub use cpu::Cpu;
pub use model::Model;
pub use rlhf_core::network::EngineError;
pub use rlhf_kernels::Isa;
pub use threads::{Job, Workers};
