//! Checks of statements in the README.

use std::path::Path;

fn read(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)).unwrap()
}

#[test]
fn its_code_is_the_example() {
    let example = read("examples/rule_as_reward.rs");
    let code = &example[example.find("use rlhf::prelude").unwrap()..];
    assert!(read("README.md").contains(&format!("```rust,no_run\n{code}```")), "README.md, The library");
}

#[test]
fn every_step_it_names_is_one() {
    let (readme, steps) = (read("README.md"), read("tests/run"));
    assert!(steps.contains("== all"), "tests/run all");
    for named in readme.split("`tests/run ").skip(1) {
        let step = named.split('`').next().unwrap();
        assert!(step == "all" || steps.contains(&format!("step_{step}()")), "tests/run {step}");
    }
}
