//! The report of a run's folder.

mod comparison;

use crate::quickstart;
use comparison::Reported;
use rlhf::config::{Config, modernize};
use rlhf::models::{FormatError, read_at_most, write_whole};
use rlhf::record::{Line, Metrics, WarningSummary};
use rlhf::report::page::Page;
use rlhf::report::{curves, warnings};
use rlhf::run;
use rlhf::stage::{StageError, own};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::path::{Path, PathBuf};

const SUMMARY: &str = "summary.json";
const COMPARISON: &str = "comparison.html";
/// The largest summary that is read, in bytes.
const LARGEST: u64 = 1 << 26;

/// Writes `report.html` into a run's folder, from the `metrics.jsonl` and `summary.json` there, and gives
/// its path. A run that has not finished has no summary yet: its report has the curves so far.
///
/// # Errors
/// [`StageError::File`]: neither file is there, or one holds something else; the system's.
/// [`StageError::Taken`]: somebody else's `report.html` is there.
pub fn write(folder: &Path) -> Result<PathBuf, StageError> {
    let page = read(folder)?;
    own(folder, "report.html")?;
    Ok(rlhf::report::write(folder, &page)?)
}

/// Writes `comparison.html` into the folder of the first of two runs: both side by side. Gives its path.
///
/// # Errors
/// As [`write()`]; [`StageError::Taken`]: somebody else's `comparison.html` is there.
pub fn compare(a: &Path, b: &Path) -> Result<PathBuf, StageError> {
    let page = comparison::page([(a, reported(a)?), (b, reported(b)?)]);
    own(a, COMPARISON)?;
    let path = a.join(COMPARISON);
    write_whole(&path, page.html().as_bytes())?;
    Ok(path)
}

/// Reads the page that [`write()`] writes, as a value.
///
/// # Errors
/// As there.
pub fn read(folder: &Path) -> Result<Page, FormatError> {
    Ok(reported(folder)?.page)
}

/// Reads what a run's folder has to report.
fn reported(folder: &Path) -> Result<Reported, FormatError> {
    let [metrics, summary] = [Metrics::NAME, SUMMARY].map(|name| folder.join(name).exists());
    if !metrics && !summary {
        let reason = format!("there is no {} and no {SUMMARY}: want the folder of a run", Metrics::NAME);
        return Err(FormatError::content(folder, "report", reason));
    }
    let lines = Metrics::read(folder)?;
    if !summary {
        // A folder without a readable configuration is one of a program, or of an earlier version.
        let method = Config::read(&folder.join("config.toml")).map_or_else(|_| PPO.into(), |c| c.method);
        return Ok(Reported { page: unfinished(&lines, &method), lines, method });
    }
    let path = folder.join(SUMMARY);
    let mut value: Value = serde_json::from_slice(&read_at_most(&path, LARGEST)?)
        .map_err(|e| FormatError::content(&path, "JSON", e.to_string()))?;
    value.get_mut("settings").into_iter().for_each(modernize);
    // A quickstart has gold, which real data has not.
    if value.get("gold").is_some() {
        let page = summed::<quickstart::Summary>(&path, value)?.page(&lines);
        Ok(Reported { page, lines, method: PPO.into() })
    } else {
        let summary = summed::<run::Summary>(&path, value)?;
        Ok(Reported { page: summary.page(&lines), lines, method: summary.method })
    }
}

/// The method of runs that do not say otherwise.
const PPO: &str = "ppo";

fn summed<T: DeserializeOwned>(path: &Path, value: Value) -> Result<T, FormatError> {
    serde_json::from_value(value).map_err(|e| FormatError::content(path, "summary", e.to_string()))
}

fn unfinished(lines: &[Line], method: &str) -> Page {
    let verdict = match lines.last() {
        Some(Line { phase, step, total, .. }) => format!(
            "This run has not finished, or was cut off: there is no {SUMMARY} yet. It is at step {step} of {total} of the phase “{}”.",
            phase.name()
        ),
        None => format!("This run has only begun: {} has no line yet.", Metrics::NAME),
    };
    Page {
        title: "A run at work".into(),
        verdict,
        warnings: warnings(&WarningSummary::of(lines), method),
        sections: curves(lines, method),
        ..Page::default()
    }
}
