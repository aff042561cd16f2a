//! Products in 16 bits.
//!
//! Weights, optimizer, residual stream, norms, attention and the vocabulary head stay in f32 whatever the layers'
//! matrices are multiplied in.

use crate::Precision;
use crate::tensor::{DType, Tensor};

/// Its name among Burn's.
pub(crate) fn dtype(precision: Precision) -> DType {
    match precision {
        Precision::F32 => DType::F32,
        Precision::Bf16 => DType::BF16,
        Precision::F16 => DType::F16,
    }
}

/// The divisor of a cotangent before it is pulled back, by which gradients are multiplied after: its greatest
/// element, so that a loss needs no scale to be searched for it. Nothing where the range is that of f32.
pub(crate) fn scale(precision: Precision, cotangent: &Tensor<2>) -> Option<Tensor<2>> {
    let greatest = || cotangent.clone().max_abs().clamp_min(f32::MIN_POSITIVE).reshape([1, 1]);
    (precision == Precision::F16).then(greatest)
}
