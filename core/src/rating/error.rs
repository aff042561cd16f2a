//! Errors of ratings.

use crate::Error;
use alloc::vec::Vec;

/// An error of results that give no ratings.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RatingError {
    /// No game links these groups of players, so nothing compares them.
    #[error("no game links these groups of players: {groups:?}")]
    Unlinked {
        /// The groups.
        groups: Vec<Vec<usize>>,
    },
    /// No player of some group ever lost to, or tied with, one outside: its best strength is infinite.
    /// A prior makes it finite.
    #[error("without a prior one of these groups of players is infinitely better: {groups:?}")]
    Unbounded {
        /// The groups within which everybody was beaten by somebody, directly or in a chain.
        groups: Vec<Vec<usize>>,
    },
    /// A player against itself.
    #[error("player {player} plays against itself")]
    Itself {
        /// The player.
        player: usize,
    },
    /// The likelihood's maximum was not found: results too lopsided for the arithmetic.
    #[error("the likelihood's maximum was not found; a prior helps")]
    NotFound,
    /// An argument does not fit.
    #[error("{0}")]
    Argument(#[from] Error),
}
