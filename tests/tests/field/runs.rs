//! Runs under real-world trouble.

use rlhf_tests::run_data::{self, CONFIG};
use serde_json::Value;
use std::fs::{self, File, OpenOptions};
use std::path::Path;
use std::process::{Command, Output, Stdio};

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

#[cfg(target_os = "linux")]
#[test]
fn a_run_goes_on_when_nobody_can_read_its_progress() {
    let folder = prepared();
    let full = || Stdio::from(OpenOptions::new().write(true).open("/dev/full").unwrap());
    let mut full_disk = command(folder.path(), &run(&["--out", "full"]));
    assert!(full_disk.stdout(full()).stderr(full()).status().unwrap().success());
    // A reader that ends after the first line, as `head -1` does.
    let mut closed = command(folder.path(), &run(&["--out", "closed"]));
    let (reader, writer) = std::io::pipe().unwrap();
    let mut child = closed.stdout(writer.try_clone().unwrap()).stderr(writer).spawn().unwrap();
    drop((reader, closed));
    assert!(child.wait().unwrap().success());
    for out in ["full", "closed"] {
        assert!(folder.path().join(out).join("summary.json").exists(), "{out}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_result_that_cannot_be_written_is_an_error() {
    let folder = prepared();
    let full = || Stdio::from(OpenOptions::new().write(true).open("/dev/full").unwrap());
    let tokenizer = ["--tokenizer", "bytes.tok"];
    let generate = [&["generate", "base", "--prompt", "Why?"], &tokenizer[..]].concat();
    for args in
        [&generate[..], &["config"], &["completions", "bash"], &["config", "check", "run.toml", "--json"]]
    {
        let out = command(folder.path(), args).stdout(full()).output().unwrap();
        assert_eq!(out.status.code(), Some(1), "{args:?}: {}", String::from_utf8_lossy(&out.stderr));
        assert!(String::from_utf8_lossy(&out.stderr).contains("No space"), "{args:?}");
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let out = command(folder.path(), args).stdout(writer).output().unwrap();
        assert_eq!(out.status.code(), Some(0), "a reader who has seen enough: {args:?}");
        assert!(!String::from_utf8_lossy(&out.stderr).contains("panic"), "{args:?}");
    }
}
