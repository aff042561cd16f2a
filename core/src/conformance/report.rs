//! The results of a run of the kit.

use super::promises::promise;
use super::{Fault, Measured, Promise};
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

/// The result of a check.
#[derive(Clone, Debug, PartialEq)]
pub enum Status {
    /// The promise is kept.
    Passed(Measured),
    /// The promise is broken: an error exceeds its tolerance.
    Missed(Measured),
    /// The promise is broken in another way, or could not be checked.
    Failed(Fault),
    /// The promise is broken, as declared, for this reason.
    Skipped(&'static str),
    /// The promise is kept, although it was declared broken, for this reason.
    Stale(&'static str),
}

impl Status {
    /// Returns whether the promise is kept, or broken as declared.
    pub fn holds(&self) -> bool {
        matches!(self, Self::Passed(_) | Self::Skipped(_))
    }
}

/// One check's outcome.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// The family, as in the module's table.
    pub family: &'static str,
    /// The check, or `all` for a family that is absent.
    pub check: &'static str,
    /// The result.
    pub status: Status,
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Passed(m) => write!(f, "{:>9.1e} {:>9.1e}  passed", m.error, m.tolerance),
            Self::Missed(m) => write!(f, "{:>9.1e} {:>9.1e}  FAILED", m.error, m.tolerance),
            Self::Failed(fault) => write!(f, "{:>9} {:>9}  FAILED: {fault}", "", ""),
            Self::Skipped(why) => write!(f, "{:>9} {:>9}  skipped: {why}", "", ""),
            Self::Stale(why) => {
                write!(f, "{:>9} {:>9}  FAILED: a stale skip, for it passes ({why})", "", "")
            }
        }
    }
}

/// Every check's outcome. Displayed, it is a table.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// The subject.
    pub subject: String,
    /// The outcomes, in the order in which the checks ran.
    pub outcomes: Vec<Outcome>,
}

impl Report {
    /// Returns whether every promise is kept, or broken as declared.
    pub fn passed(&self) -> bool {
        self.failures().next().is_none()
    }

    /// Returns the outcomes that fail the run.
    pub fn failures(&self) -> impl Iterator<Item = &Outcome> {
        self.outcomes.iter().filter(|outcome| !outcome.status.holds())
    }

    /// Returns the number of a family's checks that passed, and the number of all its checks.
    pub fn kept(&self, family: &str) -> (usize, usize) {
        let of = self.outcomes.iter().filter(|outcome| outcome.family == family);
        let passed = of.clone().filter(|outcome| matches!(outcome.status, Status::Passed(_)));
        (passed.count(), of.count())
    }
}

/// Writes the head of the table.
pub(super) fn head(subject: &str, out: &mut dyn fmt::Write) -> fmt::Result {
    writeln!(out, "{subject}\n{:<36} {:>9} {:>9}", "check", "worst", "allowed")
}

/// Writes the beginning of a row.
pub(super) fn begin(family: &str, check: &str, out: &mut dyn fmt::Write) -> fmt::Result {
    let width = 35usize.saturating_sub(family.len());
    write!(out, "{family}/{check:<width$} ")
}

/// Writes the end of a row and, if the check failed, the promise and the usual cause below it.
pub(super) fn end(family: &str, check: &str, status: &Status, out: &mut dyn fmt::Write) -> fmt::Result {
    writeln!(out, "{status}")?;
    match promise(family, check) {
        Some(Promise { promise, usually, .. }) if matches!(status, Status::Missed(_) | Status::Failed(_)) => {
            writeln!(out, "    promised: {promise}\n    usually: {usually}")
        }
        _ => Ok(()),
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        head(&self.subject, f)?;
        for Outcome { family, check, status } in &self.outcomes {
            begin(family, check, f)?;
            end(family, check, status, f)?;
        }
        Ok(())
    }
}
