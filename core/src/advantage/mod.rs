//! Advantages: from rewards and values to what a policy gradient weighs each token by.
//!
//! | step | here |
//! |---|---|
//! | the KL penalty and the score as rewards, token by token | [`Shaping`], [`KlEstimator`], [`KlController`] |
//! | a critic's advantages and returns | [`Gae`], [`gae()`], [`estimate`] |
//! | advantages without a critic | [`GroupAdvantages`], [`MovingBaseline`], [`reward_to_go()`], [`broadcast()`] |
//! | whitening over a batch | [`whiten`], [`Whitening`] |
//! | which responses count | [`Overlong`], [`informative`], [`Selection`], [`best_and_worst`] |
//! | another sampler than the trainer | [`ImportanceCorrection`] |
//! | what a person's late judgment is about | [`Delay`] |
//! | the exact KL from a reference, token by token | [`exact_kl`], `exact_kls` |
//!
//! Text and checks are shared by `f32` and `f64` ([`crate::Real`]).

mod baseline;
mod broadcast;
#[cfg(feature = "alloc")]
mod exact_kls;
mod feedback_delay;
mod gae;
mod group_advantages;
mod importance;
mod kl;
mod overlong;
mod pair_selection;
mod response;
mod reward_to_go;
mod selection;
mod shaping;
pub(crate) mod whitening;

pub use baseline::{Baseline, MovingBaseline};
pub use broadcast::broadcast;
#[cfg(feature = "alloc")]
pub use exact_kls::exact_kls;
pub use feedback_delay::Delay;
pub use gae::{Cutoff, Gae, gae, returns};
pub use group_advantages::{GroupAdvantages, Scale, informative};
pub use importance::{ImportanceCorrection, ImportanceLevel, ImportanceLimit, ImportanceStats};
pub use kl::{KlController, KlEstimator, exact_kl, exact_kl_pull};
pub use overlong::Overlong;
pub use pair_selection::{best_and_worst, win_rates};
pub use response::{Response, estimate};
pub use reward_to_go::reward_to_go;
pub use selection::Selection;
pub use shaping::{End, MissingEnd, ScorePlacement, Shaping};
pub use whitening::{Guard, MeanShift, Variance, Whitening, masked_mean, masked_variance, whiten};
