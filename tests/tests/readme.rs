//! What the README and BENCHMARKS.md say is so.

use rlhf::bench::{Network, Work};
use std::collections::BTreeSet;
use std::path::Path;

fn read(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)).unwrap()
}

#[test]
fn its_code_is_the_example() {
    let example = read("examples/rule_as_reward.rs");
    let code = &example[example.find("use rlhf::train").unwrap()..];
    assert!(read("README.md").contains(&format!("```rust,no_run\n{code}```")), "README.md, The library");
}

#[test]
fn every_step_it_names_is_one() {
    let (readme, steps) = (read("README.md"), read("tests/run"));
    for named in readme.split("`tests/run ").skip(1) {
        let step = named.split('`').next().unwrap();
        assert!(steps.contains(&format!("step_{step}()")), "tests/run {step}");
    }
}

/// A name whose last part is a number stands for all such names.
fn any_number(name: &str) -> String {
    match name.rsplit_once('-') {
        Some((kind, number)) if number.parse::<usize>().is_ok() => format!("{kind}-N"),
        _ => name.into(),
    }
}

#[test]
fn the_benchmarks_it_tells_of_are_those_there_are() {
    let text = read("BENCHMARKS.md");
    let section = text.split("\n## ").find(|section| section.starts_with("The work\n")).unwrap();
    let cells = section.lines().filter_map(|line| line.strip_prefix("| ")?.split('|').next());
    let named: BTreeSet<String> =
        cells.flat_map(|cell| cell.split('`').skip(1).step_by(2)).map(str::to_owned).collect();
    let works = Work::all().into_iter().map(|work| any_number(&work.name()));
    assert_eq!(named, works.chain(Network::NAMES.map(str::to_owned)).collect());

    let names: Vec<String> = Work::all().into_iter().map(Work::name).collect();
    for asked in text.split(" --only ").skip(1) {
        let asked = asked.split(|c: char| c.is_whitespace() || c == '`').next().unwrap();
        assert!(names.iter().any(|name| name == asked), "--only {asked}");
    }
    let script = read("tests/bench_peers");
    let list = script.split("\nWORKS = (").nth(1).unwrap().split(").split()").next().unwrap();
    assert_eq!(list.replace('"', "").split_whitespace().collect::<Vec<_>>(), names);
}
