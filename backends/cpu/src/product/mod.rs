//! Matrix products whose every output element is one accumulation over k in rising order, whatever
//! the shape, the blocking or the number of threads.

mod few;
mod gemm;
mod micro;
mod pack;
mod portable;
mod room;
mod shape;
mod tile;

pub(crate) use few::gemm_packed;
pub(crate) use gemm::{gemm, gemm_columns};
pub(crate) use micro::small;
pub(crate) use pack::Packed;
pub(crate) use shape::{Matrix, Start};

#[cfg(test)]
mod tests;
