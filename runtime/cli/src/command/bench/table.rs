//! The figures as people read them.

use crate::bench::{Figure, Measurement, Work};
use core::fmt::Write;

/// A line for each figure, and the comparisons of two of them.
pub fn table(measurement: &Measurement) -> String {
    let limits = &measurement.limits;
    let threads = measurement.threads.map_or(String::new(), |threads| format!(", {threads} threads"));
    let mut out = format!(
        "{}{threads}: at most {:.0} GFLOP/s, {:.1} GB/s copied\n\n{:<22} {:>10} {:>23} {:>24} {:>8} {:>8} {:>8}\n",
        measurement.device,
        limits.arithmetic / 1e9,
        limits.bandwidth / 1e9,
        "work",
        "median ms",
        "quarter – three",
        "rate",
        "of peak",
        "of copy",
        "MiB",
    );
    for figure in &measurement.figures {
        line(&mut out, figure);
    }
    let mut names: Vec<_> = measurement.figures.iter().map(|figure| &figure.network).collect();
    names.dedup();
    for name in names {
        let rate = |work: Work| {
            let of = |figure: &&Figure| figure.network == *name && figure.work == work.name();
            measurement.figures.iter().find(of).map(|figure| figure.rate)
        };
        scaling(&mut out, name, measurement.threads, rate);
    }
    if measurement.figures.iter().any(|figure| !figure.seconds.quiet) {
        out += "* others used the machine in most repetitions, so that all of them count\n";
    }
    out.truncate(out.trim_end().len());
    out
}

fn line(out: &mut String, figure: &Figure) {
    let t = &figure.seconds;
    let name = format!("{} {}{}", figure.network, figure.work, if t.quiet { "" } else { " *" });
    let rate = format!("{:.1} {}/s", figure.rate, figure.unit);
    let range = format!("{:.3} – {:.3}", 1e3 * t.quarter, 1e3 * t.three_quarters);
    let memory = figure.peak_memory.map_or("–".into(), |bytes| (bytes >> 20).to_string());
    let _ = writeln!(
        out,
        "{name:<22} {:>10.3} {range:>23} {rate:>24} {:>6.0} % {:>6.0} % {memory:>8}",
        1e3 * t.median,
        100.0 * figure.of_arithmetic,
        100.0 * figure.of_bandwidth,
    );
    if !figure.phases.is_empty() {
        let phases = figure.phases.iter().map(|(name, seconds)| format!("{name} {:.1}", 1e3 * seconds));
        let _ = writeln!(out, "{:22} {} ms", "", phases.collect::<Vec<_>>().join(", "));
    }
    let padded = figure.lengths.iter().max().map_or(0, |longest| longest * figure.lengths.len());
    let read: usize = figure.lengths.iter().sum();
    if padded > read {
        let _ = writeln!(
            out,
            "{:22} {read} tokens; {padded} if padded, {:.1} times as many",
            "",
            padded as f64 / read as f64
        );
    }
}

/// Writes how the training step scales with threads.
fn scaling(out: &mut String, name: &str, threads: Option<usize>, rate: impl Fn(Work) -> Option<f64>) {
    let of = |sequences| rate(Work::Train { sequences });
    if let (Some(threads), Some(all), Some(alone)) = (threads, of(8), rate(Work::TrainAlone)) {
        let _ = writeln!(
            out,
            "{name}: a training step is {:.2} times as fast on {threads} threads as on one",
            all / alone
        );
    }
    for sequences in [32, 128] {
        if let (Some(many), Some(few)) = (of(sequences), of(8)) {
            let share = many / few;
            let _ = writeln!(
                out,
                "{name}: {sequences} sequences at a time give {share:.2} times the tokens/s of 8"
            );
        }
    }
}
