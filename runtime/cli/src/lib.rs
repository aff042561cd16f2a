//! The command `rlhf`, and what of it is of use without a terminal: the benchmark, the quickstart, and the page
//! of any run's folder.

pub mod bench;
mod command;
pub mod quickstart;
pub mod report;

pub use command::main;
