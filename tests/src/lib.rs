//! What the tests across crates share: reading reference fixtures, how closely to follow them, and
//! data that a clone may lack.

pub mod golden;
pub mod shared;
pub mod tolerance;
