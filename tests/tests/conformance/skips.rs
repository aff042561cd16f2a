//! Declared skips are claims, and what is missing has to be declared.

use crate::conformance::faults::Fault;
use crate::conformance::{failing, run};
use core::fmt::Write as _;
use core::future::Future;
use rlhf_core::conformance;
use rlhf_core::conformance::{Outcome, Report, Skip, Status, Subject, matrix};

fn status<'a>(report: &'a Report, name: &str) -> &'a Status {
    let (family, check) = name.split_once('/').unwrap();
    let named = |o: &&Outcome| o.family == family && o.check == check;
    &report.outcomes.iter().find(named).unwrap_or_else(|| panic!("no {name}")).status
}

#[test]
fn a_declared_failure_is_skipped_and_nothing_else() {
    let what = &["rows/scored", "learn_rows/shows_rows"];
    let report = run(Fault::RowsDivided, vec![Skip { what, why: "divided" }]);
    assert!(report.passed(), "{report}");
    assert_eq!(status(&report, "rows/scored"), &Status::Skipped("divided"));
    assert!(matches!(status(&report, "rows/order"), Status::Passed(_)));
    assert_eq!(report.kept("rows"), (4, 5));
    let mut table = String::new();
    matrix(&[&report], &mut table).unwrap();
    assert!(table.contains("| `rows` | 4 of 5 |") && table.contains("| `critic` | yes |"), "{table}");
}

#[test]
fn a_skip_that_passes_is_stale() {
    let report = run(Fault::Nothing, vec![Skip { what: &["policy/draws", "saved"], why: "old" }]);
    let saved: Vec<String> = failing(&report).into_iter().filter(|name| name.starts_with("saved/")).collect();
    assert_eq!(failing(&report), [vec!["policy/draws".to_owned()], saved.clone()].concat());
    assert_eq!((saved.len(), saved[0].as_str()), (8, "saved/round_trip"));
    assert_eq!(status(&report, "saved/round_trip"), &Status::Stale("old"));
}

/// Draws by other random numbers than the contract's are right if they follow the distribution.
#[test]
fn a_backend_with_another_generator_is_held_to_frequencies() {
    const KEYED: &[&str] =
        &["policy/exact", "policy/exact_repetition", "policy/repetition_of_response", "policy/after_step"];
    let other = |what| vec![Skip { what, why: "another generator" }];
    let report = run(Fault::DrawsFromTheEnd, other(KEYED));
    assert!(report.passed(), "{report}");
    for (fault, check) in [
        (Fault::SamplesAtOne, "policy/draws"),
        (Fault::IgnoresFilters, "policy/filters"),
        (Fault::IgnoresRepetition, "policy/repetition"),
        (Fault::IgnoresPosition, "policy/positions"),
    ] {
        let failing = failing(&run(fault, other(&KEYED[..1])));
        assert!(failing.contains(&check.into()), "{fault:?}: {failing:?}");
    }
}

#[test]
fn a_skip_of_nothing_is_stale() {
    let report = run(Fault::Nothing, vec![Skip { what: &["policy/dice"], why: "a slip" }]);
    assert_eq!(failing(&report), ["subject/policy/dice"]);
}

/// A rule, which is a reward model and nothing else; what its author declares; a vocabulary; whether its
/// futures end.
struct Rule(Vec<Skip>, usize, bool);

impl Subject for Rule {
    type Network = Box<dyn FnMut(&[u32]) -> f32>;

    fn fresh(&self, seed: u64) -> Self::Network {
        Box::new(move |text| seed as f32 + text.iter().map(|token| *token as f32).sum::<f32>())
    }

    fn vocabulary(&self) -> usize {
        self.1
    }

    fn context(&self) -> usize {
        8
    }

    fn skips(&self) -> &[Skip] {
        &self.0
    }

    fn wait<F: Future>(&self, future: F) -> Option<F::Output> {
        if self.2 { rlhf_core::ready(future) } else { None }
    }
}

const REST: &[&str] = &[
    "reference",
    "policy",
    "learner",
    "critic",
    "learn_values",
    "learn_scores",
    "averaged",
    "rows",
    "learn_rows",
    "candidates",
    "learn_candidates",
    "parameters",
    "saved",
];

#[test]
fn what_is_missing_has_to_be_declared() {
    let any = Skip { what: &["reward/refusals"], why: "a rule reads any id" };
    let report = conformance!(Rule(vec![any], 5, true));
    let missing: Vec<String> = REST.iter().map(|family| format!("{family}/all")).collect();
    assert_eq!(failing(&report), [&missing[..2], &missing[2..]].concat());
    let report = conformance!(Rule(vec![any, Skip { what: REST, why: "a rule" }], 5, true));
    assert!(report.passed(), "{report}");
    assert_eq!(report.kept("reward"), (7, 8));
}

#[test]
fn a_future_that_waits_is_a_failure_and_not_a_hang() {
    let report = conformance!(Rule(vec![Skip { what: REST, why: "a rule" }], 5, false));
    assert_eq!(report.failures().count(), 8, "{report}");
    assert!(report.to_string().contains("give `Subject::wait` an executor"));
}

#[test]
fn a_subject_that_is_too_small_is_refused() {
    let report = conformance!(Rule(vec![Skip { what: REST, why: "a rule" }], 3, true));
    assert!(failing(&report).contains(&"subject/size".into()), "{report}");
}

#[test]
fn rows_of_the_table_come_as_checks_run() {
    let mut table = String::new();
    let report = conformance!(Rule(vec![], 5, true), &mut table);
    let mut whole = String::new();
    write!(whole, "{report}").unwrap();
    assert_eq!(table, whole);
}
