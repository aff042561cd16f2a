//! Rotary positions (Su et al., arXiv:2104.09864), the halves of a head rotated against each other.

use super::Shape;
use crate::{Device, padded::matrix};
use burn_tensor::{Int, Tensor};
use rlhf_core::model::{Architecture, Family};

/// Cosines and sines of every position's angles, `[context, head_width / 2]` each; none where the family
/// has no rotary positions.
#[derive(Clone)]
pub(crate) struct Rope(Option<[Tensor<2>; 2]>);

impl Rope {
    pub(crate) fn new(device: &Device, a: &Architecture) -> Self {
        if a.family != Family::Llama {
            return Self(None);
        }
        let half = a.head_width / 2;
        let angles = || {
            (0..a.context * half).map(move |i| {
                let (position, i) = (i / half, i % half);
                position as f64 * libm::pow(f64::from(a.rope_theta), -(i as f64) / half as f64)
            })
        };
        let table = |of: fn(f64) -> f64| matrix(device, angles().map(|x| of(x) as f32).collect(), half);
        Self(Some([table(libm::cos), table(libm::sin)]))
    }

    /// What rotates the heads of a pass.
    pub(super) fn at(&self, positions: Tensor<1, Int>, shape: Shape) -> Turns {
        let of = |table: &Tensor<2>| {
            let [_, half] = table.dims();
            table.clone().select(0, positions.clone()).reshape([shape.batch, 1, shape.time, half])
        };
        Turns { shape, turns: self.0.as_ref().map(|[cos, sin]| [of(cos), of(sin)]) }
    }
}

/// How the rows of a pass are laid out, and what rotates their heads.
pub(crate) struct Turns {
    pub(super) shape: Shape,
    /// Cosines and sines, `[batch, 1, time, head_width / 2]`.
    turns: Option<[Tensor<4>; 2]>,
}

impl Turns {
    /// Rotates heads, `[batch, heads, time, head_width]`.
    pub(super) fn turn(&self, x: Tensor<4>) -> Tensor<4> {
        let Some([cos, sin]) = &self.turns else { return x };
        let half = x.dims()[3] / 2;
        let (low, high) = (x.clone().narrow(3, 0, half), x.narrow(3, half, half));
        let turned_low = low.clone() * cos.clone() - high.clone() * sin.clone();
        let turned_high = high * cos.clone() + low * sin.clone();
        Tensor::cat(vec![turned_low, turned_high], 3)
    }
}
