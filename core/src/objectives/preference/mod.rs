//! Objectives that learn from preferences, labels or logged rewards of whole responses.
//!
//! | objective | learns from | couples |
//! |---|---|---|
//! | [`PreferencePairs`] | pairs: DPO and its kin by name, with an SFT term; XPO's optimism | group (AOT: batch) |
//! | [`LabelledResponses`] | responses that are desirable or not (KTO) | sequence |
//! | [`NashPolicy`] | a judge's preference over a mixture's responses (Nash-MD) | sequence |
//! | [`LoggedFeedback`] | logged rewards of another policy's responses or tokens | sequence, token (self-normalised: batch) |

mod labelled;
mod logged;
mod nash;
mod pairs;
mod responses;

pub use labelled::LabelledResponses;
pub use logged::{Feedback, LoggedFeedback};
pub use nash::NashPolicy;
pub use pairs::{PreferenceCounts, PreferencePairs};
