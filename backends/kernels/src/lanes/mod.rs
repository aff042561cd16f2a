//! Vectors of sixteen f32, on every processor.
//!
//! Every kernel is written once over [`Lanes`] and compiled once per instruction set; the number of
//! lanes is fixed, so a reduction adds in the same order everywhere.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod portable;
mod vector;

#[cfg(target_arch = "x86_64")]
pub(crate) use avx2::Avx2;
#[cfg(target_arch = "x86_64")]
pub(crate) use avx512::Avx512;
pub(crate) use portable::Portable;
pub(crate) use vector::Lanes;
pub use vector::WIDTH;

#[cfg(test)]
mod tests;
