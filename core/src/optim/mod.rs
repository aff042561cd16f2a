//! Optimizers: AdamW, learning-rate schedules, averages of weights, and natural gradients.
//!
//! | part | needs of a network |
//! |---|---|
//! | [`adamw()`], `AdamW`, [`clip_factor`], [`Schedule`], `MovingAverage` | nothing: they work on slices |
//! | [`average()`], `Follow`: a network that lags behind another (NLPO's mask policy, ILQL's targets) | `Parameters` |
//! | `Trpo`: a natural gradient's step within a bound on the KL | `Parameters` |
//! | `Fisher`, `ConjugateGradient`: products with a policy's Fisher information, and their solution | `Parameters` |

mod adamw;
mod average;
#[cfg(feature = "alloc")]
mod conjugate_gradient;
#[cfg(feature = "alloc")]
mod fisher;
#[cfg(feature = "alloc")]
mod follow;
mod schedule;
#[cfg(feature = "alloc")]
mod trpo;

#[cfg(feature = "alloc")]
pub use adamw::AdamW;
pub use adamw::{Adam, Decay, EpsilonAt, Update, adamw, clip_factor, global_norm};
#[cfg(feature = "alloc")]
pub use average::MovingAverage;
pub use average::average;
#[cfg(feature = "alloc")]
pub use conjugate_gradient::ConjugateGradient;
#[cfg(feature = "alloc")]
pub use fisher::Fisher;
#[cfg(feature = "alloc")]
pub use follow::Follow;
pub use schedule::{Schedule, Shape, WarmUp};
#[cfg(feature = "alloc")]
pub use trpo::{Trpo, TrpoStep};
