//! Trainers, data, reports and the `rlhf` command.

pub mod bench;
pub mod control;
pub mod data;
pub mod engine;
pub mod formats;
pub mod inference;
pub mod quickstart;
pub mod record;
pub mod report;
pub mod run;
pub mod stage;
pub mod statistics;
pub mod train;

/// The README's code compiles.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
