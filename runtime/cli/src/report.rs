//! The report of a run's folder.

use crate::quickstart;
use rlhf::config::modernize;
use rlhf::models::{FormatError, read_at_most};
use rlhf::record::{Line, Metrics};
use rlhf::report::curves;
use rlhf::report::page::Page;
use rlhf::run;
use rlhf::stage::{StageError, own};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::path::{Path, PathBuf};

const SUMMARY: &str = "summary.json";
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

/// Reads the page that [`write()`] writes, as a value.
///
/// # Errors
/// As there.
pub fn read(folder: &Path) -> Result<Page, FormatError> {
    let [metrics, summary] = [Metrics::NAME, SUMMARY].map(|name| folder.join(name).exists());
    if !metrics && !summary {
        let reason = format!("there is no {} and no {SUMMARY}: want the folder of a run", Metrics::NAME);
        return Err(FormatError::content(folder, "report", reason));
    }
    let lines = Metrics::read(folder)?;
    if !summary {
        return Ok(unfinished(&lines));
    }
    let path = folder.join(SUMMARY);
    let mut value: Value = serde_json::from_slice(&read_at_most(&path, LARGEST)?)
        .map_err(|e| FormatError::content(&path, "JSON", e.to_string()))?;
    value.get_mut("settings").into_iter().for_each(modernize);
    // A quickstart has gold, which real data has not.
    if value.get("gold").is_some() {
        Ok(summed::<quickstart::Summary>(&path, value)?.page(&lines))
    } else {
        Ok(summed::<run::Summary>(&path, value)?.page(&lines))
    }
}

fn summed<T: DeserializeOwned>(path: &Path, value: Value) -> Result<T, FormatError> {
    serde_json::from_value(value).map_err(|e| FormatError::content(path, "summary", e.to_string()))
}

fn unfinished(lines: &[Line]) -> Page {
    let verdict = match lines.last() {
        Some(Line { phase, step, total, .. }) => format!(
            "This run has not finished, or was cut off: there is no {SUMMARY} yet. It is at step {step} of {total} of the phase “{}”.",
            phase.name()
        ),
        None => format!("This run has only begun: {} has no line yet.", Metrics::NAME),
    };
    Page { title: "A run at work".into(), verdict, sections: curves(lines), ..Page::default() }
}
