//! Panics of the Parquet reader on malformed files, as errors.

use core::panic::AssertUnwindSafe;
use std::panic::catch_unwind;

/// Calls `read` and turns a panic in it into an error of the file. After one, `read` must not be called again: its
/// state may be half-changed.
pub(super) fn catch_panic<T>(read: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|_| Err("it is damaged".into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_an_error() {
        assert_eq!(catch_panic(|| Ok(1)), Ok(1));
        assert_eq!(catch_panic(|| Err::<(), _>("cut".into())), Err("cut".into()));
        assert_eq!(catch_panic(|| -> Result<(), _> { panic!("asserted") }), Err("it is damaged".into()));
    }
}
