//! Everything that `engine` takes of Burn's tensors. `backends/candle` has the same engine over the last version of
//! Burn that candle is part of; there this file, `graph.rs` and `device.rs` differ.

pub(crate) use burn_tensor::activation::{log_softmax, sigmoid, silu, softmax};
pub(crate) use burn_tensor::module::attention;
pub(crate) use burn_tensor::ops::AttentionModuleOptions;
pub(crate) use burn_tensor::{
    Bool, DType, Device, Element, IndexingUpdateOp, Int, Tensor, TensorData, Transaction,
};

/// Returns whether the device computes in this type.
pub(crate) fn supports(device: &Device, dtype: DType) -> bool {
    device.supports_dtype(dtype)
}

/// A view's `rows` along its first axis.
pub(crate) fn select_rows(view: Tensor<4>, rows: Tensor<1, Int>) -> Tensor<4> {
    view.select(0, rows)
}

/// Returns the numbers read, as `E`, whatever type the device has; or the reason why they are not.
pub(crate) fn list<E: Element>(data: TensorData) -> Result<Vec<E>, String> {
    data.try_into_vec_as().map_err(|error| error.to_string())
}
