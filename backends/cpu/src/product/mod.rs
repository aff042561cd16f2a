//! Products of `rlhf-kernels`, shared among threads.

mod gemm;
mod packed;
mod panels;
mod portable;
mod split;
mod workspace;

pub(crate) use gemm::{gemm, gemm_columns};
pub(crate) use packed::{Packed, gemm_packed};
pub(crate) use rlhf_kernels::product::{Matrix, Output, Shape, Start};

#[cfg(test)]
mod tests;
