use crate::Error;
use alloc::vec::Vec;
use core::fmt;

/// Why there are no ratings.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum RatingError {
    /// No game links these groups of players, so nothing compares them.
    Unlinked {
        /// The groups.
        groups: Vec<Vec<usize>>,
    },
    /// No player of some group ever lost to, or tied with, one outside: its best strength is infinite.
    /// A prior makes it finite.
    Unbounded {
        /// The groups within which everybody was beaten by somebody, directly or in a chain.
        groups: Vec<Vec<usize>>,
    },
    /// A player against itself.
    Itself {
        /// The player.
        player: usize,
    },
    /// The likelihood's maximum was not found: results too lopsided for the arithmetic.
    NotFound,
    /// An argument does not fit.
    Argument(Error),
}

impl fmt::Display for RatingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unlinked { groups } => write!(f, "no game links these groups of players: {groups:?}"),
            Self::Unbounded { groups } => {
                write!(f, "without a prior one of these groups of players is infinitely better: {groups:?}")
            }
            Self::Itself { player } => write!(f, "player {player} plays against itself"),
            Self::NotFound => write!(f, "the likelihood's maximum was not found; a prior helps"),
            Self::Argument(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for RatingError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Argument(error) => Some(error),
            _ => None,
        }
    }
}

impl From<Error> for RatingError {
    fn from(error: Error) -> Self {
        Self::Argument(error)
    }
}
