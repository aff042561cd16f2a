//! Rotary positions (Su et al., arXiv:2104.09864), the halves of a head rotated against each other.

use crate::Device;
use crate::engine::layer::Rotary;
use crate::engine::padded::matrix;
use crate::tensor::{Int, Tensor};
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

    /// The layout of a pass over `batch` sequences of equally many rows at `positions`, and what rotates
    /// their heads.
    pub(crate) fn at(&self, batch: usize, positions: Tensor<1, Int>) -> Rotary {
        let [rows] = positions.dims();
        let time = rows / batch;
        let of = |table: &Tensor<2>| {
            let [_, half] = table.dims();
            table.clone().select(0, positions.clone()).reshape([batch, 1, time, half])
        };
        Rotary { batch, time, angles: self.0.as_ref().map(|[cos, sin]| [of(cos), of(sin)]) }
    }
}
