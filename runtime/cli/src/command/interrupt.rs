//! Ctrl-C: the first ends the run after its step, with a checkpoint; the second ends it at once.

use super::output;
use core::sync::atomic::{AtomicBool, Ordering};

static ASKED: AtomicBool = AtomicBool::new(false);

/// The exit code of a process that was ended by Ctrl-C, by custom.
const AT_ONCE: i32 = 130;

/// Listens for Ctrl-C, and says whether it came.
///
/// # Errors
/// The system's.
pub fn asked() -> Result<impl Fn() -> bool, ctrlc::Error> {
    ctrlc::set_handler(|| {
        if ASKED.swap(true, Ordering::Relaxed) {
            std::process::exit(AT_ONCE);
        }
        output::tell("\nStopping after this step. Once more, and it ends at once.");
    })?;
    Ok(|| ASKED.load(Ordering::Relaxed))
}
