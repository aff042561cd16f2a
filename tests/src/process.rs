//! Tests that need a process of their own.

use std::process::Command;

/// Runs the calling test again in a process of its own, where this is `true`: for tests that ask the system
/// what the whole process holds.
///
/// # Panics
/// If the test fails there.
pub fn in_own_process() -> bool {
    const VARIABLE: &str = "RLHF_TEST_ALONE";
    let test = std::thread::current().name().expect("the test harness names its threads").to_owned();
    if std::env::var(VARIABLE).is_ok_and(|alone| alone == test) {
        return true;
    }
    let mut alone = Command::new(std::env::current_exe().expect("this program has a path"));
    let ended = alone.args([&test, "--exact", "--nocapture"]).env(VARIABLE, &test).status();
    assert!(ended.expect("this program starts again").success(), "{test} failed in a process of its own");
    false
}
