//! Objectives that learn from preferences, labels or logged rewards of whole responses.
//!
//! | objective | learns from | couples |
//! |---|---|---|
//! | [`PreferencePairs`] | pairs: DPO and its kin by name, with an SFT term; XPO's optimism | group (AOT: batch) |
//! | [`LabeledResponses`] | responses that are desirable or not (KTO) | sequence |
//! | [`NashPolicy`] | a judge's preference over a mixture's responses (Nash-MD) | sequence |
//! | [`LoggedFeedback`] | logged rewards of another policy's responses or tokens | sequence, token (self-normalized: batch) |

mod labeled;
mod logged;
mod nash;
mod pairs;
mod responses;

pub use labeled::LabeledResponses;
pub use logged::{Feedback, LoggedFeedback};
pub use nash::NashPolicy;
pub use pairs::{PreferenceCounts, PreferencePairs};
