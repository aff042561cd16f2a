//! Situations that people met when fine-tuning with preferences: one test for each, named after it.

mod codecs;
mod formats;
mod models;
mod reading;
mod runs;
