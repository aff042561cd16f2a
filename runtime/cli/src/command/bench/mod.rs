//! `rlhf bench`.

mod table;

use super::exit::Failure;
use super::output::{self, Output};
use crate::bench::{Bench as Benchmark, Network, Next, Work};
use clap::Args;
use core::time::Duration;
use indicatif::{ProgressBar, ProgressStyle};
use rlhf::engine::Device;
use std::io::IsTerminal;
use std::path::Path;

#[derive(Args)]
pub struct Bench {
    /// The network: tiny, small or 124M, or a folder with a model, whose shape is taken; may be repeated. By
    /// default tiny and small
    #[arg(long, value_name = "NAME", value_parser = network)]
    model: Vec<Network>,
    /// The work: load, forward, train-8, train-32, train-128, train-alone, ragged, reward, greedy-1, greedy-8,
    /// greedy-32, drawn-1, drawn-8, drawn-32, ppo, ppo-value-head, advantages, losses, product-f32, product-bf16,
    /// product-int8, product-int4, row-f32, row-bf16, row-int8 or row-int4; may be repeated. By default all of it
    #[arg(long, value_name = "WORK", value_parser = work)]
    only: Vec<Work>,
    /// Number of rounds; everything is timed once in each
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=1000))]
    repeat: u16,
    /// Least time of a repetition in seconds: shorter work is done several times in one
    #[arg(long, value_name = "SECONDS", default_value_t = 0.25, value_parser = seconds)]
    least: f64,
    /// The figures as JSON on standard output
    #[arg(long)]
    json: bool,
}

fn network(name: &str) -> Result<Network, String> {
    let known = || Network::NAMES.join(", ");
    match (Network::named(name), Path::new(name)) {
        (Some(network), _) => Ok(network),
        (None, path) if path.exists() => Network::like(path).map_err(|error| error.to_string()),
        (None, _) => Err(format!("known are {}; and there is no such folder", known())),
    }
}

fn work(name: &str) -> Result<Work, String> {
    let all = Work::all();
    let known = || all.iter().map(|work| work.name()).collect::<Vec<_>>().join(", ");
    all.iter().copied().find(|work| work.name() == name).ok_or_else(|| format!("known are {}", known()))
}

fn seconds(text: &str) -> Result<f64, &'static str> {
    let number = text.parse().ok().filter(|n| (0.001..=60.0).contains(n));
    number.ok_or("want seconds from 0.001 to 60")
}

pub fn main(args: &Bench, device: &Device) -> Result<(), Failure> {
    let output = Output { json: args.json };
    let networks = match args.model.as_slice() {
        [] => ["tiny", "small"].into_iter().filter_map(Network::named).collect(),
        given => given.to_vec(),
    };
    let mut works = args.only.clone();
    if works.is_empty() {
        works = Work::all();
        // There is nothing to compare one thread with.
        let alone = device.cpu().is_none_or(|cpu| cpu.threads() == 1);
        works.retain(|work| !(alone && *work == Work::TrainAlone));
    }
    let least = Duration::from_secs_f64(args.least);
    let benchmark = Benchmark { networks, works, repeat: args.repeat.into(), least };
    let bar = if std::io::stderr().is_terminal() { ProgressBar::new(0) } else { ProgressBar::hidden() };
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len}  {eta} left  {msg}") {
        bar.set_style(style);
    }
    let measurement = benchmark.run(device, |next| show_next(&bar, &next)).map_err(Failure::failed)?;
    bar.finish_and_clear();
    output.message(&table::table(&measurement));
    output.result(&measurement)
}

/// A bar on a terminal, elsewhere a line for every tenth of all.
fn show_next(bar: &ProgressBar, next: &Next<'_>) {
    let what = format!("{} {}", next.network.name(), next.work.name());
    bar.set_length(next.total as u64);
    bar.set_position(next.done as u64);
    bar.set_message(what.clone());
    let tenth = next.total.div_ceil(10).max(1);
    if bar.is_hidden() && next.done.is_multiple_of(tenth) {
        output::print_message(&format!("{}/{}  {what}", next.done, next.total));
    }
}
