//! The data of an iteration that is learned from.

use super::responses::OnlineResponses;
use alloc::vec::Vec;

/// The responses of an iteration with the judge's preferences.
pub(super) struct Comparisons<'a> {
    pub responses: &'a OnlineResponses,
    /// The preferences, `[texts, each]`.
    pub preferred: &'a [f32],
    /// The reference's log-probabilities of all tokens.
    pub reference: Option<Vec<f32>>,
}
