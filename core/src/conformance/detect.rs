//! Detection of the families that a network can be checked for.
//!
//! Method resolution tells whether a type implements a trait: `(&detect).check(..)` finds
//! [`Present`], implemented for `Detect`, before [`Absent`], implemented for `&Detect`, and skips
//! it if its bounds do not hold. This works for concrete types alone, hence the macro.

use super::run::Run;
use super::{Saved, Subject, WithDropout};
use super::{
    averaged, candidates, exact, extreme, learn_candidates, learn_rows, learner, parameters, policy,
};
use super::{reference, rows, saved, scalar, state, weights};
use crate::capabilities::{Candidates, LearnCandidates, LearnRows, Parameters, Rows};
use crate::roles::{Averaged, Critic, Learner, Policy, Reference, Reward};
use core::marker::PhantomData;

/// A test of a subject for family `F`.
pub struct Detect<S, F>(PhantomData<(S, F)>);

impl<S, F> Detect<S, F> {
    /// Creates a test for a family. Only the type of the subject is used.
    pub fn new(_: &S, _: F) -> Self {
        Self(PhantomData)
    }
}

/// A family by its name.
pub trait Family {
    /// The name, as in the module's table.
    const NAME: &'static str;
    /// The families of its capabilities, if there are several: absences and declared failures are reported in those
    /// families.
    const OF: &'static [&'static str];
}

