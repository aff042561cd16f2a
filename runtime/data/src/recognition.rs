//! Recognition of a file's format.

use super::fields::{Fields, unknown};
use super::flaws::Flaw;
use super::format::{Format, Kind};
use super::layout::named_as_text;
use super::open::open;
use super::records::{Parse, sample};
use super::rows::Row;
use crate::error::DataError;
use std::io::{BufRead, Read};
use std::path::Path;

/// The shortest text file that is used; shorter ones are licences and word lists.
const SHORTEST_TEXT: u64 = 1 << 16;

/// The number of rows by which a file is recognized.
pub(super) const SAMPLED: usize = 256;

/// The number of bare prompts for each row of another format in a file of prompts, at least.
const PROMPTS: usize = 10;

/// The format of a file: that of most of its first 256 rows, or plain text where it is named `.txt`, has no rows
/// and is 64 KiB or longer. `None` for anything else.
///
/// Rows that hold answers or judgments are no bare prompts: where one in ten does, they decide.
///
/// # Errors
/// The file cannot be read.
pub fn recognize(path: &Path) -> Result<Option<Format>, DataError> {
    Ok(examine(path)?.ok())
}

/// The format of a file.
///
/// # Errors
/// The file cannot be read, or is of none.
pub(super) fn known(path: &Path) -> Result<Format, DataError> {
    examine(path)?
}

/// Makes `parse` refuse rows whose answers or judgments would be lost, in a file that is of this format by its
/// rows. Where a person says that it is, they may be.
///
/// # Errors
/// The file cannot be read.
pub(super) fn consistent<T: 'static>(
    path: &Path,
    format: Format,
    parse: Parse<T>,
) -> Result<Parse<T>, DataError> {
    if recognize(path)? != Some(format) {
        return Ok(parse);
    }
    Ok(Box::new(move |row| {
        Fields::check_unused(format, row)?;
        parse(row)
    }))
}

/// A format's name, in a message.
pub(super) fn named(format: Option<Format>) -> String {
    format.map_or("no known format".into(), |format| format.to_string())
}

/// The format of a file, or the reason why it has none.
///
/// # Errors
/// The file cannot be read.
pub(super) fn examine(path: &Path) -> Result<Result<Format, DataError>, DataError> {
    let unreadable = |e| DataError::io(path, e);
    let none = |place: &str, reason: &str| Ok(Err(DataError::content(path, place, reason)));
    if let Some(sampled) = sample(path, SAMPLED)? {
        let known = majority(&sampled.rows);
        return Ok(match (known, sampled.rows.first(), sampled.first_error) {
            (Some(format), ..) => Ok(format),
            (None, _, Some(error)) => Err(error),
            (None, Some(row), None) if row.flaws().has(Flaw::Unjudged) => {
                let reason = "nobody has judged its rows: they have no submitted response and no suggestion";
                Err(DataError::content(path, "responses", reason))
            }
            (None, Some(row), None) => Err(unknown(row)),
            (None, None, None) => Err(DataError::content(path, "content", "it has no rows")),
        });
    }
    if open(path)?.fill_buf().map_err(unreadable)?.trim_ascii().is_empty() {
        return none("content", "it is empty");
    }
    if !named_as_text(path) {
        return none("content", "it is neither rows (JSON, CSV, TSV, Parquet) nor text (.txt)");
    }
    let length =
        std::io::copy(&mut open(path)?.take(SHORTEST_TEXT), &mut std::io::sink()).map_err(unreadable)?;
    if length < SHORTEST_TEXT {
        return none("size", "text of less than 64 KiB, as licences and lists of words are");
    }
    Ok(Ok(Format::Text))
}

/// The format of most rows, bare prompts aside where there is more.
fn majority(rows: &[Row]) -> Option<Format> {
    let mut counts = [0usize; Format::ALL.len()];
    // Answers that wait to be judged are no demonstrations.
    let judged = rows.iter().filter(|row| !row.flaws().has(Flaw::Unjudged));
    for format in judged.filter_map(|row| Fields::of(&row.fields)).map(|fields| fields.format) {
        counts[format as usize] += 1;
    }
    let most = |of: &dyn Fn(Kind) -> bool| {
        let all = Format::ALL.into_iter().filter(|format| of(format.kind()) && counts[*format as usize] > 0);
        // Of equally many the first.
        all.rev().max_by_key(|format| counts[*format as usize])
    };
    let (prompts, more) = (most(&|kind| kind == Kind::Prompts), most(&|kind| kind != Kind::Prompts));
    let bare = prompts.map_or(0, |format| counts[format as usize]);
    more.filter(|more| counts[*more as usize] * PROMPTS >= bare).or(prompts)
}
