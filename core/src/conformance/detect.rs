//! Which families a network can be checked for.
//!
//! Whether a type implements a trait is asked by method resolution: `(&detect).check(..)` finds
//! [`Present`], implemented for `Detect`, before [`Absent`], implemented for `&Detect`, and passes over
//! it where its bounds do not hold. That works for concrete types alone, hence the macro.

use super::run::Run;
use super::{Saved, Subject};
use super::{averaged, candidates, learn_candidates, learn_rows, learner, parameters, policy, reference};
use super::{rows, saved, scalar};
use crate::capabilities::{Candidates, LearnCandidates, LearnRows, Parameters, Rows};
use crate::roles::{Averaged, Critic, Learner, Policy, Reference, Reward};
use core::marker::PhantomData;

/// A subject, asked for family `F`.
pub struct Detect<S, F>(PhantomData<(S, F)>);

impl<S, F> Detect<S, F> {
    /// Asks for a family; the subject only tells its type.
    pub fn new(_: &S, _: F) -> Self {
        Self(PhantomData)
    }
}

/// A family by its name.
pub trait Family {
    /// As in the module's table.
    const NAME: &'static str;
}

/// The network has what the family needs.
pub trait Present<S> {
    /// Runs the family's checks.
    fn check(&self, run: &mut Run<'_, S>);
}

/// It has not.
pub trait Absent<S> {
    /// Notes that.
    fn check(&self, run: &mut Run<'_, S>);
}

impl<S: Subject, F: Family> Absent<S> for &Detect<S, F> {
    fn check(&self, run: &mut Run<'_, S>) {
        run.absent(F::NAME);
    }
}

macro_rules! families {
    ($($marker:ident $name:literal [$($bound:tt)*] $checks:path;)*) => {
        /// Their names, in the order in which they run.
        pub const FAMILIES: &[&str] = &[$($name),*];
        /// One type for each family.
        pub mod family {
            $(#[doc = $name] pub struct $marker;)*
        }
        $(
            impl Family for family::$marker {
                const NAME: &'static str = $name;
            }
            impl<S: Subject> Present<S> for Detect<S, family::$marker>
            where $($bound)*
            {
                fn check(&self, run: &mut Run<'_, S>) {
                    run.family($name, &$checks());
                }
            }
        )*
    };
}

families! {
    Reference "reference" [S::Network: Reference] reference::checks;
    Policy "policy" [S::Network: Policy] policy::checks;
    Learner "learner" [S::Network: Learner + Reference] learner::checks;
    Critic "critic" [S::Network: Critic] scalar::critic;
    LearnValues "learn_values" [S::Network: Learner + Critic] scalar::learn_values;
    Reward "reward" [S::Network: Reward] scalar::reward;
    LearnScores "learn_scores" [S::Network: Learner + Reward] scalar::learn_scores;
    Averaged "averaged" [S::Network: Averaged + Reference] averaged::checks;
    Rows "rows" [S::Network: Rows] rows::checks;
    LearnRows "learn_rows" [S::Network: LearnRows + Rows] learn_rows::checks;
    Candidates "candidates" [S::Network: Candidates] candidates::checks;
    LearnCandidates "learn_candidates" [S::Network: LearnCandidates + Candidates] learn_candidates::checks;
    Parameters "parameters" [S::Network: Parameters + Reference] parameters::checks;
    Saved "saved" [S: Saved, S::Network: Reference] saved::checks;
}

/// Runs the conformance kit on a [`Subject`](crate::conformance::Subject), and returns its
/// [`Report`](crate::conformance::Report). With a `&mut dyn core::fmt::Write` as second argument the
/// table's rows are written as they come.
#[macro_export]
macro_rules! conformance {
    ($subject:expr) => {
        $crate::conformance!($subject, &mut $crate::conformance::Silent)
    };
    ($subject:expr, $out:expr) => {
        $crate::conformance!(
            $subject, $out,
            Reference Policy Learner Critic LearnValues Reward LearnScores Averaged
            Rows LearnRows Candidates LearnCandidates Parameters Saved
        )
    };
    ($subject:expr, $out:expr, $($family:ident)*) => {{
        #[allow(unused_imports)]
        use $crate::conformance::detect::{Absent as _, Detect, Present as _, family};
        let subject = &$subject;
        // A temporary lives on where it is bound by itself.
        let out: &mut dyn ::core::fmt::Write = $out;
        let mut run = $crate::conformance::Run::new(subject, out);
        $((&Detect::new(subject, family::$family)).check(&mut run);)*
        run.finish()
    }};
}
