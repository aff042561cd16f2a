//! The dependencies allowed between crates.

use super::manifest::Package;
use super::resolve::Uses;
use std::collections::BTreeSet;

/// The crates of the workspace that each crate may depend on: the arrows of the design, and those that follow from them.
const ARROWS: &[(&str, &[&str])] = &[
    ("rlhf-core", &[]),
    ("rlhf-kernels", &["rlhf-core"]),
    ("rlhf-cpu", &["rlhf-core", "rlhf-kernels"]),
    ("rlhf-burn", &["rlhf-core"]),
    ("rlhf-candle", &["rlhf-core"]),
    ("rlhf-scorer", &["rlhf-core", "rlhf-kernels"]),
    ("rlhf-train", &["rlhf-core"]),
    ("rlhf-data", &["rlhf-core"]),
    ("rlhf-models", &["rlhf-core"]),
    ("rlhf-control", &["rlhf-core", "rlhf-train"]),
    (
        "rlhf",
        &[
            "rlhf-core",
            "rlhf-train",
            "rlhf-data",
            "rlhf-models",
            "rlhf-control",
            "rlhf-cpu",
            "rlhf-burn",
            "rlhf-scorer",
        ],
    ),
    (
        "rlhf-cli",
        &[
            "rlhf",
            "rlhf-core",
            "rlhf-train",
            "rlhf-data",
            "rlhf-models",
            "rlhf-control",
            "rlhf-kernels",
            "rlhf-cpu",
            "rlhf-burn",
        ],
    ),
    ("rlhf-wasm", &["rlhf-core", "rlhf-train", "rlhf-models", "rlhf-cpu", "rlhf-burn", "rlhf-scorer"]),
    // The page's pretrained model comes from the library as a user has it.
    ("rlhf-story-model", &["rlhf-core", "rlhf"]),
];

/// The crate's arrows that the table does not have, from its manifest and from its files. `all`: the names of the
/// workspace's crates.
pub fn faults(package: &Package, all: &BTreeSet<String>, uses: &Uses) -> Vec<String> {
    let (name, folder) = (&package.name, package.folder.display());
    let Some((_, known)) = ARROWS.iter().find(|(member, _)| member == name) else {
        return vec![format!("{name} is new: say in ARROWS which crates it may know")];
    };
    let upward = package.dependencies.intersection(all).filter(|other| !known.contains(&other.as_str()));
    let mut faults: Vec<_> =
        upward.map(|other| format!("{folder}/Cargo.toml: {name} must not know {other}")).collect();
    for ((file, other), names) in &uses.crates {
        if !known.iter().any(|known| known.replace('-', "_") == *other) {
            let names = names.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
            faults.push(format!("{}: {name} must not know {other}, but uses {names}", file.display()));
        }
    }
    faults
}
