//! Learning from comparisons and labels without a reward model: from the log-probabilities of whole
//! responses to a loss and its exact gradient.
//!
//! | part | what it does |
//! |---|---|
//! | [`RewardShape`] | what a log-ratio is worth |
//! | `margin` | losses of one number, how much more the chosen response is worth |
//! | `separate` | losses that pull each response on its own |
//! | `sorted` | losses that compare sorted batches (AOT) |
//! | [`Preference`], [`preference`] | settings, and any of these by name, over pairs |
//! | [`Kto`], [`kto`] | labels on single responses |
//! | [`nash_md`], [`geometric_mixture`], [`best_and_worst`], [`win_rates`] | learning online |

mod kto;
mod margin;
mod mixture;
mod nash_md;
mod online;
mod pair;
#[cfg(feature = "alloc")]
mod pairs;
mod separate;
mod settings;
mod shape;
#[cfg(feature = "alloc")]
mod sorted;
mod stats;
#[cfg(all(test, feature = "alloc"))]
mod tests;

pub use kto::{Kto, KtoLoss, kto, kto_baseline};
pub use mixture::geometric_mixture;
pub use nash_md::{NashKl, NashMd, nash_md};
pub use online::{best_and_worst, win_rates};
pub use pair::Pair;
#[cfg(feature = "alloc")]
pub use pairs::{PairLogProbs, preference};
pub use settings::{Against, Per, Preference, PreferenceLoss, SupervisedTerm};
pub use shape::RewardShape;
pub use stats::{LabelStats, PreferenceStats};

use super::bradley_terry::minus_log_sigmoid;

/// σ(x) and its slope, exact in both tails.
fn sigmoid(x: f64) -> (f64, f64) {
    let (_, minus_up) = minus_log_sigmoid(-x);
    let (_, minus_down) = minus_log_sigmoid(x);
    (-minus_up, minus_up * minus_down)
}
