//! x

pub mod shared;
