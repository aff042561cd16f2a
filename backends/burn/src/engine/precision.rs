//! What products are computed in.

use crate::tensor::{DType, Tensor};

/// What the layers' matrices are multiplied in. Weights, optimiser, residual stream, norms, attention and
/// the vocabulary head stay in f32 whatever it is: a step that is small beside its weight is not lost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Precision {
    /// 32 bits.
    #[default]
    F32,
    /// 16 bits with the range of 32.
    Bf16,
    /// 16 bits, half of them beyond the point. Gradients are scaled to its range on their way back, and
    /// scaled again when they are out of it.
    F16,
}

impl Precision {
    pub(crate) fn dtype(self) -> DType {
        match self {
            Self::F32 => DType::F32,
            Self::Bf16 => DType::BF16,
            Self::F16 => DType::F16,
        }
    }

    /// What a cotangent is divided by before it is pulled back, and gradients are multiplied by after:
    /// its greatest element, so that a loss needs no scale to be searched for it. Nothing where the range
    /// is that of f32.
    pub(crate) fn scale(self, cotangent: &Tensor<2>) -> Option<Tensor<2>> {
        let greatest = || cotangent.clone().max_abs().clamp_min(f32::MIN_POSITIVE).reshape([1, 1]);
        (self == Self::F16).then(greatest)
    }
}
