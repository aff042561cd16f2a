//! The engine's work once, for callgrind to count the instructions of: `tests/instructions`.
//!
//! One thread and AVX2 on every machine, since valgrind knows no AVX-512: the counts of a loop that is written
//! once for all instruction sets. `INSTRUCTIONS` beside this file has what is expected.

#[path = "engine/work.rs"]
#[expect(dead_code, reason = "nothing is divided by time here")]
mod work;

use rlhf_core::model::Architecture;
use rlhf_cpu::{Cpu, Isa};

fn main() {
    let asked = std::env::args().nth(1).filter(|word| !word.starts_with('-'));
    let architecture = Architecture::gpt2(512, 128, 64, 2, 2);
    let cpu = Cpu::new(1, Isa::Avx2);
    assert_eq!(cpu.isa(), Isa::Avx2, "this processor has no AVX2");
    for work in work::all() {
        match &asked {
            None => println!("{}", work.name()),
            Some(name) if *name == work.name() => {
                let (mut once, _) = work.prepare(work.network(&cpu, &architecture), &architecture);
                // What the first time alone does is not counted: buffers, packed weights.
                once();
                rlhf_counted(&mut *once);
            }
            Some(_) => {}
        }
    }
}

/// What callgrind looks for.
#[unsafe(no_mangle)]
#[inline(never)]
fn rlhf_counted(once: &mut dyn FnMut()) {
    once();
}
