//! What the command `rlhf` has beyond the library `rlhf`, for those who want it without a terminal: the
//! benchmark, the quickstart, and the page of any run's folder.

pub mod bench;
pub mod quickstart;
pub mod report;
