//! Rows 6 and 8: what a user depends on.

use rlhf::train::Guards;
use rlhf::train::profile::Profile;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

/// trl#3250, trl#3270, trl#2576, trl#2188, verl#5822: settings vanished, or were read past.
#[test]
fn row_06_settings_keep_their_form_and_unknown_ones_are_refused() {
    for name in Profile::names() {
        let profile = Profile::by_name(name).unwrap();
        let stored = serde_json::to_string(&profile).unwrap();
        assert_eq!(serde_json::from_str::<Profile>(&stored).unwrap(), profile);
    }
    assert!(serde_json::from_str::<Guards>(r#"{"max_kl_": 1.0}"#).is_err());
}

/// The crates that a build takes, by name.
fn crates(args: &[&str]) -> BTreeSet<String> {
    let tree = ["tree", "--offline", "--edges", "normal,build", "--prefix", "none"];
    let tree = Command::new(env!("CARGO")).args(tree).args(args).output().unwrap();
    assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));
    let tree = String::from_utf8(tree.stdout).unwrap();
    tree.lines().filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
}

/// verl#1214, verl#5123, vllm#2747, vllm#8841, OpenRLHF's README ("pip uninstall … first").
#[test]
fn row_08_the_default_build_needs_no_compiler_but_rusts_and_no_library() {
    let names = crates(&["--package", "rlhf-cli"]);
    assert!((20..=200).contains(&names.len()), "{} crates", names.len());
    // Declarations of a system's calls, without a library behind them.
    let declares = ["linux-raw-sys", "windows-sys"];
    for name in names {
        let native =
            name.ends_with("-sys") || ["cc", "cmake", "bindgen", "pkg-config"].contains(&name.as_str());
        assert!(!native || declares.contains(&name.as_str()), "{name} builds or links what is not Rust");
    }
}

/// The library alone depends neither on the command's terminal crates nor on those of runs in folders.
#[test]
fn row_08_the_library_alone_has_neither_a_terminal_nor_files_to_write() {
    let library = ["--package", "rlhf", "--no-default-features", "--target", "wasm32-unknown-unknown"];
    let names = crates(&library);
    assert!(names.contains("rlhf-train") && names.contains("rlhf-cpu"));
    for unwanted in ["clap", "indicatif", "ctrlc", "maud", "prost", "tempfile", "parquet"] {
        assert!(!names.contains(unwanted), "{unwanted}");
    }
    let terminal = crates(&["--package", "rlhf"]);
    for unwanted in ["clap", "clap_complete", "indicatif", "ctrlc", "divan"] {
        assert!(!terminal.contains(unwanted), "{unwanted} with default features");
    }
}

/// In a browser a clock of the standard library panics.
#[test]
fn row_08_the_library_alone_reads_no_clock() {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let folders = [
        "core/src",
        "runtime/train/src",
        "runtime/data/src",
        "runtime/models/src",
        "runtime/control/src",
        "runtime/src/config",
        "runtime/src/engine",
        "runtime/src/language_model",
        "runtime/src/statistics",
    ];
    let mut folders: Vec<PathBuf> = folders.iter().map(|folder| repository.join(folder)).collect();
    let mut read = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                let clock = ["Instant", "SystemTime"].iter().any(|clock| text.contains(clock));
                assert!(!clock, "{}", path.display());
                read += 1;
            }
        }
    }
    assert!(read > 200, "{read} files");
}