/// The network has what the family needs.
pub trait Present<S> {
    /// Runs the family's checks.
    fn check(&self, run: &mut Run<'_, S>);
}

/// The network lacks something that the family needs.
pub trait Absent<S> {
    /// Records the absence.
    fn check(&self, run: &mut Run<'_, S>);
}

impl<S: Subject, F: Family> Absent<S> for &Detect<S, F> {
    fn check(&self, run: &mut Run<'_, S>) {
        if F::OF.is_empty() {
            run.absent(F::NAME);
        }
    }
}

macro_rules! families {
    ($($marker:ident $name:literal [$($of:literal)*] [$($bound:tt)*] $checks:path;)*) => {
        /// Their names, in the order in which they run.
        pub(super) const FAMILIES: &[&str] = &[$($name),*];
        /// One type for each family.
        pub mod family {
            $(#[doc = $name] pub struct $marker;)*
        }
        $(
            impl Family for family::$marker {
                const NAME: &'static str = $name;
                const OF: &'static [&'static str] = &[$($of),*];
            }
            impl<S: Subject> Present<S> for Detect<S, family::$marker>
            where $($bound)*
            {
                fn check(&self, run: &mut Run<'_, S>) {
                    run.family($name, &[$($of),*], &$checks());
                }
            }
        )*
    };
}

families! {
    Reference "reference" [] [S::Network: Reference] reference::checks;
    Policy "policy" [] [S::Network: Policy] policy::checks;
    PolicyRows "policy" ["policy" "rows"] [S::Network: Policy + Rows] exact::repetition;
    Learner "learner" [] [S::Network: Learner + Reference] learner::checks;
    Critic "critic" [] [S::Network: Critic] scalar::critic;
    LearnValues "learn_values" [] [S::Network: Learner + Critic] scalar::learn_values;
    Reward "reward" [] [S::Network: Reward] scalar::reward;
    LearnScores "learn_scores" [] [S::Network: Learner + Reward] scalar::learn_scores;
    StepSampler "policy" ["policy" "learner"] [S::Network: Learner + Policy] state::step_sampler;
    StepRows "rows" ["rows" "learner"] [S::Network: Learner + Rows] state::step_rows;
    StepCandidates "candidates" ["candidates" "learner"] [S::Network: Learner + Candidates] state::step_candidates;
    Averaged "averaged" [] [S::Network: Averaged + Reference] averaged::checks;
    SwapSampler "averaged" ["averaged" "policy"] [S::Network: Averaged + Policy] state::swap_sampler;
    SwapCritic "averaged" ["averaged" "critic"] [S::Network: Averaged + Critic] state::swap_critic;
    SwapReward "averaged" ["averaged" "reward"] [S::Network: Averaged + Reward] state::swap_reward;
    SwapRows "averaged" ["averaged" "rows"] [S::Network: Averaged + Rows] state::swap_rows;
    SwapCandidates "averaged" ["averaged" "candidates"] [S::Network: Averaged + Candidates] state::swap_candidates;
    Rows "rows" [] [S::Network: Rows] rows::checks;
    LearnRows "learn_rows" [] [S::Network: LearnRows + Rows] learn_rows::checks;
    Candidates "candidates" [] [S::Network: Candidates] candidates::checks;
    LearnCandidates "learn_candidates" [] [S::Network: LearnCandidates + Candidates] learn_candidates::checks;
    Parameters "parameters" [] [S::Network: Parameters + Reference] parameters::checks;
    WriteSampler "parameters" ["parameters" "policy"] [S::Network: Parameters + Policy] state::write_sampler;
    WriteCritic "parameters" ["parameters" "critic"] [S::Network: Parameters + Critic] state::write_critic;
    WriteReward "parameters" ["parameters" "reward"] [S::Network: Parameters + Reward] state::write_reward;
    WriteRows "parameters" ["parameters" "rows"] [S::Network: Parameters + Rows] state::write_rows;
    WriteCandidates "parameters" ["parameters" "candidates"] [S::Network: Parameters + Candidates] state::write_candidates;
    LargeWeights "parameters" ["parameters" "rows"] [S::Network: Parameters + Rows] extreme::large;
    TokenGradients "parameters" ["parameters" "learner"] [S::Network: Parameters + Reference] weights::tokens;
    ValueGradients "parameters" ["parameters" "critic"] [S::Network: Parameters + Critic] weights::values;
    ScoreGradients "parameters" ["parameters" "reward"] [S::Network: Parameters + Reward] weights::scores;
    Saved "saved" [] [S: Saved, S::Network: Reference] saved::checks;
    LoadLearner "saved" ["saved" "learner"] [S: Saved, S::Network: Learner + Reference] state::load_learner;
    LoadSampler "saved" ["saved" "policy"] [S: Saved, S::Network: Learner + Policy] state::load_sampler;
    LoadCritic "saved" ["saved" "critic"] [S: Saved, S::Network: Learner + Critic] state::load_critic;
    LoadReward "saved" ["saved" "reward"] [S: Saved, S::Network: Learner + Reward] state::load_reward;
    LoadAverage "saved" ["saved" "averaged"] [S: Saved, S::Network: Averaged + Reference] state::load_average;
    LoadDropout "saved" ["saved" "learner"] [S: Saved + WithDropout, S::Network: Learner + Reference] state::load_dropout;
}

/// Runs the conformance kit on a [`Subject`](crate::conformance::Subject), and returns its
/// [`Report`](crate::conformance::Report). With a `&mut dyn core::fmt::Write` as second argument the
/// table's rows are written as they come.
#[macro_export]
macro_rules! conformance {
    ($subject:expr) => {
        $crate::conformance!($subject, &mut $crate::conformance::Silent)
    };
    ($subject:expr, $out:expr) => {{
        let subject = &$subject;
        // A temporary lives on where it is bound by itself.
        let out: &mut dyn ::core::fmt::Write = $out;
        let run = $crate::conformance::Run::new(subject, out);
        $crate::conformance_run!(subject, run)
    }};
}

/// Runs the families that the subject's network has.
#[doc(hidden)]
#[macro_export]
macro_rules! conformance_run {
    ($subject:expr, $run:expr) => {
        $crate::conformance_run!(
            $subject, $run,
            Reference Policy PolicyRows Learner Critic LearnValues Reward LearnScores StepSampler
            StepRows StepCandidates Averaged SwapSampler SwapCritic SwapReward SwapRows
            SwapCandidates Rows LearnRows Candidates LearnCandidates Parameters WriteSampler
            WriteCritic WriteReward WriteRows WriteCandidates LargeWeights TokenGradients
            ValueGradients ScoreGradients Saved LoadLearner LoadSampler LoadCritic LoadReward
            LoadAverage LoadDropout
        )
    };
    ($subject:expr, $run:expr, $($family:ident)*) => {{
        #[allow(unused_imports)]
        use $crate::conformance::detect::{Absent as _, Detect, Present as _, family};
        let mut run = $run;
        $((&Detect::new($subject, family::$family)).check(&mut run);)*
        run.finish()
    }};
}

/// Makes a `#[test]` of every check of the kit, in a module `conformance` with a module for each family: a failure prints the
/// promise, the numbers, and what its breach usually means. The argument is an expression that makes the
/// [`Subject`](crate::conformance::Subject).
///
/// ```ignore
/// // In tests/conformance.rs of a backend:
/// rlhf_core::conformance_tests!(MyBackend::new());
/// ```
#[macro_export]
macro_rules! conformance_tests {
    ($subject:expr) => {
        $crate::conformance_checks!(conformance_each! { ($subject) });
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! conformance_each {
    ($subject:tt $($family:ident { $($check:ident $promise:literal $usually:literal;)* })*) => {
        mod conformance {
            #[allow(unused_imports)]
            use super::*;
            $(mod $family {
                #[allow(unused_imports)]
                use super::*;
                $(#[test]
                #[doc = $promise]
                fn $check() {
                    let subject = &$subject;
                    let mut silent = $crate::conformance::Silent;
                    let run = $crate::conformance::Run::new(subject, &mut silent);
                    let run = run.only(stringify!($family), stringify!($check));
                    let report = $crate::conformance_run!(subject, run);
                    assert!(report.passed(), "{report}");
                })*
            })*
        }
    };
}
