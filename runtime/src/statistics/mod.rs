//! Statistics of a run's results: intervals, agreement, calibration, best-of-n, ratings.

mod agreement;
mod before_after;
mod best_of_n;
mod calibration;
mod distinct;
mod histogram;
mod interval;
mod standing;

pub use agreement::agreement;
pub use before_after::BeforeAfter;
pub use best_of_n::{best_of_n_kl, expected_best};
pub use calibration::{Bin, Calibration, Judgment, calibration};
pub use distinct::distinct_share;
pub use histogram::Histogram;
pub use interval::{Interval, Mean, bootstrap, mean, share, win_rate};
pub use standing::{Games, Rating, RatingEstimate, Standing, StandingError};
