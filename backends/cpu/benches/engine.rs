//! The speed of the engine on the work of a run. Items are tokens: read, or new where it samples.
//!
//! ```sh
//! cargo bench -p rlhf-cpu --bench engine            # half a minute
//! cargo bench -p rlhf-cpu --bench engine -- train   # what has this in its name
//! ```
//! `RLHF_THREADS` sets the threads. `rlhf bench` has larger networks and says how near the figures are to what the
//! machine can do.

mod work;

use divan::Bencher;
use divan::counter::ItemsCount;
use rlhf_core::model::Architecture;
use rlhf_cpu::{Cpu, Isa};
use work::{TIMED, USUAL, Work};

fn main() {
    divan::main();
}

/// GPT-2's shape: 128 wide, 4 layers, 4 heads, 512 ids.
#[divan::bench(args = TIMED, max_time = 3)]
fn tiny(bencher: Bencher, work: Work) {
    let threads = std::env::var("RLHF_THREADS").ok().and_then(|n| n.parse().ok());
    let threads = threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
    let architecture = Architecture::gpt2(512, 1024, 128, 4, 4);
    let network = work.network(&Cpu::new(threads, Isa::best()), &architecture);
    let mut once = work.prepare(network, architecture.vocabulary, &USUAL);
    bencher.counter(ItemsCount::new(work.tokens(&USUAL))).bench_local(&mut once);
}
