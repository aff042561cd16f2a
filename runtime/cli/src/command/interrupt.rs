//! Interruption by Ctrl-C, SIGTERM or a terminal that is closed: the first ends the run after its step, with a
//! checkpoint; the second ends it at once. Under `nohup`, closing the terminal ends nothing.

use super::output;
use core::time::Duration;
use std::sync::OnceLock;
use std::time::Instant;

/// The time of the first interruption.
static INTERRUPTED: OnceLock<Instant> = OnceLock::new();

/// Signals within this time of the first are the same wish: a terminal that is closed tells the run itself, and
/// so does its shell.
const ONE_WISH: Duration = Duration::from_secs(1);

/// The exit code of a process that was ended by Ctrl-C, by custom.
const AT_ONCE: i32 = 130;

/// Listens for signals; the returned function tells whether one came.
///
/// # Errors
/// The system's.
pub fn interrupted() -> Result<impl Fn() -> bool, ctrlc::Error> {
    #[cfg(unix)]
    let before = ignore_hang_up();
    ctrlc::set_handler(|| match INTERRUPTED.get() {
        Some(first) if first.elapsed() > ONE_WISH => std::process::exit(AT_ONCE),
        Some(_) => {}
        None => {
            let _ = INTERRUPTED.set(Instant::now());
            output::print_message("\nStopping after this step. Once more, and it ends at once.");
        }
    })?;
    #[cfg(unix)]
    if before == libc::SIG_IGN {
        ignore_hang_up();
    }
    Ok(|| INTERRUPTED.get().is_some())
}

/// Ignores SIGHUP from now on. Returns what was done with it before.
#[cfg(unix)]
fn ignore_hang_up() -> libc::sighandler_t {
    // SAFETY: to ignore a signal runs no code of ours.
    unsafe { libc::signal(libc::SIGHUP, libc::SIG_IGN) }
}
