//! The run that needs no data: it makes its own.

pub mod world;
