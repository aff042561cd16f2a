//! What the tests across crates share: the device that they run on, reading reference fixtures, how closely to follow them, data
//! that a clone may lack, the schemas of what the commands write, and a run small enough to look into.

pub mod device;
pub mod fuzz;
pub mod golden;
pub mod process;
pub mod run_data;
pub mod schema;
pub mod shared;
pub mod small;
pub mod tolerance;
