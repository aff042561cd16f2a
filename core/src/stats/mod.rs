//! Statistics of streams: running moments, and means with their standard errors.

mod measured;
mod moments;

pub use measured::{ClusterMean, Measured};
pub use moments::RunningMoments;
