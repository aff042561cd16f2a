//! The crates of the workspace, as their manifests describe them.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use toml::{Table, Value};

/// A crate of the workspace.
#[derive(Debug)]
pub struct Package {
    pub name: String,
    /// The folder, from the root of the workspace.
    pub folder: PathBuf,
    /// The packages that it depends on, for any target and feature; not those of its tests.
    pub dependencies: BTreeSet<String>,
    /// The files at the top of the library and the binaries, from the root of the workspace.
    pub roots: Vec<PathBuf>,
}

/// Every crate that is a member of the workspace.
pub fn packages(workspace: &Path) -> Vec<Package> {
    let members = read(&workspace.join("Cargo.toml"));
    let members = members["workspace"]["members"].as_array().expect("a workspace has members");
    let mut packages = Vec::new();
    for member in members {
        let member = member.as_str().expect("members are strings");
        if let Some(parent) = member.strip_suffix("/*") {
            let folders = fs::read_dir(workspace.join(parent)).expect("a folder of members");
            let names = folders.map(|entry| entry.expect("a folder of members").file_name());
            let names: BTreeSet<_> = names.collect();
            let folders = names.into_iter().map(|name| Path::new(parent).join(name));
            let are = |folder: &PathBuf| workspace.join(folder).join("Cargo.toml").exists();
            packages.extend(folders.filter(are).map(|folder| package(workspace, &folder)));
        } else {
            packages.push(package(workspace, Path::new(member)));
        }
    }
    packages
}

fn package(workspace: &Path, folder: &Path) -> Package {
    let manifest = read(&workspace.join(folder).join("Cargo.toml"));
    let name = manifest["package"]["name"].as_str().expect("a package has a name").to_owned();
    let roots = roots(&manifest, &workspace.join(folder)).into_iter().map(|root| folder.join(root)).collect();
    Package { name, folder: folder.into(), dependencies: dependencies(&manifest), roots }
}

fn read(file: &Path) -> Table {
    let text = fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    text.parse().unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// The packages that a manifest names in any section but that of tests.
pub fn dependencies(manifest: &Table) -> BTreeSet<String> {
    let targets = manifest.get("target").and_then(Value::as_table).into_iter();
    let targets = targets.flat_map(|table| table.values().filter_map(Value::as_table));
    let sections = targets
        .chain([manifest])
        .flat_map(|table| ["dependencies", "build-dependencies"].map(|section| table.get(section)))
        .filter_map(|section| section?.as_table());
    sections
        .flatten()
        .map(|(name, value)| value.get("package").and_then(Value::as_str).unwrap_or(name).to_owned())
        .collect()
}

fn roots(manifest: &Table, folder: &Path) -> Vec<PathBuf> {
    let path = |table: &Value| table.get("path").and_then(Value::as_str).map(PathBuf::from);
    let library = manifest.get("lib").and_then(path).unwrap_or("src/lib.rs".into());
    let binaries = manifest.get("bin").and_then(Value::as_array).into_iter().flatten().filter_map(path);
    let mut roots: BTreeSet<_> = binaries.chain([library, "src/main.rs".into()]).collect();
    for entry in fs::read_dir(folder.join("src/bin")).into_iter().flatten().flatten() {
        roots.insert(Path::new("src/bin").join(entry.file_name()));
    }
    roots.retain(|root| folder.join(root).is_file());
    roots.into_iter().collect()
}

/// Every file of Rust below a folder.
pub fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}
