//! The description of a backend under test, which its author writes.

use super::Tolerances;
use core::future::Future;

/// A backend under test.
pub trait Subject {
    /// The type that plays the roles.
    type Network;

    /// Creates a small network without dropout, the same one for the same seed. The kit creates a few hundred.
    fn fresh(&self, seed: u64) -> Self::Network;

    /// Returns the number of token ids: at least 4, and preferably below 50, since all of them are scored.
    fn vocabulary(&self) -> usize;

    /// Returns the length of the longest sequence, in tokens: at least 8, and preferably below 50.
    fn context(&self) -> usize;

    /// Returns the subject's name in reports.
    fn name(&self) -> &str {
        core::any::type_name::<Self::Network>()
    }

    /// Returns the tolerances for differences between two correct computations.
    fn tolerances(&self) -> Tolerances {
        Tolerances::default()
    }

    /// Returns the checks that are known to fail, with reasons.
    fn skips(&self) -> &[Skip] {
        &[]
    }

    /// Runs a future of the network to its end; `None` if it would wait forever. A backend for a device that has to be
    /// awaited calls its executor here.
    fn wait<F: Future>(&self, future: F) -> Option<F::Output> {
        crate::ready(future)
    }
}

/// A subject whose networks can be saved.
pub trait Saved: Subject {
    /// Saves the network and loads it again: weights, the moments with their count of steps, the moving average.
    /// The next step of the loaded network has to equal that of the saved one.
    fn reload(&self, network: &mut Self::Network) -> Self::Network;
}

/// A subject whose networks can learn with dropout.
pub trait WithDropout: Subject {
    /// Creates the network of [`Subject::fresh`] with a dropout rate of 0.3 or thereabouts, the same masks for the same seed.
    /// A network that [`Saved::reload`] makes of it has to continue with the same masks.
    fn with_dropout(&self, seed: u64) -> Self::Network;
}

/// Checks that are known to fail, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Skip {
    /// Families (`critic`) and checks (`policy/draws`).
    pub what: &'static [&'static str],
    /// The reason, for the report.
    pub why: &'static str,
}
