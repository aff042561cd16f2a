//! x
pub mod quickstart;
pub mod report;
pub mod statistics;
