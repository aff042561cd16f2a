//! How fast the loops over tokens are, as a share of what copying memory of the same size reaches.
//!
//! ```sh
//! cargo bench -p rlhf-core --bench loops            # half a minute
//! RLHF_PEERS_PYTHON=python cargo bench -p rlhf-core --bench loops     # beside PyTorch
//! ```
//! One thread, 2²⁰ tokens, f32. Machines are shared: each round times every loop and a copy in turn, and
//! what is shown is the median of the rounds' ratios, and the ratio of the best times of all rounds, which
//! neighbours disturb least. Bytes moved are those that a loop has to read and write, once each, and for
//! the copy those it reads and writes.

mod peer;
mod work;

use std::time::Instant;
use work::Work;

const ROUNDS: usize = 21;
/// The best of a few, so that a round that is interrupted once still counts.
const TRIES: usize = 5;

fn main() {
    let mut all = work::all();
    let mut seconds = vec![Vec::with_capacity(ROUNDS); all.len()];
    for _ in 0..ROUNDS {
        for (work, seconds) in all.iter_mut().zip(&mut seconds) {
            seconds.push(best(work));
        }
    }
    let copy = all[0].bytes / median(&seconds[0]);
    println!("copying {:.1} MB: {:.2} GB/s, read and written", all[0].bytes / 2e6, copy / 1e9);
    let theirs = peer::seconds();
    for (work, own) in all.iter().zip(&seconds).skip(1) {
        let share = |(own, copied): (&f64, &f64)| work.bytes / own / (all[0].bytes / copied);
        let shares: Vec<f64> = own.iter().zip(&seconds[0]).map(share).collect();
        let time = median(own);
        let beside = theirs.iter().find(|(name, _)| name == work.name);
        println!(
            "{:<40} {:>7.3} ms {:>7.2} GB/s {:>4.0} % of a copy, {:.0} % at best{}",
            work.name,
            1e3 * time,
            work.bytes / time / 1e9,
            100.0 * median(&shares),
            100.0 * share((&least(own), &least(&seconds[0]))),
            beside.map_or(String::new(), |(_, theirs)| format!(", {:.1} x PyTorch", theirs / time)),
        );
    }
}

fn best(work: &mut Work) -> f64 {
    let once = |_| {
        let start = Instant::now();
        (work.once)();
        start.elapsed().as_secs_f64()
    };
    (0..TRIES).map(once).fold(f64::INFINITY, f64::min)
}

fn least(of: &[f64]) -> f64 {
    of.iter().copied().fold(f64::INFINITY, f64::min)
}

fn median(of: &[f64]) -> f64 {
    let mut sorted = of.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}
