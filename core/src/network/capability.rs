//! The names of capabilities.

use core::fmt;

/// An optional capability of a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Capability {
    /// [`Rows`](crate::capabilities::Rows) and [`LearnRows`](crate::capabilities::LearnRows).
    Rows,
    /// [`Candidates`](crate::capabilities::Candidates) and
    /// [`LearnCandidates`](crate::capabilities::LearnCandidates).
    Candidates,
    /// [`Parameters`](crate::capabilities::Parameters).
    Parameters,
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rows => "rows of logits",
            Self::Candidates => "candidates",
            Self::Parameters => "access to parameters",
        })
    }
}
