//! Everything that crosses crates, in one program: it is linked once.

mod command;
mod conformance;
mod control;
mod data;
mod data_command;
mod devices;
mod field;
mod fixtures;
mod formats;
mod guards;
mod guides;
mod hostile;
mod inference;
mod language_model;
mod layers;
#[cfg(target_os = "linux")]
mod memory;
mod older_configs;
mod older_runs;
mod on_policy;
mod pain;
mod parquet;
mod preferences;
mod quickstart;
mod readme;
mod real;
mod report;
mod run_warnings;
mod stories;
#[cfg(target_os = "linux")]
mod streaming;
mod summary;
mod tastes;
mod trainers;
