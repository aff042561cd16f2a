//! The engine that a run is computed on, chosen at run time.
//!
//! | device | feature | engine |
//! |---|---|---|
//! | `cpu` | | [`rlhf_cpu`], this processor's |
//! | `flex`, `ndarray` | the same | Burn's, on the processor |
//! | `cuda`, `metal`, `vulkan`, `wgpu` | the same | Burn's, on a graphics card; `cuda:1` is the second one |
//!
//! One's own engine, a [`rlhf_core::network::Engine`], joins them in [`Devices`], or is one by [`Device::new`].
//!
//! A [`Model`] is a network of whichever engine its [`Device`] is of, and plays every role there:
//!
//! ```
//! use rlhf::engine::{Device, Model, Precision};
//! use rlhf_core::{Ragged, ready, roles::Reward};
//! let device = Device::named("cpu", rlhf_cpu::Cpu::default(), Precision::F32)?;
//! let network = rlhf_core::model::Architecture::gpt2(9, 8, 6, 1, 2);
//! let mut model = Model::random(&device, network, 1)?.with_scalar_head(0.5, 1)?;
//! let mut score = [f32::NAN];
//! ready(model.score(Ragged::new(&[3, 1, 4], &[3])?, &mut score)).unwrap()?;
//! assert!(score[0].is_finite());
//! assert!(Device::named("abacus", rlhf_cpu::Cpu::default(), Precision::F32).is_err());
//! # Ok::<(), rlhf::engine::EngineError>(())
//! ```

mod action_values;
mod aligned;
mod capabilities;
mod device;
mod devices;
mod dropout;
#[cfg(feature = "run")]
mod file_error;
mod model;
mod roles;
#[cfg(feature = "run")]
mod save;
mod scorer;
#[cfg(test)]
mod tests;

pub use action_values::ActionValues;
pub use aligned::Aligned;
pub use device::Device;
pub use devices::{DeviceRequest, Devices};
pub(crate) use dropout::with_dropout;
#[cfg(feature = "run")]
pub use file_error::FileError;
pub use model::Model;
pub use rlhf_core::network::{Capability, EngineError, OptimizerState, Precision};
pub use scorer::{Member, Scorer};
