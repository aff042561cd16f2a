//! Data sets: the choice of rows, those held out, and their numbers.

use super::files::{All, Files};
use super::rewards::AnswerVotes;
use super::{DataSet, RankedAnswers, RunError};
use crate::config;
use rlhf_core::random::{Key, Stream};
use rlhf_data::DataError;
use rlhf_data::{Format, Group, Records, Sides, Truncation, groups_of, user_field};
use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

/// A data set, split.
pub(super) struct Set<T> {
    pub train: Vec<T>,
    pub held_out: Vec<T>,
    /// The data set's entry in the summary; the steps add how many transcripts were cut.
    pub counts: DataSet,
}

impl Set<AnswerVotes> {
    /// Comparisons that were made rather than read: to train on, and held out.
    pub fn generated([train, held_out]: &[Vec<RankedAnswers>; 2]) -> Self {
        let all = |side: &[RankedAnswers]| side.iter().map(AnswerVotes::ranked).collect();
        let counts = DataSet::new("generated", Format::Ranked, [train.len(), held_out.len()]);
        Self { train: all(train), held_out: all(held_out), counts }
    }
}

impl DataSet {
    /// Creates the entry of a data set with so many rows to train on and held out.
    fn new(name: &str, format: Format, [train, held_out]: [usize; 2]) -> Self {
        Self {
            name: name.into(),
            format,
            rows: train + held_out,
            train,
            held_out,
            refused: 0,
            cut: 0,
            cut_answers: 0,
            reasons: Vec::new(),
            flaws: BTreeMap::new(),
            left_out: BTreeMap::new(),
            unused: BTreeMap::new(),
        }
    }

    /// Adds the numbers of rows that were cut.
    pub(super) fn add_truncation(&mut self, fit: &Truncation) {
        (self.cut, self.cut_answers) = (fit.cut(), fit.cut_answers());
    }
}

/// The way in which a run takes rows.
#[derive(Clone, Copy)]
pub(super) struct RowSelection<'a> {
    pub seed: u64,
    /// The share of prompts held out.
    pub held_out: f64,
    /// The sides of the split; see [`sides`].
    pub sides: &'a Sides,
    /// The prompts of the files that are for testing, which are not trained on either, by their hashes.
    pub tested: &'a HashSet<u64>,
}

impl RowSelection<'_> {
    /// Returns whether rows of this group are held out.
    fn held_out(&self, group: Group) -> bool {
        self.tested.contains(&group.prompt) || self.sides.held_out(group, self.held_out)
    }
}

/// A first pass over all data: prompts of one user, and users of one prompt, are not parted in any set; and
/// the prompts of the files for testing.
///
/// # Errors
/// A file cannot be opened, or not be read to its end.
pub(super) fn sides(files: &All) -> Result<(Sides, HashSet<u64>), RunError> {
    let (mut sides, mut tested) = (Sides::default(), HashSet::new());
    let mut all = files.used();
    // A source may name files that are not in the folder, or say otherwise what they hold.
    all.extend(files.found.iter().map(|(path, format)| (path.as_path(), *format)));
    for (path, format) in all {
        let test = files.for_testing(path);
        for group in groups_of(path, Some(format))? {
            match group {
                Ok(group) => {
                    sides.join(group);
                    if test {
                        tested.insert(group.prompt);
                    }
                }
                Err(error) if error.is_end() => return Err(error.into()),
                // A row that does not fit is in no split, and is counted where it is read.
                Err(_) => {}
            }
        }
    }
    Ok((sides, tested))
}

