//! The speed of a device of this backend beside the CPU engine, on the same work and the same network.
//!
//! ```sh
//! cargo bench -p rlhf-burn                                  # flex
//! RLHF_BURN_DEVICE=wgpu cargo bench -p rlhf-burn --features wgpu -- tiny train
//! ```
//! The two take turns, so that what else the machine does hits both; what is printed are medians, and
//! their ratio. Words after `--` choose the work that has them all in its name. `RLHF_THREADS` sets the
//! CPU engine's threads, `RAYON_NUM_THREADS` those of flex.

// The CPU engine's own benchmark and this one time the same work.
#[path = "../../cpu/benches/work/mod.rs"]
mod work;

use rlhf_burn::{Device, Model};
use rlhf_core::model::Architecture;
use rlhf_cpu::{Cpu, Isa};
use std::time::Instant;
use work::{USUAL, Work};

/// Turns that are timed, after one that is not.
const TURNS: usize = 5;

/// The least seconds of a turn: short work is done several times in one.
const TURN: f64 = 0.2;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let device = std::env::var("RLHF_BURN_DEVICE").unwrap_or_else(|_| "flex".into());
    let device = Device::named(&device).unwrap();
    let threads = std::env::var("RLHF_THREADS").ok().and_then(|n| n.parse().ok());
    let threads = threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
    let cpu = Cpu::new(threads, Isa::best());
    println!("{:<20} {:>17} {:>17} {:>6}", "work", "CPU engine", device.name(), "ratio");
    for (size, vocabulary, width, layers, heads) in [("tiny", 512, 128, 4, 4), ("small", 4096, 384, 6, 6)] {
        let architecture = Architecture::gpt2(vocabulary, 1024, width, layers, heads);
        for work in work::TIMED {
            let name = format!("{size} {work}");
            if words.iter().all(|word| name.contains(word.as_str())) {
                compare(&name, work, &cpu, &device, &architecture);
            }
        }
    }
}

fn compare(name: &str, work: Work, cpu: &Cpu, device: &Device, architecture: &Architecture) {
    let network = work.network(cpu, architecture);
    let here = Model::from_weights(device, network.architecture().clone(), network.weights()).unwrap();
    let vocabulary = architecture.vocabulary;
    let mut both = [work.prepare(network, vocabulary, &USUAL), work.prepare(here, vocabulary, &USUAL)];
    let mut times = [const { Vec::new() }; 2];
    let batches = [0, 1].map(|i| {
        // The first time compiles shaders.
        both[i]();
        (TURN / seconds(&mut both[i], 1)).ceil().max(1.0) as usize
    });
    for _ in 0..TURNS {
        for ((once, times), batch) in both.iter_mut().zip(&mut times).zip(batches) {
            times.push(seconds(once, batch));
        }
    }
    let tokens = work.tokens(&USUAL) as f64;
    let [engine, here] = times.map(|mut times: Vec<f64>| {
        times.sort_by(f64::total_cmp);
        tokens / times[TURNS / 2]
    });
    println!("{name:<20} {engine:>8.0} tokens/s {here:>8.0} tokens/s {:>6.2}", here / engine);
}

/// Seconds of one repetition.
fn seconds(once: &mut dyn FnMut(), repetitions: usize) -> f64 {
    let start = Instant::now();
    (0..repetitions).for_each(|_| once());
    start.elapsed().as_secs_f64() / repetitions as f64
}
