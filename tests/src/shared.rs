//! Files that are beside the repository on machines that have them.
//!
//! A test that wants them is marked so, and the test harness then says that it was ignored, and why:
//!
//! ```text
//! #[test]
//! #[cfg_attr(not(shared_data), ignore = "skipped: wants ../shared/data, or the folder of RLHF_DATA")]
//! fn all_of_it_is_read() {}
//! ```

use std::path::{Path, PathBuf};

/// The path of a file or folder of `../shared/data`, or of the folder that `RLHF_DATA` names.
///
/// # Panics
/// If it is not there: the test is to be marked as above.
pub fn data(path: &str) -> PathBuf {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    let found = std::env::var_os("RLHF_DATA").map_or_else(beside, PathBuf::from).join(path);
    assert!(found.exists(), "{}: there is no such file", found.display());
    found
}
