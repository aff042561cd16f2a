//! Algorithms whose steps are more than an objective's gradient, over the roles and
//! [`crate::capabilities`] alone.
//!
//! | what | over |
//! |---|---|
//! | [`Trpo`]: a natural gradient's step within a bound on the KL | [`crate::capabilities::Parameters`] |
//! | [`Fisher`]: products with a policy's Fisher information | [`crate::capabilities::Parameters`] |
//! | [`Follow`]: a copy that lags behind (NLPO's mask policy, ILQL's targets) | [`crate::capabilities::Parameters`] |
//! | [`exact_kls`]: the exact KL from a reference, token by token | [`crate::capabilities::Rows`] |

mod exact_kl;
mod fisher;
mod follow;
mod trpo;

pub use exact_kl::exact_kls;
pub use fisher::Fisher;
pub use follow::Follow;
pub use trpo::{Trpo, TrpoStep};
