//! Situations that people met when fine-tuning with preferences: one test for each, named after it.

mod answers;
mod codecs;
mod export;
mod formats;
mod models;
mod reading;
mod runs;
