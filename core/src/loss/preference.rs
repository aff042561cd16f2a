//! Learning from comparisons without a reward model: from the log-probabilities of whole responses to a loss
//! and its exact gradient.
//!
//! | part | what it does |
//! |---|---|
//! | [`RewardShape`] | what a log-ratio is worth |
//! | `margin` | losses of one number, how much more the chosen response is worth |
//! | `separate` | losses that pull each response on its own |
//! | `sorted` | losses that compare sorted batches (AOT) |
//! | [`Preference`], `preference` | settings, and any of these by name, over pairs |
//! | `PreferencePairs` | the objective |

mod margin;
#[cfg(feature = "alloc")]
mod objective;
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

#[cfg(feature = "alloc")]
pub use objective::{PreferenceCounts, PreferencePairs};
pub use pair::Pair;
#[cfg(feature = "alloc")]
pub use pairs::{PairLogProbs, preference};
pub use settings::{Against, Per, Preference, PreferenceLoss, SupervisedTerm};
pub use shape::RewardShape;
pub use stats::PreferenceStats;
