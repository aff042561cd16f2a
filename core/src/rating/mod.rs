//! Ratings of models, from who won against whom.
//!
//! | | from | interval |
//! |---|---|---|
//! | [`BradleyTerry`] | all results at once, by maximum likelihood | [`Ratings`]: observed information; bootstrap |
//! | [`Elo`] | one game after the other | bootstrap |

mod bradley_terry;
mod connected;
mod elo;
mod error;
mod inverse;
mod ratings;
mod resampled;
mod results;

pub use bradley_terry::BradleyTerry;
pub use elo::{Elo, Game, win_probability};
pub use error::RatingError;
pub use ratings::Ratings;
pub use resampled::Resampled;
pub use results::Results;

/// Elo points in a nat of Bradley–Terry strength: 400/ln 10, so that 400 points are odds of 10 to 1.
pub const ELO_PER_NAT: f64 = 400.0 / core::f64::consts::LN_10;
