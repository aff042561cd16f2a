//! The engine's work once, for callgrind to count the instructions of: `tests/instructions`.
//!
//! One thread and AVX2 on every machine, since valgrind knows no AVX-512: the counts of a loop that is written
//! once for all instruction sets. Valgrind takes a microsecond for every fused multiplication and addition, so
//! there is little of everything, but enough for every layout of a product and every kind of block: 260 tokens
//! and 384 columns are more than a product takes at a time, and nothing divides by the kernels' widths.
//! `INSTRUCTIONS` beside this file has what is expected.

#[expect(dead_code, reason = "nothing is divided by time here")]
mod work;

use rlhf_core::model::Architecture;
use rlhf_cpu::{Cpu, Isa};
use work::{Size, Work};

const LITTLE: Size = Size { rows: 4, length: 65, prompt: 16, new: 16 };

/// Every product is in one of these: `x·w` and a head's `x·wᵀ` in `Forward`, `dy·wᵀ` and `xᵀ·dy` in `Train`, that
/// of one row in `Greedy(1)`, those of packed weights in `Greedy(8)`.
const WORKS: [Work; 6] =
    [Work::Forward, Work::Train, Work::Reward, Work::Greedy(1), Work::Greedy(8), Work::Drawn(8)];

fn main() {
    let requested = std::env::args().nth(1).filter(|word| !word.starts_with('-'));
    let architecture = Architecture::gpt2(260, 128, 96, 2, 2);
    let cpu = Cpu::new(1, Isa::Avx2);
    assert_eq!(cpu.isa(), Isa::Avx2, "this processor has no AVX2");
    for work in WORKS {
        match &requested {
            None => println!("{work}"),
            Some(name) if *name == work.to_string() => {
                let network = work.network(&cpu, &architecture);
                rlhf_counted(&mut *work.prepare(network, architecture.vocabulary, &LITTLE));
            }
            Some(_) => {}
        }
    }
}

/// Runs the work whose instructions callgrind counts.
#[unsafe(no_mangle)]
#[inline(never)]
fn rlhf_counted(once: &mut dyn FnMut()) {
    once();
}
