//! Matrix products whose every output element is one accumulation over k in rising order, whatever
//! the shape, the blocking or the number of threads.

mod gemm;
mod micro;
mod pack;
mod portable;
mod shape;
mod small_m;
mod tile;
mod workspace;

pub(crate) use gemm::{gemm, gemm_columns};
pub(crate) use micro::small;
pub(crate) use pack::Packed;
pub(crate) use shape::{Matrix, Output, Shape, Start, Strided};
pub(crate) use small_m::gemm_packed;

#[cfg(test)]
mod tests;
