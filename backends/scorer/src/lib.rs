//! Reward scoring inside anything: a microcontroller, an app, a server.
//!
//! A model file and memory that the caller owns make a [`Scorer`], which scores texts without an allocator, without `std`
//! and without a panic. `rlhf export --format scorer` writes the file from any reward model.
//!
//! ```
//! use rlhf_scorer::{Scorer, Shape, Family, WeightFormat, arena_bytes, include_model};
//!
//! static MODEL: &[u8] = include_model!("../tests/tiny.rlhf");
//! // Printed by the export.
//! const SHAPE: Shape = Shape {
//!     family: Family::Llama, weights: WeightFormat::Int8, vocabulary: 257, context: 64, width: 32,
//!     layers: 2, heads: 4, kv_heads: 2, head_width: 8, hidden: 48,
//! };
//! const CONTEXT: usize = 64;
//! const ARENA: usize = arena_bytes(&SHAPE, CONTEXT);
//!
//! let mut arena = [0; ARENA];
//! let mut scorer = Scorer::new(MODEL, &mut arena)?;
//! let (score, other) = (scorer.score("Thank you, friend.")?, scorer.score("Go away!")?);
//! assert!(score.is_finite() && other.is_finite());
//! # Ok::<(), rlhf_scorer::Error>(())
//! ```
//!
//! | call | for |
//! |---|---|
//! | [`Scorer::score`], [`Scorer::score_reply`], [`Scorer::score_tokens`] | one text, a reply to a prompt, token ids |
//! | [`Scorer::compare`] | the probability that people prefer one text to another |
//! | [`Scorer::scores`] | several texts |
//! | [`Growing::push`] | a reply that grows token by token: one token costs one token |
//!
//! **The same bits everywhere.** Models of int8 and 4-bit weights score to the same bits on every processor, for their
//! products are exact integer sums and the rest is plain Rust in a fixed order. Models of f32, f16 and bf16 do with
//! [`Scorer::with_processor`] and `Processor::PORTABLE`; otherwise they use the processor's fused operations.
//!
//! **Memory.** A whole text is scored layer by layer, so that one layer's keys and values are all that is held. With int8 and
//! 4-bit weights they are in int8, and the residual stream in 16 bits.
//!
//! The file is described in `FORMAT.md`.
#![no_std]

#[cfg(any(test, feature = "alloc"))]
extern crate alloc;
#[cfg(any(test, feature = "std"))]
extern crate std;

mod arena;
#[cfg(feature = "alloc")]
mod buffer;
mod compare;
mod error;
mod file;
mod growing;
mod layer;
mod maths;
mod matrix;
mod memory;
#[cfg(feature = "alloc")]
mod model_file;
mod reward;
mod scorer;
mod shape;
#[cfg(test)]
mod tests;
mod tokenizer;

pub use arena::{ROWS, arena_bytes, arena_bytes_with_rows, growing_arena_bytes};
#[cfg(feature = "alloc")]
pub use buffer::Buffer;
pub use compare::probability;
pub use error::Error;
#[cfg(feature = "write")]
pub use file::write::{NewModel, WriteError, write};
pub use file::{ALIGNMENT, Aligned, Model, VERSION, checksum};
pub use growing::Growing;
#[cfg(feature = "alloc")]
pub use model_file::ModelFile;
pub use rlhf_kernels::{Isa, Processor};
pub use scorer::Scorer;
pub use shape::{Family, Shape, WeightFormat};

/// The README's code compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
