//! Arrows point downward only, and no two files import each other in a circle.
//!
//! Every `use` and every path of the crates' files is followed, through re-exports, to the file that defines
//! the item. Code that is only compiled for tests is free.

mod arrows;
mod circles;
mod manifest;
mod paths;
mod resolve;
mod small_trees;
mod tree;

use manifest::{Package, packages, rust_files};
use resolve::{Resolver, Uses};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::LazyLock;
use tree::Tree;

/// Packages that may depend on all crates.
const FREE: &[&str] = &["rlhf-tests", "rlhf-examples"];

fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests lie in the workspace")
}

/// The workspace's crates, but those that are free, and their modules.
static CRATES: LazyLock<Vec<(Package, Tree)>> = LazyLock::new(|| {
    let read = |file: &Path| fs::read_to_string(workspace().join(file)).ok();
    let bound = packages(workspace()).into_iter().filter(|package| !FREE.contains(&package.name.as_str()));
    bound
        .map(|package| {
            let tree = Tree::read(&package.roots, &read);
            (package, tree)
        })
        .collect()
});

/// The names of the workspace's crates.
fn names() -> BTreeSet<String> {
    packages(workspace()).into_iter().map(|package| package.name).collect()
}

fn uses(package: &Package, tree: &Tree) -> Uses {
    let others = names().into_iter().filter(|name| *name != package.name);
    Resolver { tree, crates: &others.map(|name| name.replace('-', "_")).collect() }.uses()
}

#[track_caller]
fn none(faults: &[String]) {
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn every_file_is_read() {
    let mut faults = Vec::new();
    for (package, tree) in &*CRATES {
        faults.extend(tree.faults.iter().cloned());
        let read: BTreeSet<_> = tree.modules.iter().map(|module| workspace().join(&module.file)).collect();
        let lost = rust_files(&workspace().join(&package.folder).join("src")).into_iter();
        faults.extend(
            lost.filter(|file| !read.contains(file))
                .map(|file| format!("no `mod` declares {}", file.display())),
        );
    }
    none(&faults);
}

#[test]
fn arrows_between_crates_point_downward() {
    let (all, mut faults) = (names(), Vec::new());
    for (package, tree) in &*CRATES {
        faults.extend(arrows::faults(package, &all, &uses(package, tree)));
    }
    none(&faults);
}

#[test]
fn no_files_import_each_other_in_a_circle() {
    let mut faults = BTreeSet::new();
    for (package, tree) in &*CRATES {
        let arrows = uses(package, tree).files;
        faults.extend(circles::circles(&arrows).iter().map(|circle| circles::describe(circle, &arrows)));
    }
    none(&faults.into_iter().collect::<Vec<_>>());
}
