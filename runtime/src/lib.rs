//! Trainers, data, reports and the `rlhf` command.

pub mod formats;
