//! The samples that a guard stopped at.

use rlhf_models::{FormatError, write_whole};
use rlhf_train::Fault;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Writes `offending.jsonl` into `folder`, which exists: a line for each sample that is at fault, with
/// its text as `decode` has it, its token ids and every number known of it. Returns its path.
///
/// Numbers that are not finite are strings: `"NaN"`, `"inf"`, `"-inf"`.
///
/// # Errors
/// [`FormatError`] names the file.
pub fn offending(
    folder: &Path,
    fault: &Fault,
    decode: impl Fn(&[u32]) -> String,
) -> Result<PathBuf, FormatError> {
    let path = folder.join("offending.jsonl");
    let mut lines = String::new();
    for offender in &fault.offenders {
        let mut line = json!({
            "guard": fault.guard.name(),
            "at": fault.place.to_string(),
            "step": fault.place.step(),
            "value": number(fault.value),
            "limit": fault.limit.map(number),
            "index": offender.index,
            "answer": offender.answer,
            "prompt": decode(&offender.prompt),
            "response": decode(&offender.response),
            "prompt_tokens": offender.prompt,
            "response_tokens": offender.response,
            "finish": offender.finish.map(|finish| format!("{finish:?}").to_lowercase()),
            "score": offender.score.map(|score| number(score.into())),
        });
        for (name, numbers) in &offender.columns {
            line[*name] = numbers.iter().map(|&x| number(x.into())).collect();
        }
        lines += &line.to_string();
        lines.push('\n');
    }
    write_whole(&path, lines.as_bytes())?;
    Ok(path)
}

fn number(x: f64) -> Value {
    if x.is_finite() { x.into() } else { x.to_string().into() }
}