/// Reads the sets. One prompt, and one user, is on one side in all of them. No more rows are held in
/// memory than are taken.
///
/// # Errors
/// None has a row to train on; a file cannot be read, or more than a hundredth of its rows do not fit.
pub(super) fn read<T>(
    what: &'static str,
    all: &All,
    files: &[Files],
    take: RowSelection<'_>,
    rows: impl Fn(&Path, Option<Format>) -> Result<Records<T>, DataError>,
    group: impl Fn(&T) -> Group,
) -> Result<Vec<Set<T>>, RunError> {
    // Not every run wants every kind of data.
    if files.is_empty() {
        return Ok(Vec::new());
    }
    let mut sets = Vec::new();
    for (index, set) in files.iter().enumerate() {
        // Another order than the file's, so that a limit takes some of everything.
        let key = Key::new(take.seed, Stream::Data, index as u32);
        let (mut train, mut held) = (RowSample::new(key, set.rows), RowSample::new(key, set.rows));
        let (mut read, mut refused, mut reasons) = (0, 0, Vec::new());
        let (mut flaws, mut left_out) = (BTreeMap::<String, usize>::new(), BTreeMap::new());
        let mut unused = BTreeMap::<String, u64>::new();
        for path in &set.paths {
            let test = all.for_testing(path);
            let mut records = rows(path, Some(set.format))?;
            let (count, first) = file(&mut records, |row| {
                let side = if test || take.held_out(group(&row)) { &mut held } else { &mut train };
                side.offer(read, row);
                read += 1;
            })?;
            refused += count;
            for (flaw, rows) in records.flaws() {
                let all = if flaw.leaves_out() || !flaw.is_problem() { &mut left_out } else { &mut flaws };
                *all.entry(flaw.what().into()).or_default() += rows;
            }
            for (field, rows) in records.unused() {
                *unused.entry(field.clone()).or_default() += rows;
            }
            reasons.extend(first.into_iter().map(|error| error.to_string()));
        }
        reasons.truncate(REASONS);
        let (train, held) = (train.finish(), held.finish());
        let counts = DataSet::new(&set.name, set.format, [train.len(), held.len()]);
        let counts = DataSet { rows: read, refused, reasons, flaws, left_out, unused, ..counts };
        sets.push(Set { train, held_out: held, counts });
    }
    if sets.iter().all(|set| set.train.is_empty()) {
        let mut test = files.iter().flat_map(|set| &set.paths).filter(|path| all.for_testing(path));
        if let Some(path) = test.next() {
            let reason = format!(
                "all rows are held out: by its name, {} is for testing, and is not trained on; rename it, or add \
                 others",
                path.display()
            );
            return Err(RunError::Unlearnable { what: what.into(), reason });
        }
        let held = || sets.iter().flat_map(|set| &set.held_out).map(&group);
        if held().next().is_some() {
            let paths = files.iter().flat_map(|set| &set.paths);
            let reason = format!("all rows are held out: {}", one_side(held(), take.sides, paths));
            return Err(RunError::Unlearnable { what: what.into(), reason });
        }
        let left_out = sets.iter().flat_map(|set| &set.counts.left_out);
        let left_out: Vec<_> = left_out.map(|(reason, rows)| format!("{rows} {reason}")).collect();
        if !left_out.is_empty() {
            let reason = format!("there is no row to learn from: {}", left_out.join(", "));
            return Err(RunError::Unlearnable { what: what.into(), reason });
        }
        let wanted = files.iter().map(|set| config::name(set.format)).collect::<Vec<_>>().join(", ");
        return Err(RunError::Missing { what, folder: all.folder.clone(), wanted });
    }
    Ok(sets)
}

/// The reason why rows of these groups are all on one side of the split.
pub(super) fn one_side<'a>(
    mut groups: impl Iterator<Item = Group>,
    sides: &Sides,
    mut paths: impl Iterator<Item = &'a PathBuf>,
) -> String {
    let Some(first) = groups.next() else { return "there are no rows".into() };
    if groups.all(|group| group.prompt == first.prompt) {
        return "they have the same prompt, and one prompt is on one side of the split".into();
    }
    if sides.is_joined(first) {
        let key = paths.find_map(|path| user_field(path).ok().flatten()).unwrap_or("user_id");
        return format!(
            "their users (`{key}`) join them to one group, which is on one side of the split; remove `{key}` where \
             it does not name who wrote the prompt"
        );
    }
    "of few prompts all may be on one side of the split; take another `held_out` or another `seed`".into()
}

/// Reasons of refused rows that are kept: the first of each of so many files.
const REASONS: usize = 5;

/// Takes the rows of a file that fit, and counts those that do not, with the reason of the first: public data
/// has a few of those.
fn file<T>(
    rows: impl Iterator<Item = Result<T, DataError>>,
    mut take: impl FnMut(T),
) -> Result<(usize, Option<DataError>), RunError> {
    let (mut kept, mut refused, mut first) = (0, 0, None);
    for row in rows {
        match row {
            Ok(row) => {
                kept += 1;
                take(row);
            }
            // However few rows were refused: how many are lost behind it is not known.
            Err(error) if error.is_end() => return Err(error.into()),
            Err(error) => {
                refused += 1;
                first.get_or_insert(error);
            }
        }
    }
    match first {
        Some(error) if refused * 100 > kept => Err(error.into()),
        first => Ok((refused, first)),
    }
}

/// A sample of at most so many rows out of any number, in the order of their draws.
struct RowSample<T> {
    key: Key,
    most: usize,
    rows: Vec<(f64, usize, T)>,
}

impl<T> RowSample<T> {
    fn new(key: Key, most: usize) -> Self {
        Self { key, most, rows: Vec::new() }
    }

    fn offer(&mut self, index: usize, row: T) {
        let draw = self.key.uniform(index as u32, (index as u64 >> 32) as u32);
        self.rows.push((draw, index, row));
        if self.rows.len() > 2 * self.most.max(1024) {
            self.drop_surplus();
        }
    }

    fn drop_surplus(&mut self) {
        self.rows.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        self.rows.truncate(self.most);
    }

    fn finish(mut self) -> Vec<T> {
        self.drop_surplus();
        self.rows.into_iter().map(|(_, _, row)| row).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_drawn_from_all_of_a_file() {
        let key = Key::new(1, Stream::Data, 0);
        let chosen = |most| {
            let mut chosen = RowSample::new(key, most);
            (0..10_000).for_each(|i| chosen.offer(i, i));
            chosen.finish()
        };
        let few = chosen(100);
        assert_eq!(few.len(), 100);
        assert_eq!(few, chosen(10_000)[..100], "a smaller limit takes the first of a larger one's");
        let late = few.iter().filter(|i| **i >= 5000).count();
        assert!((30..70).contains(&late), "{late}");
    }
}
