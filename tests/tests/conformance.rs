//! The conformance kit on a correct backend, and on the same one with a fault: it has to find that fault
//! and no other.

mod faults;
mod learning;
mod roles;
mod skips;
mod tiny;

use faults::{FAULTS, Fault};
use rlhf_core::conformance;
use rlhf_core::conformance::{Report, Skip};
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
}

#[test]
fn each_fault_is_named_and_no_other() {
    let mut wrong = String::new();
    for (fault, want) in FAULTS {
        let report = run(*fault, vec![]);
        let got = failing(&report);
        if got != *want {
            wrong += &format!(
                "    {fault:?}: {};\n",
                got.iter().map(|c| format!("{c:?}")).collect::<Vec<_>>().join(" ")
            );
        }
    }
    assert!(wrong.is_empty(), "other checks fail than should:\n{wrong}");
}
