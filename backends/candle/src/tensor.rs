//! Burn 0.21's tensors under the names that `backends/burn` has for those of a later version. Their types
//! say what they are computed by, and whether they keep a graph: these keep none, those of `graph.rs` do.

// All of the crate is marked as deprecated, which the README says.
#![allow(deprecated)]

use burn_candle::{Candle, CandleDevice};
use burn_tensor::Float;
use burn_tensor::backend::Backend;

pub(crate) use burn_tensor::activation::{log_softmax, sigmoid, silu, softmax};
pub(crate) use burn_tensor::module::attention;
pub(crate) use burn_tensor::ops::AttentionModuleOptions;
pub(crate) use burn_tensor::{Bool, DType, Element, IndexingUpdateOp, Int, TensorData};

pub(crate) type Engine = Candle<f32, i64>;
pub(crate) type Device = CandleDevice;
pub(crate) type Tensor<const D: usize, K = Float> = burn_tensor::Tensor<Engine, D, K>;
pub(crate) type Transaction = burn_tensor::Transaction<Engine>;

/// Returns whether the device computes in this type. Candle stores bf16 on a processor, but does not multiply matrices
/// of it.
pub(crate) fn supports(device: &Device, dtype: DType) -> bool {
    dtype != DType::BF16 && Engine::supports_dtype(device, dtype)
}

/// A view's `rows` along its first axis. Candle takes them of a tensor in one piece alone, as products are.
pub(crate) fn select_rows(view: Tensor<4>, rows: Tensor<1, Int>) -> Tensor<4> {
    view.mul_scalar(1.0).select(0, rows)
}

/// Returns the numbers read, as `E`, whatever type the device has; or the reason why they are not.
pub(crate) fn list<E: Element>(data: TensorData) -> Result<Vec<E>, String> {
    data.convert::<E>().into_vec().map_err(|error| format!("{error:?}"))
}
