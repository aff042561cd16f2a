//! Rewards made of scores: one scale for several models, one score from several members or several steps.

#[cfg(feature = "alloc")]
mod ensemble;
mod rule;
mod scale;
mod step_score;
#[cfg(feature = "alloc")]
mod steps;

#[cfg(feature = "alloc")]
pub use ensemble::Ensemble;
pub use rule::{Disagreement, EnsembleRule};
pub use scale::RewardScale;
pub use step_score::StepScore;
#[cfg(feature = "alloc")]
pub use steps::Steps;
