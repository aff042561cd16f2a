//! What people who fine-tune with preferences have met, one test for each situation, named by it.

mod codecs;
mod formats;
mod models;
mod reading;
mod runs;
