//! What a library asserts of a file, a hostile one may break.

use core::panic::AssertUnwindSafe;
use std::panic::catch_unwind;

/// What `read` gives; a panic in it is an error of the file's. `read` is not to be called again after
/// one: what it works on may be half-changed.
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
