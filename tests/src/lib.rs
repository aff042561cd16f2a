//! What the tests across crates share: reading reference fixtures, and how closely to follow them.

pub mod golden;
pub mod shared;
pub mod tolerance;
