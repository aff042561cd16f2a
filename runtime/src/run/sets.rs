//! Data sets: which files belong to one, which rows are held out, and how many there are.

use super::{DataSet, RunError, named};
use crate::data::{Format, Group, Sides, groups};
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
pub(super) struct Take<'a> {
    pub seed: u64,
    /// The share of prompts held out.
    pub held_out: f64,
    /// Which prompts and users are together; see [`sides`].
    pub sides: &'a Sides,
    /// At most so many rows of a set, on either side.
    pub rows: usize,
}

/// A first pass over all data: prompts of one user, and users of one prompt, are not parted in any set.
///
/// # Errors
/// A file cannot be opened.
pub(super) fn sides(found: &[(PathBuf, Format)]) -> Result<Sides, RunError> {
    let mut sides = Sides::default();
    for (path, _) in found {
        sides.join_all(groups(path)?);
    }
    Ok(sides)
}

/// Reads the sets of the wanted formats. One prompt, and one user, is on one side in all of them. No
/// more rows are held in memory than are taken.
///
/// # Errors
/// There is none; a file cannot be read, or more than a hundredth of its rows do not fit.
pub(super) fn read<T, I>(
    what: &'static str,
    folder: &Path,
    found: &[(PathBuf, Format)],
    formats: &[Format],
    take: Take<'_>,
    rows: impl Fn(&Path) -> Result<I, FormatError>,
    group: impl Fn(&T) -> Group,
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
        // Another order than the file's, so that a limit takes some of everything.
        let key = Key::new(take.seed, Stream::Data, index as u32);
        let (mut train, mut held) = (Chosen::new(key, take.rows), Chosen::new(key, take.rows));
        let (mut read, mut refused) = (0, 0);
        for path in paths {
            refused += file(rows(path)?, |row| {
                let side =
                    if take.sides.held_out(group(&row), take.held_out) { &mut held } else { &mut train };
                side.offer(read, row);
                read += 1;
            })?;
        }
        let (train, held) = (train.finish(), held.finish());
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

/// Takes the rows of a file that fit, and counts those that do not: public data has a few of those.
fn file<T>(
    rows: impl Iterator<Item = Result<T, FormatError>>,
    mut take: impl FnMut(T),
) -> Result<usize, RunError> {
    let (mut kept, mut refused, mut first) = (0, 0, None);
    for row in rows {
        match row {
            Ok(row) => {
                kept += 1;
                take(row);
            }
            Err(error) => {
                refused += 1;
                first.get_or_insert(error);
            }
        }
    }
    match first {
        Some(error) if refused * 100 > kept => Err(error.into()),
        _ => Ok(refused),
    }
}

/// So many rows at most, drawn from any number, in the order of their draws.
struct Chosen<T> {
    key: Key,
    most: usize,
    rows: Vec<(f64, usize, T)>,
}

impl<T> Chosen<T> {
    fn new(key: Key, most: usize) -> Self {
        Self { key, most, rows: Vec::new() }
    }

    fn offer(&mut self, index: usize, row: T) {
        let draw = self.key.uniform(index as u32, (index as u64 >> 32) as u32);
        self.rows.push((draw, index, row));
        if self.rows.len() > 2 * self.most.max(1024) {
            self.settle();
        }
    }

    fn settle(&mut self) {
        self.rows.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        self.rows.truncate(self.most);
    }

    fn finish(mut self) -> Vec<T> {
        self.settle();
        self.rows.into_iter().map(|(_, _, row)| row).collect()
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
    fn rows_are_drawn_from_all_of_a_file() {
        let key = Key::new(1, Stream::Data, 0);
        let chosen = |most| {
            let mut chosen = Chosen::new(key, most);
            (0..10_000).for_each(|i| chosen.offer(i, i));
            chosen.finish()
        };
        let few = chosen(100);
        assert_eq!(few.len(), 100);
        assert_eq!(few, chosen(10_000)[..100], "a smaller limit takes the first of a larger one's");
        let late = few.iter().filter(|i| **i >= 5000).count();
        assert!((30..70).contains(&late), "{late}");
    }

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
