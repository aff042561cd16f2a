//! Runs of checks. A declared skip fails if its check passes.

use super::measure::{Checked, Fault};
use super::report::{begin, end, head};
use super::{Outcome, Report, Skip, Status, Subject};
use alloc::format;
use alloc::vec::Vec;
use core::fmt::{self, Write};
use core::future::Future;

/// A check and its name.
pub(super) type Check<S> = (&'static str, fn(&S) -> Checked);

/// A writer for those who only want the report.
#[derive(Clone, Copy, Debug)]
pub struct Silent;

impl Write for Silent {
    fn write_str(&mut self, _: &str) -> fmt::Result {
        Ok(())
    }
}

/// A run of the kit; [`conformance!`](crate::conformance!) makes one.
pub struct Run<'a, S> {
    subject: &'a S,
    out: &'a mut dyn Write,
    outcomes: Vec<Outcome>,
    /// The one check to run, by family and name; all unless given.
    only: Option<(&'static str, &'static str)>,
}

impl<'a, S: Subject> Run<'a, S> {
    /// Nothing checked yet; rows of the table go to `out` as they come.
    pub fn new(subject: &'a S, out: &'a mut dyn Write) -> Self {
        let mut run = Self { subject, out, outcomes: Vec::new(), only: None };
        // What a writer refuses is in the report all the same.
        let _ = head(run.subject.name(), run.out);
        if subject.vocabulary() < 4 || subject.context() < 8 {
            let fault = Fault("the kit needs a vocabulary of 4 and a context of 8, or more".into());
            run.note("subject", "size", |_| Status::Failed(fault));
        }
        run
    }

    /// Runs one check alone.
    pub fn only(mut self, family: &'static str, check: &'static str) -> Self {
        self.only = Some((family, check));
        self
    }

    fn note(&mut self, family: &'static str, check: &'static str, status: impl FnOnce(&S) -> Status) {
        let _ = begin(family, check, self.out);
        let status = status(self.subject);
        let _ = end(family, check, &status, self.out);
        self.outcomes.push(Outcome { family, check, status });
    }

    /// Runs a family's checks, unless the subject is too small for any. Checks of several families together are left out
    /// where one of these is declared to fail as a whole: the declaration is held to that family's own checks.
    pub(super) fn family(&mut self, family: &'static str, of: &[&str], checks: &[Check<S>]) {
        if self.outcomes.iter().any(|outcome| outcome.family == "subject") {
            return;
        }
        let part = of.iter().filter(|part| **part != family);
        let missing = part.filter_map(|part| declared(self.subject.skips(), part, None)).next();
        for &(name, check) in checks {
            if self.only.is_some_and(|only| only != (family, name)) {
                continue;
            }
            if let Some(why) = missing {
                self.note(family, name, |_| Status::Skipped(why));
                continue;
            }
            let skip = declared(self.subject.skips(), family, Some(name));
            self.note(family, name, |subject| match (check(subject), skip) {
                (Ok(measured), None) if measured.holds() => Status::Passed(measured),
                (Ok(measured), Some(why)) if measured.holds() => Status::Stale(why),
                (_, Some(why)) => Status::Skipped(why),
                (Ok(measured), None) => Status::Missed(measured),
                (Err(fault), None) => Status::Failed(fault),
            });
        }
    }

    /// Records a family whose traits the network lacks.
    pub(super) fn absent(&mut self, family: &'static str) {
        if self.only.is_some_and(|only| only.0 != family) {
            return;
        }
        let skip = declared(self.subject.skips(), family, None);
        self.note(family, "all", |_| match skip {
            Some(why) => Status::Skipped(why),
            None => Status::Failed(Fault("not implemented, and not declared as a skip".into())),
        });
    }

    /// The report. A skip of what does not exist is as stale as one that passes.
    pub fn finish(mut self) -> Report {
        // One check alone says nothing about the others' names.
        let skips = if self.only.is_some() { &[] } else { self.subject.skips() };
        for Skip { what, why } in skips {
            for &name in *what {
                let known = |o: &Outcome| name == o.family || name == format!("{}/{}", o.family, o.check);
                if !self.outcomes.iter().any(known) {
                    self.note("subject", name, |_| {
                        Status::Failed(Fault(format!("a skip of what is no check of this network: {why}")))
                    });
                }
            }
        }
        Report { subject: self.subject.name().into(), outcomes: self.outcomes }
    }
}

/// The reason why a family, or one check of it, was declared to fail.
pub(super) fn declared(skips: &[Skip], family: &str, check: Option<&str>) -> Option<&'static str> {
    let names = |name: &str| name == family || check.is_some_and(|check| name == format!("{family}/{check}"));
    skips.iter().find(|skip| skip.what.iter().any(|name| names(name))).map(|skip| skip.why)
}

/// Runs a call to its end.
pub(super) fn wait<S: Subject, T, E: core::error::Error>(
    subject: &S,
    call: impl Future<Output = Result<T, E>>,
) -> Result<T, Fault> {
    match subject.wait(call) {
        Some(result) => Ok(result?),
        None => Err(Fault("the future waits: give `Subject::wait` an executor".into())),
    }
}

/// A fault unless the call is refused.
pub(super) fn refused<S: Subject, T, E>(
    subject: &S,
    what: &str,
    call: impl Future<Output = Result<T, E>>,
) -> Result<(), Fault> {
    match subject.wait(call) {
        Some(Err(_)) => Ok(()),
        Some(Ok(_)) => Err(Fault(format!("{what} was accepted"))),
        None => Err(Fault("the future waits: give `Subject::wait` an executor".into())),
    }
}
