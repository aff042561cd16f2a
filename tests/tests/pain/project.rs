//! Rows 6 and 8: what a user depends on.

use rlhf::train::Guards;
use rlhf_core::profile::Profile;

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

/// verl#1214, verl#5123, vllm#2747, vllm#8841, OpenRLHF's README ("pip uninstall … first").
#[test]
fn row_08_the_default_build_needs_no_compiler_but_rusts_and_no_library() {
    let tree = ["tree", "--offline", "--package", "rlhf-cli", "--edges", "normal,build", "--prefix", "none"];
    let tree = std::process::Command::new(env!("CARGO")).args(tree).output().unwrap();
    assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));
    let tree = String::from_utf8(tree.stdout).unwrap();
    let names: std::collections::BTreeSet<&str> =
        tree.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert!((20..=200).contains(&names.len()), "{} crates", names.len());
    // Declarations of a system's calls, without a library behind them.
    let declares = ["linux-raw-sys", "windows-sys"];
    for name in names {
        let native = name.ends_with("-sys") || ["cc", "cmake", "bindgen", "pkg-config"].contains(&name);
        assert!(!native || declares.contains(&name), "{name} builds or links what is not Rust");
    }
}
