//! What the tests across crates share: reading reference fixtures, how closely to follow them, data
//! that a clone may lack, the schemas of what the commands write, and a run small enough to look into.

pub mod fuzz;
pub mod golden;
pub mod schema;
pub mod shared;
pub mod small;
pub mod tolerance;

/// The processor on so many threads.
pub fn threads(count: usize) -> rlhf::engine::Device {
    rlhf_cpu::Cpu::new(count, rlhf_cpu::Isa::best()).into()
}
