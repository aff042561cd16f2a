//! Runs under real-world trouble.

mod data;
mod defaults;
mod folder;
mod resume;
mod settings;
mod terminal;

use rlhf_tests::run_data::{self, CONFIG};
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

/// The command in a folder, on one thread.
fn command(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rlhf-tested"));
    command.args(args).args(["--threads", "1"]).current_dir(folder);
    command
}

fn rlhf(folder: &Path, args: &[&str]) -> Output {
    command(folder, args).output().unwrap()
}

/// Its exit code, and all that it says.
fn said(folder: &Path, args: &[&str]) -> (i32, String) {
    let out = rlhf(folder, args);
    let text = String::from_utf8_lossy(&out.stdout).into_owned() + &String::from_utf8_lossy(&out.stderr);
    (out.status.code().unwrap(), text)
}

fn lines(rows: impl IntoIterator<Item = Value>) -> String {
    rows.into_iter().map(|row| row.to_string() + "\n").collect()
}

/// A folder with data, a base of 96 tokens' context and `run.toml`, whose run takes a second.
fn prepared() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    run_data::write(folder.path());
    fs::write(folder.path().join("run.toml"), CONFIG).unwrap();
    folder
}

/// `run` on it, with further arguments.
fn run<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&["run", "run.toml", "--data", "."], more].concat()
}

/// Names in a folder.
fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}
