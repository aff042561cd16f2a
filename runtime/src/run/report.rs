//! A run in a terminal.

use super::{Accuracy, Sample, Summary};
use crate::config::Override;
use crate::record::WarningSummary;
use crate::report::format::plain;
use crate::report::{method_name, table};
use crate::statistics::BeforeAfter;
use core::fmt::Write;

/// Lists the changes of the recipe and their reasons, to print before the run starts.
pub fn overrides(overrides: &[Override]) -> String {
    let row = |o: &Override| [o.setting.clone(), plain(&o.paper), plain(&o.here), o.reason.clone()];
    crate::report::overrides(overrides.iter().map(row).collect())
}

/// Writes the results of a run, with samples.
pub fn report(summary: &Summary) -> String {
    let mut out = String::from("reward model: agreement with held-out votes\n");
    let mut rows: Vec<_> =
        summary.reward_model.data_sets.iter().map(|set| accuracy(&set.name, set.accuracy)).collect();
    rows.push(accuracy("all", summary.reward_model.accuracy));
    out += &table(&["data set", "accuracy", "95 % interval", "votes"], &rows);

    let method = method_name(&summary.method);
    let row =
        |name: &str, x: BeforeAfter| vec![name.into(), format!("{:.2}", x.sft), format!("{:.2}", x.ppo)];
    let kl = BeforeAfter { sft: 0.0, ppo: summary.common.kl };
    let rows = [
        row("reward", summary.reward),
        row("length", summary.common.length),
        row("ended", summary.ended),
        row("KL, nats", kl),
    ];
    out += &format!("\nanswers to held-out prompts\n{}", table(&["", "supervised", &method], &rows));
    // Writing to a string cannot fail.
    let _ = writeln!(out, "\n{}", summary.verdict());
    if !summary.notes.is_empty() {
        out += "\nworth knowing\n";
        summary.notes.iter().for_each(|note| out += &format!("  {}\n", printable(note).trim()));
    }
    for Sample { prompt, sft, ppo } in &summary.samples {
        let _ = write!(
            out,
            "\n{}\n  supervised {:+.2}:{}\n  {} {:+.2}:{}\n",
            printable(prompt).trim(),
            sft.reward,
            printable(&sft.text),
            method,
            ppo.reward,
            printable(&ppo.text)
        );
    }
    out + &warning_list(&summary.common.warnings)
}

/// Lists the warnings of a run; empty without one.
pub fn warning_list(warnings: &[WarningSummary]) -> String {
    let mut out = String::new();
    if !warnings.is_empty() {
        out += "\nwarnings\n";
        warnings.iter().for_each(|warning| out += &format!("  {}\n", warning.last.message));
    }
    out
}

fn accuracy(name: &str, of: Option<Accuracy>) -> Vec<String> {
    match of {
        Some(a) => vec![
            name.into(),
            format!("{:.3}", a.value),
            format!("{:.3} to {:.3}", a.low, a.high),
            a.n.to_string(),
        ],
        None => vec![name.into(), "none held out".into()],
    }
}

/// Returns text that a model wrote, on one line and without characters that a terminal would obey.
fn printable(text: &str) -> String {
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let text: String = words.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    if text.is_empty() { " (nothing)".into() } else { format!(" {text}") }
}
