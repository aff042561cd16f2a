#![doc = include_str!("../README.md")]

mod error;
pub mod files;
pub mod gold;
pub mod grammar;
pub mod pretrain;
pub mod words;

pub use error::Error;
