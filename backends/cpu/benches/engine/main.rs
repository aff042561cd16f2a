//! How fast the engine is on the work of `reference/PEERS.md`, and what share of the processor's
//! arithmetic that is.
//!
//! ```sh
//! cargo bench -p rlhf-cpu                  # tiny and small, a minute or two
//! cargo bench -p rlhf-cpu -- 124M train    # what has both words in its name
//! ```
//! `RLHF_THREADS` sets the threads. A harness of our own, since what is compared is medians over
//! quiet moments of a shared machine, against programs timed the same way (`tests/bench_peers`).

mod clock;
mod peak;
mod work;

use rlhf_core::model::Architecture;
use rlhf_cpu::Cpu;
use work::Work;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let threads = std::env::var("RLHF_THREADS").ok().and_then(|n| n.parse().ok());
    let threads = threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
    let isa = rlhf_cpu::Isa::best();
    let peak = peak::measure(isa, threads);
    println!("{}, {threads} threads, peak {:.0} GFLOP/s", isa.name(), peak / 1e9);
    for (size, vocabulary, width, layers, heads) in
        [("tiny", 512, 128, 4, 4), ("small", 4096, 384, 6, 6), ("124M", 50_257, 768, 12, 12)]
    {
        let architecture = Architecture::gpt2(vocabulary, 1024, width, layers, heads);
        for work in work::all() {
            let name = format!("{size} {}", work.name());
            let asked = words.iter().all(|word| name.contains(word.as_str()));
            // The big one takes minutes, so it has to be asked for.
            if asked && (size != "124M" || words.iter().any(|word| word == size)) {
                run(&name, &Cpu::new(threads, isa), &architecture, work, peak);
            }
        }
    }
}

fn run(name: &str, cpu: &Cpu, architecture: &Architecture, work: Work, peak: f64) {
    let (mut once, flops) = work.prepare(work.network(cpu, architecture), architecture);
    let times = clock::time(&mut *once);
    let (units, unit) = work.units();
    let share = 100.0 * flops / times.median / peak;
    println!(
        "{name:<28} {:>10.3} ms [{:.3} – {:.3}, best {:.3}; processor {:.3}] {:>9.1} {unit}/s {share:>4.0} % of peak{}",
        times.median * 1e3,
        times.quarter * 1e3,
        times.three_quarters * 1e3,
        times.best * 1e3,
        times.processor * 1e3,
        units / times.median,
        if times.quiet { "" } else { "  (the machine was busy)" },
    );
}
