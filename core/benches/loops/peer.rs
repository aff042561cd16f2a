//! PyTorch's seconds on the same work, one thread, where there is one.

use std::process::Command;

/// Seconds by the name of the loop; nothing unless `RLHF_PEERS_PYTHON` names a Python with PyTorch.
pub fn seconds() -> Vec<(String, f64)> {
    let Some(python) = std::env::var_os("RLHF_PEERS_PYTHON") else { return vec![] };
    let out = Command::new(python).args(["-c", include_str!("peer.py")]).output().expect("no such Python");
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let text = String::from_utf8_lossy(&out.stdout);
    let parse = |line: &str| line.split_once('\t').map(|(name, s)| (name.to_owned(), s.parse().unwrap()));
    text.lines().filter_map(parse).collect()
}
