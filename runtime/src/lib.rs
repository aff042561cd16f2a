//! Trainers, data, reports and the `rlhf` command.

pub mod data;
pub mod formats;
