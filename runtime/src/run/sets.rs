//! Data sets: which files belong to one, which rows are held out, and how many there are.

use super::{DataSet, RunError, named};
use crate::data::{Format, held_out};
use crate::formats::FormatError;
use rlhf_core::random::{Key, Stream};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A data set, split.
pub(super) struct Set<T> {
    pub train: Vec<T>,
    pub held_out: Vec<T>,
    /// What the summary says of it; the steps add how many transcripts were cut.
    pub counts: DataSet,
}

/// How a run takes rows.
#[derive(Clone, Copy)]
pub(super) struct Take {
    pub seed: u64,
    /// The share of prompts held out.
    pub held_out: f64,
    /// At most so many rows of a set, on either side.
    pub rows: usize,
}

/// Reads the sets of the wanted formats. One prompt is on one side in all of them.
///
/// # Errors
/// There is none; a file cannot be read, or more than a hundredth of its rows do not fit.
pub(super) fn read<T, I>(
    what: &'static str,
    folder: &Path,
    found: &[(PathBuf, Format)],
    formats: &[Format],
    take: Take,
    rows: impl Fn(&Path) -> Result<I, FormatError>,
    prompt: impl Fn(&T) -> &str,
) -> Result<Vec<Set<T>>, RunError>
where
    I: Iterator<Item = Result<T, FormatError>>,
{
    let mut files: BTreeMap<(String, Format), Vec<&Path>> = BTreeMap::new();
    for (path, format) in found.iter().filter(|(_, format)| formats.contains(format)) {
        files.entry((name(path), *format)).or_default().push(path);
    }
    let mut sets = Vec::new();
    for (index, ((name, format), paths)) in files.into_iter().enumerate() {
        let (mut all, mut refused) = (Vec::new(), 0);
        for path in paths {
            let (kept, faults) = file(rows(path)?)?;
            all.extend(kept);
            refused += faults;
        }
        let read = all.len();
        // Another order than the file's, so that a limit takes some of everything.
        Key::new(take.seed, Stream::Data, index as u32).shuffle(&mut all);
        let (mut held, mut train): (Vec<T>, Vec<T>) =
            all.into_iter().partition(|row| held_out(prompt(row), take.held_out));
        held.truncate(take.rows);
        train.truncate(take.rows);
        let (trained, held_rows) = (train.len(), held.len());
        let counts =
            DataSet { name, format, rows: read, refused, train: trained, held_out: held_rows, cut: 0 };
        sets.push(Set { train, held_out: held, counts });
    }
    if sets.iter().all(|set| set.train.is_empty()) {
        let wanted = formats.iter().map(|f| named::name(*f)).collect::<Vec<_>>().join(", ");
        return Err(RunError::Missing { what, folder: folder.into(), wanted });
    }
    Ok(sets)
}

/// The rows of a file that fit, and how many do not: public data has a few of those.
fn file<T>(rows: impl Iterator<Item = Result<T, FormatError>>) -> Result<(Vec<T>, usize), RunError> {
    let (mut kept, mut refused, mut first) = (Vec::new(), 0, None);
    for row in rows {
        match row {
            Ok(row) => kept.push(row),
            Err(error) => {
                refused += 1;
                first.get_or_insert(error);
            }
        }
    }
    match first {
        Some(error) if refused * 100 > kept.len() => Err(error.into()),
        _ => Ok((kept, refused)),
    }
}

/// A data set's name: its file's, without the endings that say how it is packed and which part of
/// the set it is; the folder's where nothing else remains.
fn name(path: &Path) -> String {
    let file = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let stem = file.split('.').next().unwrap_or_default();
    let whole = ["train", "test"]
        .iter()
        .find_map(|part| stem.strip_suffix(part))
        .filter(|rest| rest.is_empty() || rest.ends_with(['_', '-']))
        .map_or(stem, |rest| rest.trim_end_matches(['_', '-']));
    if !whole.is_empty() {
        return whole.into();
    }
    let folder = path.parent().and_then(Path::file_name);
    folder.map_or(file.clone(), |n| n.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_set_share_its_name() {
        for (path, want) in [
            ("a/dolly_train.jsonl.gz", "dolly"),
            ("a/dolly-test.jsonl", "dolly"),
            ("a/contest.jsonl", "contest"),
            ("harmless-base/train.jsonl.gz", "harmless-base"),
            ("x", "x"),
        ] {
            assert_eq!(name(path.as_ref()), want);
        }
    }
}
