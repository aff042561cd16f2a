//! Networks that play every role, and the engines that create them. A backend that implements these traits runs
//! everything, the command included.
//!
//! | trait | adds |
//! |---|---|
//! | [`Engine`] | the creation of networks on a device, and the name that runs record |
//! | [`Network`] | to the roles: architecture, weights, optimizer state, dropout, and access to optional capabilities |
//! | [`DynNetwork`] | a dyn-compatible form of [`Network`] for [`BoxedNetwork`] |
//! | [`DynRows`], [`DynCandidates`], [`DynParameters`] | dyn-compatible forms of the capabilities |

mod boxed;
mod capabilities;
mod capability;
mod engine;
mod error;
mod future;
mod precision;
mod state;
mod whole;

pub use boxed::{BoxedNetwork, DynNetwork};
pub use capabilities::{DynCandidates, DynParameters, DynRows};
pub use capability::Capability;
pub use engine::Engine;
pub use error::{EngineError, OtherError};
pub use future::BoxedFuture;
pub use precision::Precision;
pub use state::OptimizerState;
pub use whole::Network;
