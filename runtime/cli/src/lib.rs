//! The command `rlhf`, and what of it is of use without a terminal: the benchmark, the quickstart, and the page
//! of any run's folder. A program with devices of its own is the whole command:
//!
//! ```no_run
//! fn main() -> std::process::ExitCode {
//!     rlhf_cli::run(rlhf::engine::Devices::default())
//! }
//! ```

#![cfg_attr(not(test), deny(clippy::print_stdout, clippy::print_stderr))]

pub mod bench;
mod command;
pub mod quickstart;
pub mod report;

pub use command::{main, run};
