//! `rlhf bench`.

use super::exit::Failure;
use super::output::Output;
use clap::Args;
use core::time::Duration;
use rlhf::bench::{Limits, Measured, Size, Work, measure, peak_memory};
use rlhf::engine::Device;
use serde_json::json;

#[derive(Args)]
pub struct Bench {
    /// The network: tiny, small or 124M; may be repeated. Tiny and small, unless given
    #[arg(long, value_name = "NAME", value_parser = size)]
    size: Vec<Size>,
    /// The work: load, forward, train, reward, greedy-1, drawn-32, ppo …; may be repeated. All of it, unless
    /// given
    #[arg(long, value_name = "NAME", value_parser = work)]
    work: Vec<Work>,
    /// How long each is timed, in seconds; on a busy machine twice as long
    #[arg(long, value_name = "SECONDS", default_value_t = 10.0, value_parser = seconds)]
    budget: f64,
    /// The figures as JSON on standard output
    #[arg(long)]
    json: bool,
}

fn size(name: &str) -> Result<Size, String> {
    let known = || Size::ALL.map(Size::name).join(", ");
    Size::ALL.into_iter().find(|size| size.name() == name).ok_or_else(|| format!("known are {}", known()))
}

fn work(name: &str) -> Result<Work, String> {
    let all = Work::all();
    let known = || all.iter().map(|work| work.name()).collect::<Vec<_>>().join(", ");
    all.iter().copied().find(|work| work.name() == name).ok_or_else(|| format!("known are {}", known()))
}

fn seconds(text: &str) -> Result<f64, &'static str> {
    let number = text.parse().ok().filter(|n| (0.01..=3600.0).contains(n));
    number.ok_or("want seconds from 0.01 to 3600")
}

pub fn main(args: &Bench, device: &Device) -> Result<(), Failure> {
    let output = Output { json: args.json };
    let sizes = if args.size.is_empty() { vec![Size::Tiny, Size::Small] } else { args.size.clone() };
    let works = if args.work.is_empty() { Work::all() } else { args.work.clone() };
    let budget = Duration::from_secs_f64(args.budget);
    let limits = Limits::of(device, budget.min(Duration::from_secs(1))).map_err(Failure::failed)?;
    output.tell(&format!(
        "{device}: at most {:.0} GFLOP/s, {:.1} GB/s copied",
        limits.arithmetic / 1e9,
        limits.bandwidth / 1e9
    ));
    output.tell(&format!(
        "{:<18} {:>10} {:>21} {:>10} {:>22} {:>11} {:>10}",
        "work", "median ms", "quarter – three", "best", "rate", "arithmetic", "memory"
    ));
    let mut all = Vec::new();
    for size in sizes {
        for work in &works {
            let seen = measure(device, size, *work, &limits, budget).map_err(Failure::failed)?;
            output.tell(&line(&seen));
            all.push(seen);
        }
    }
    if let Some(bytes) = peak_memory() {
        output.tell(&format!("At most {} MiB were held at once, all of this together.", bytes >> 20));
    }
    output.result(&json!({
        "device": device.to_string(),
        "limits": limits,
        "figures": all,
        "peak_memory": peak_memory(),
    }))
}

fn line(seen: &Measured) -> String {
    let t = &seen.seconds;
    let name = format!("{} {}", seen.size.name(), seen.work);
    let mut out = format!(
        "{name:<18} {:>10.3} {:>10.3} – {:>8.3} {:>10.3} {:>10.1} {:<11} {:>9.0} % {:>8.0} %{}",
        1e3 * t.median,
        1e3 * t.quarter,
        1e3 * t.three_quarters,
        1e3 * t.best,
        seen.rate,
        format!("{}/s", seen.unit),
        100.0 * seen.of_arithmetic,
        100.0 * seen.of_bandwidth,
        if t.quiet { "" } else { "  (busy)" },
    );
    if !seen.phases.is_empty() {
        let phases = seen.phases.iter().map(|(name, seconds)| format!("{name} {:.1}", 1e3 * seconds));
        out += &format!("\n{:18} {} ms", "", phases.collect::<Vec<_>>().join(", "));
    }
    out
}
