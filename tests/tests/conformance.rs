//! The conformance kit on a correct backend, and on the same one with a fault: it has to find that fault
//! and no other.

mod faults;
mod five;
mod learning;
mod roles;
mod skips;
mod tiny;

use faults::{FAULTS, Fault};
use rlhf_core::conformance;
use rlhf_core::conformance::{PROMISES, Report, Skip};
use tiny::Faulty;

fn run(fault: Fault, skips: Vec<Skip>) -> Report {
    conformance!(Faulty { fault, skips })
}

fn failing(report: &Report) -> Vec<String> {
    report.failures().map(|outcome| format!("{}/{}", outcome.family, outcome.check)).collect()
}

#[test]
fn a_correct_backend_passes() {
    let report = run(Fault::Nothing, vec![]);
    println!("{report}");
    assert!(report.passed(), "{report}");
    assert_eq!(report.outcomes.iter().filter(|o| o.check == "all").count(), 0, "every family was found");
    // Every check has its sentence, and every sentence its check.
    let mut ran: Vec<_> = report.outcomes.iter().map(|outcome| (outcome.family, outcome.check)).collect();
    let mut promised: Vec<_> = PROMISES.iter().map(|promise| (promise.family, promise.check)).collect();
    ran.sort_unstable();
    promised.sort_unstable();
    assert_eq!(ran, promised);
}

#[test]
fn a_failure_says_what_was_promised_and_what_is_usually_wrong() {
    let report = run(Fault::StaleSampler, vec![]).to_string();
    assert!(report.contains("the sampler reads old weights: look for a cached copy"), "{report}");
    assert!(report.contains("promised: After every step, samples"), "{report}");
}

/// One test for each promise, as a backend's author has them.
mod one_by_one {
    use super::faults::Fault;
    use super::tiny::Faulty;

    rlhf_core::conformance_tests!(Faulty { fault: Fault::Nothing, skips: vec![] });
}

#[test]
fn each_fault_is_named_and_no_other() {
    let wrong = |(fault, want): &(Fault, &[&str])| {
        let got = failing(&run(*fault, vec![]));
        let quoted = || got.iter().map(|check| format!("{check:?}")).collect::<Vec<_>>().join(" ");
        (got != *want).then(|| format!("    {fault:?}: {};\n", quoted()))
    };
    let (some, others) = FAULTS.split_at(FAULTS.len() / 2);
    let all: String = std::thread::scope(|scope| {
        let halves =
            [some, others].map(|half| scope.spawn(|| half.iter().filter_map(wrong).collect::<String>()));
        halves.map(|half| half.join().unwrap()).concat()
    });
    assert!(all.is_empty(), "other checks fail than should:\n{all}");
}
