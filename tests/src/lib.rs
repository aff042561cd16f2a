//! What the tests across crates share: reading reference fixtures, how closely to follow them, data
//! that a clone may lack, and the schemas of what the commands write.

pub mod fuzz;
pub mod golden;
pub mod schema;
pub mod shared;
pub mod tolerance;
