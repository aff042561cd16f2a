//! `rlhf run`.

use super::Run;
use rlhf_cpu::Cpu;
use std::error::Error;

pub fn main(_args: &Run, _cpu: &Cpu) -> Result<(), Box<dyn Error>> {
    Err("soon".into())
}
