//! Training in one call, with progress for those who want it.

use crate::Error;

/// A training that starts when it is [run](Self::run): `S` are its settings, `R` is what it reports of each step, `O`
/// what it makes.
#[must_use = "nothing is learned until `run` is called"]
pub struct Training<'a, S, R, O = ()> {
    settings: S,
    seed: u64,
    report: Box<dyn FnMut(&R) + 'a>,
    work: Box<Work<'a, S, R, O>>,
}

/// Trains under settings and a seed, and reports each step.
type Work<'a, S, R, O> = dyn FnOnce(S, u64, &mut dyn FnMut(&R)) -> Result<O, Error> + 'a;

impl<'a, S, R, O> Training<'a, S, R, O> {
    pub(crate) fn new(
        settings: S,
        work: impl FnOnce(S, u64, &mut dyn FnMut(&R)) -> Result<O, Error> + 'a,
    ) -> Self {
        Self { settings, seed: 0, report: Box::new(|_| {}), work: Box::new(work) }
    }

    /// Changes settings: `.set(|s| s.epochs = 3)`.
    pub fn set(mut self, change: impl FnOnce(&mut S)) -> Self {
        change(&mut self.settings);
        self
    }

    /// Sets what every random draw depends on; 0 unless set.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Calls `report` after each step.
    pub fn each(mut self, report: impl FnMut(&R) + 'a) -> Self {
        self.report = Box::new(report);
        self
    }

    /// Trains to the end.
    ///
    /// # Errors
    /// [`Error::Train`] names the setting that is out of range, what there is no data of, or which guard
    /// stopped the training; [`Error::Context`] where a text is longer than the model reads.
    pub fn run(mut self) -> Result<O, Error> {
        (self.work)(self.settings, self.seed, &mut self.report)
    }
}
