//! The time to load a network, and that of an iteration of PPO, which `rlhf bench` measures by another clock.
//!
//! ```sh
//! cargo bench -p rlhf-cli --bench command           # a quarter of a minute
//! cargo bench -p rlhf-cli --bench command -- Load   # what has this in its name
//! ```
//! Items are what [`Work::units`] counts. All threads.

use divan::Bencher;
use divan::counter::ItemsCount;
use rlhf::engine::Device;
use rlhf_cli::bench::{Network, Work};

fn main() {
    divan::main();
}

#[divan::bench(args = [Work::Load, Work::Ppo, Work::PpoValueHead, Work::Advantages, Work::Losses], max_time = 3)]
fn tiny(bencher: Bencher, work: Work) {
    let network = Network::named("tiny").unwrap();
    let mut once = work.prepare(&Device::default(), network.architecture()).unwrap();
    let (count, _) = work.units(network.architecture());
    bencher.counter(ItemsCount::new(count as usize)).bench_local(|| once().unwrap());
}
