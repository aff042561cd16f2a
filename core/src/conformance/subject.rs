//! What a backend's author writes.

use super::Tolerances;
use core::future::Future;

/// A backend under test.
pub trait Subject {
    /// What plays the roles.
    type Network;

    /// A small network, the same one for the same seed, without dropout. The kit makes a few hundred.
    fn fresh(&self, seed: u64) -> Self::Network;

    /// How many token ids the network knows: at least 4, and best below 50, for all of them are scored.
    fn vocabulary(&self) -> usize;

    /// The longest sequence, in tokens: at least 8, and best below 50.
    fn context(&self) -> usize;

    /// How the subject is called in reports.
    fn name(&self) -> &str {
        core::any::type_name::<Self::Network>()
    }

    /// How far apart two correct computations may lie.
    fn tolerances(&self) -> Tolerances {
        Tolerances::default()
    }

    /// What the network cannot do, and why.
    fn skips(&self) -> &[Skip] {
        &[]
    }

    /// Runs a future of the network; `None` where it would wait for ever. A device's subject brings its
    /// executor here.
    fn wait<F: Future>(&self, future: F) -> Option<F::Output> {
        crate::ready(future)
    }
}

/// A subject whose networks can be saved.
pub trait Saved: Subject {
    /// Saves the network and loads what was saved: weights, the moments with their count of steps, the moving average.
    /// The next step of the loaded network is what the saved one's would be.
    fn reload(&self, network: &mut Self::Network) -> Self::Network;
}

/// Checks that are known to fail, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Skip {
    /// Families (`critic`) and checks (`policy/draws`).
    pub what: &'static [&'static str],
    /// The reason, for the report.
    pub why: &'static str,
}
