//! The checks themselves, on small trees of files.

use super::arrows;
use super::circles::{circles, describe};
use super::manifest::{Package, dependencies};
use super::resolve::{Resolver, Uses};
use super::tree::Tree;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

fn uses(files: &[(&str, &str)]) -> Uses {
    let files: BTreeMap<&Path, &str> = files.iter().map(|(file, text)| (Path::new(*file), *text)).collect();
    let tree = Tree::read(&["src/lib.rs".into()], &|file| files.get(file).map(|text| (*text).into()));
    assert_eq!(tree.faults, [""; 0]);
    Resolver { tree: &tree, crates: &BTreeSet::from(["rlhf_core".into()]) }.uses()
}

/// The arrows as `a -> b: names`, without `src/` and `.rs`.
fn arrows(files: &[(&str, &str)]) -> Vec<String> {
    let short = |file: &Path| file.with_extension("").strip_prefix("src").unwrap().display().to_string();
    let line = |((from, to), names): ((_, _), BTreeSet<String>)| {
        let (from, to): (std::path::PathBuf, std::path::PathBuf) = (from, to);
        format!("{} -> {}: {}", short(&from), short(&to), names.into_iter().collect::<Vec<_>>().join(", "))
    };
    uses(files).files.into_iter().map(line).collect()
}

/// Returns the number of files of each circle.
fn sizes(files: &[(&str, &str)]) -> Vec<usize> {
    circles(&uses(files).files).iter().map(BTreeSet::len).collect()
}

#[test]
fn a_circle_is_found() {
    let files = [
        ("src/lib.rs", "mod a; mod b; mod c; mod d;"),
        ("src/a.rs", "use crate::b::B; pub struct A(B);"),
        ("src/b.rs", "use super::c::{self, C}; pub struct B(C); fn f() { c::g() }"),
        ("src/c.rs", "pub struct C; pub fn g() { crate::a::A::new(); }"),
        ("src/d.rs", "use crate::a::A;"),
    ];
    let arrows = uses(&files).files;
    let found = circles(&arrows);
    assert_eq!(found.len(), 1);
    assert_eq!(
        describe(&found[0], &arrows),
        "a circle of 3 files:\n  src/a.rs -> src/b.rs: B\n  src/b.rs -> src/c.rs: C, g\n  src/c.rs -> src/a.rs: A\n"
    );
}

#[test]
fn re_exports_are_followed() {
    let files = [
        ("src/lib.rs", "mod a; mod hub; pub use hub::deep::Deep; pub use hub::*;"),
        ("src/a.rs", "use crate::{Deep, Renamed as R, Wild}; fn f() { crate::hub::Deep; }"),
        (
            "src/hub/mod.rs",
            "pub mod deep; mod wild; pub use deep::{Deep, Other as Renamed}; pub use self::wild::*;",
        ),
        ("src/hub/deep.rs", "pub struct Deep; pub struct Other;"),
        ("src/hub/wild.rs", "pub enum Wild {}"),
    ];
    assert_eq!(arrows(&files), ["a -> hub/deep: Deep, Renamed", "a -> hub/wild: Wild"]);
}

#[test]
fn a_child_and_a_parent_that_import_each_other_are_a_circle() {
    let parent = |visibility: &str| format!("mod child; {visibility} use child::Part; pub struct Whole;");
    let child = ("src/hub/child.rs", "use super::Whole; pub struct Part(Whole);");
    let library = ("src/lib.rs", "mod hub;");
    assert_eq!(sizes(&[library, ("src/hub/mod.rs", &parent("")), child]), [2]);
    assert_eq!(sizes(&[library, ("src/hub.rs", &parent("")), child]), [2]);
    assert_eq!(sizes(&[library, ("src/hub/mod.rs", &parent("pub")), child]), [0; 0]);
    // What is shown and used as well is used.
    let used = format!("{} impl Part {{}}", parent("pub(crate)"));
    assert_eq!(sizes(&[library, ("src/hub/mod.rs", &used), child]), [2]);
}

#[test]
fn modules_with_names_of_items_and_globs_are_told_apart() {
    let files = [
        ("src/lib.rs", "mod maths; mod user;"),
        ("src/maths/mod.rs", "mod gae; mod kl; pub use gae::gae; pub use kl::kl; pub fn check() {}"),
        ("src/maths/gae.rs", "use super::check; pub fn gae() {}"),
        ("src/maths/kl.rs", "use super::*; pub fn kl() { gae(); let check = 1; check; }"),
        ("src/user.rs", "use crate::maths; fn f() { assert!(maths::kl() == 1, \"{}\", maths::gae::gae()); }"),
    ];
    let want = ["maths/gae -> maths/mod: check", "maths/kl -> maths/gae: gae"];
    assert_eq!(arrows(&files), [&want[..], &["user -> maths/gae: gae", "user -> maths/kl: kl"]].concat());
}

#[test]
fn macros_are_found_where_they_are_defined() {
    let files = [
        ("src/lib.rs", "#[macro_use] mod a; mod b; mod c;"),
        (
            "src/a.rs",
            "#[macro_export] macro_rules! shown { ($x:expr) => { $crate::c::C($x) } } macro_rules! near { () => {} }",
        ),
        ("src/b.rs", "near!(); fn f() { crate::shown!(1) }"),
        ("src/c.rs", "pub struct C(u8);"),
    ];
    assert_eq!(arrows(&files), ["a -> c: C", "b -> a: near, shown"]);
}

