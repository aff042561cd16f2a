//! Networks that play every role, and the engines that make them: what a backend implements so that the whole
//! product runs on it, the command included.
//!
//! | trait | what it adds |
//! |---|---|
//! | [`Engine`] | makes networks, and says what the bits of a result depend on |
//! | [`Network`] | to the roles: its architecture, its weights, the state of its optimizer, dropout; and the capabilities that it has |
//! | [`DynNetwork`] | the same through a pointer, for every [`Network`], as [`BoxedNetwork`] has it; [`DynRows`], [`DynCandidates`] and [`DynParameters`] for the capabilities |

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
