//! Files are read in pieces: memory does not grow with them. In a process of its own, since it asks the
//! system how much the process ever held.

use flate2::{Compression, write::GzEncoder};
use rlhf::data::check::Checker;
use rlhf::data::personal::Finder;
use rlhf::data::prompts;
use rlhf_tests::process::in_own_process;
use ruzstd::encoding::{CompressionLevel, compress_to_vec};
use std::fs::File;
use std::io::Write;

const MIB: usize = 1 << 20;
/// Each file unpacked.
const FILE: usize = 256 * MIB;
/// The most memory that reading may add to the process, in bytes.
const MOST: usize = 64 * MIB;

/// A figure of the process's status, in bytes.
fn status(name: &str) -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() * 1024
}

#[test]
fn memory_does_not_grow_with_a_file() {
    if !in_own_process() {
        return;
    }
    let row = |i: usize| format!("{{\"prompt\": \"{i} {}\"}}\n", "So it goes. ".repeat(80));
    let part: Vec<u8> = (0..4096).flat_map(|i| row(i).into_bytes()).collect();
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(&part).unwrap();
    // Members and frames, one after the other, are one file.
    let packed =
        [part.clone(), gzip.finish().unwrap(), compress_to_vec(part.as_slice(), CompressionLevel::Fastest)];
    let times = FILE / part.len() + 1;
    let folder = tempfile::tempdir().unwrap();
    let mut paths = Vec::new();
    for (i, packed) in packed.iter().enumerate() {
        let path = folder.path().join(i.to_string());
        let mut file = File::create(&path).unwrap();
        (0..times).for_each(|_| file.write_all(packed).unwrap());
        paths.push(path);
    }
    drop((part, packed));
    let before = status("VmRSS:").max(status("VmHWM:"));
    for path in &paths {
        assert_eq!(prompts(path).unwrap().filter(Result::is_ok).count(), 4096 * times);
    }
    let mut checker = Checker::new(Finder::default());
    checker.read(&paths[2], false).unwrap();
    assert_eq!(checker.finish().prompts, 4096);
    let grown = status("VmHWM:") - before;
    assert!(grown < MOST, "{} MiB for files of {} MiB", grown / MIB, FILE / MIB);
}
