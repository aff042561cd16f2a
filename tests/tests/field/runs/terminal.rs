//! Terminals, and nobody at them.

use super::{command, prepared, run};
use std::fs::{self, OpenOptions};
use std::process::{Command, Stdio};

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

/// A terminal that is closed hangs up on the run, and so does its shell.
#[cfg(unix)]
#[test]
fn a_closed_terminal_leaves_a_checkpoint_to_resume_from() {
    let folder = prepared();
    let set = ["--out", "out", "--set", "ppo.iterations=4000"];
    let mut child =
        command(folder.path(), &run(&set)).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let metrics = folder.path().join("out/metrics.jsonl");
    while fs::metadata(&metrics).map_or(0, |metrics| metrics.len()) == 0 {
        std::thread::sleep(core::time::Duration::from_millis(1));
    }
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-HUP", &id]).status().unwrap().success());
    // The second may come too late.
    let _ = Command::new("kill").args(["-HUP", &id]).stderr(Stdio::null()).status();
    assert_eq!(child.wait().unwrap().code(), Some(3));
    let checkpoints = folder.path().join("out/checkpoints");
    assert!(checkpoints.exists() || folder.path().join("out/sft").exists());
}

#[cfg(unix)]
#[test]
fn under_nohup_a_closed_terminal_ends_nothing() {
    let folder = prepared();
    let set = ["--out", "out", "--set", "ppo.iterations=30"];
    let run = command(folder.path(), &run(&set));
    let mut nohup = Command::new("nohup");
    nohup.arg(run.get_program()).args(run.get_args()).current_dir(folder.path());
    let mut child = nohup.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let metrics = folder.path().join("out/metrics.jsonl");
    while fs::metadata(&metrics).map_or(0, |metrics| metrics.len()) == 0 {
        std::thread::sleep(core::time::Duration::from_millis(1));
    }
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-HUP", &id]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert!(folder.path().join("out/summary.json").exists());
}