#[test]
fn tests_are_free() {
    let files = [
        ("src/lib.rs", "mod a; mod b; #[cfg(all(test, unix))] mod tests; #[cfg(test)] use a::A;"),
        (
            "src/a.rs",
            "use crate::b::B; pub struct A; #[cfg(test)] mod tests { use crate::b; fn f() { b::g() } }",
        ),
        (
            "src/b.rs",
            "#[test] fn t() { crate::a::A; } #[cfg(test)] use crate::a::A; pub struct B; pub fn g() {}",
        ),
        ("src/tests.rs", "use crate::a::A;"),
    ];
    assert_eq!(arrows(&files), ["a -> b: B"]);
    let not = [("src/lib.rs", "mod a; #[cfg(not(test))] use a::A;"), ("src/a.rs", "pub struct A;")];
    assert_eq!(arrows(&not), ["lib -> a: A"]);
}

#[test]
fn paths_of_files_and_functions_are_followed() {
    let files = [
        (
            "src/lib.rs",
            "#[path = \"other/../elsewhere.rs\"] mod a; mod b { pub mod c; } fn f() { use b::c; c::g(a::A) }",
        ),
        ("src/elsewhere.rs", "pub struct A;"),
        ("src/b/c.rs", "#[serde(default = \"crate::b::c::d::h\")] pub struct S; pub fn g() {} mod d;"),
        ("src/b/c/d.rs", "pub fn h() {}"),
    ];
    assert_eq!(arrows(&files), ["b/c -> b/c/d: h", "lib -> b/c: g", "lib -> elsewhere: A"]);
}

#[test]
fn arrows_to_other_crates_are_found() {
    let files = [
        ("src/lib.rs", "mod a; mod b; use std::vec::Vec; use serde::Serialize;"),
        ("src/a.rs", "pub use rlhf_core::{Batch, maths::gae}; fn f() { ::rlhf_core::ready(); }"),
        ("src/b.rs", "use crate::a::Batch; fn f() { rlhf_core::maths::kl(); }"),
    ];
    let found = uses(&files).crates;
    let names = |file: &str| {
        found[&(file.into(), "rlhf_core".to_owned())].iter().map(String::as_str).collect::<Vec<_>>()
    };
    assert_eq!(names("src/a.rs"), ["::rlhf_core::ready", "rlhf_core::Batch", "rlhf_core::maths::gae"]);
    assert_eq!(names("src/b.rs"), ["crate::a::Batch", "rlhf_core::maths::kl"]);
    assert_eq!(found.len(), 2);
}

#[test]
fn an_arrow_up_is_found() {
    let package = |name: &str, dependencies: &[&str]| Package {
        name: name.into(),
        folder: "data".into(),
        dependencies: dependencies.iter().map(|name| (*name).into()).collect(),
        roots: Vec::new(),
    };
    let all = ["rlhf-core", "rlhf-data", "rlhf-train"].map(String::from).into();
    let up = uses(&[("src/lib.rs", "use rlhf_core::Batch;")]);
    let faults = |package: &Package, uses: &Uses| arrows::faults(package, &all, uses);
    assert_eq!(faults(&package("rlhf-data", &["rlhf-core", "serde"]), &up), [""; 0]);
    let fault = "data/Cargo.toml: rlhf-data must not know rlhf-train";
    assert_eq!(faults(&package("rlhf-data", &["rlhf-train"]), &Uses::default()), [fault]);
    let fault = "src/lib.rs: rlhf-core must not know rlhf_core, but uses rlhf_core::Batch";
    assert_eq!(faults(&package("rlhf-core", &[]), &up), [fault]);
    let fault = "rlhf-new is new: say in ARROWS which crates it may know";
    assert_eq!(faults(&package("rlhf-new", &[]), &up), [fault]);
}

#[test]
fn dependencies_of_every_target_are_read() {
    let manifest = "
        [dependencies]
        rlhf-core.workspace = true
        renamed = { package = \"rlhf-data\", path = \"..\", optional = true }
        [target.'cfg(unix)'.dependencies]
        rlhf-cpu = { path = \"..\" }
        [build-dependencies]
        rlhf-train = \"1\"
        [dev-dependencies]
        rlhf = \"1\"";
    let want = ["rlhf-core", "rlhf-cpu", "rlhf-data", "rlhf-train"].map(String::from);
    assert_eq!(dependencies(&manifest.parse().unwrap()), BTreeSet::from(want));
}

#[test]
fn files_that_are_missing_or_wrong_are_told() {
    let read = |file: &Path| Some(if file.ends_with("lib.rs") { "mod a;" } else { "fn 1() {}" }.to_owned());
    let tree = Tree::read(&["src/lib.rs".into()], &read);
    assert!(tree.faults[0].starts_with("src/a.rs: expected identifier"), "{:?}", tree.faults);
    let tree = Tree::read(&["src/lib.rs".into()], &|_| None);
    assert_eq!(tree.faults, ["src/lib.rs: cannot be read"]);
}
