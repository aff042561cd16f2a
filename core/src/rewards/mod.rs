//! Rewards made of other roles: several reward models as one, a critic of steps as a judge of wholes.

mod ensemble;
mod steps;

pub use ensemble::Ensemble;
pub use steps::Steps;
