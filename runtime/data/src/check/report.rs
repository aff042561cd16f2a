//! What a check says.

use super::super::Format;
use super::super::personal::Counts;
use super::{Lengths, Quantiles, Votes};
use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// One file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct File {
    /// Which.
    pub path: PathBuf,
    /// What its rows are.
    pub format: Format,
    /// Its prompts are not to be trained on.
    pub test: bool,
    /// Rows; of plain text, lines.
    pub rows: u64,
    /// Rows that fit.
    pub kept: u64,
    /// Rows that do not.
    pub refused: u64,
    /// What the rows hold: some formats have several demonstrations in one, or rankings that are left
    /// out.
    pub records: u64,
}

impl File {
    pub(super) fn new(path: &Path, format: Format, test: bool) -> Self {
        Self { path: path.into(), format, test, rows: 0, kept: 0, refused: 0, records: 0 }
    }
}

/// A row that does not fit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Bad {
    /// File, line, field, and what is wrong.
    pub error: String,
}

/// Records that there are twice, each beyond the first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Duplicates {
    /// The same texts and the same votes.
    pub exact: u64,
    /// The same but for case, white space and punctuation.
    pub near: u64,
}

/// Prompts on both sides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Leaks {
    /// Prompts of test files.
    pub test_prompts: u64,
    /// Of which so many are in the other files too, by their first 64 letters and digits.
    pub leaked: u64,
}

/// What a check says of all files together.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// The files, in the order of reading.
    pub files: Vec<File>,
    /// The first rows that do not fit.
    pub bad: Vec<Bad>,
    /// Files whose rest cannot be read, each with its name, the place and the reason.
    pub ended: Vec<String>,
    /// Different prompts.
    pub prompts: u64,
    /// How long prompts are; of plain text, lines.
    pub prompt_lengths: Lengths,
    /// How long answers are.
    pub answer_lengths: Lengths,
    /// Records that there are twice.
    pub duplicates: Duplicates,
    /// Prompts that are trained on and tested on.
    pub leaks: Leaks,
    /// Votes.
    pub votes: Votes,
    /// Personal data, by field.
    pub personal: BTreeMap<String, Counts>,
}

/// More names of fields are counted together.
const MOST_FIELDS: usize = 256;

impl Report {
    pub(super) fn personal(&mut self, field: &str, counts: &Counts) {
        if counts.total() > 0 {
            let known = self.personal.len() < MOST_FIELDS || self.personal.contains_key(field);
            self.personal.entry(if known { field.into() } else { "…".into() }).or_default().add(counts);
        }
    }

    /// What should be looked at before training: files that end early, rows that do not fit, duplicates,
    /// leaks, contradictions. Personal data is for people to judge, and is none of these.
    pub fn problems(&self) -> Vec<String> {
        let refused: u64 = self.files.iter().map(|file| file.refused).sum();
        let counted = [
            (refused, "rows do not fit"),
            (self.duplicates.exact, "records are exact duplicates"),
            (self.duplicates.near, "records are duplicates but for case, space and punctuation"),
            (self.leaks.leaked, "test prompts are trained on"),
            (self.votes.contradictions, "pairs of answers are preferred both ways"),
        ]
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} {what}"));
        self.ended.iter().cloned().chain(counted).collect()
    }
}

#[derive(Serialize)]
struct Measured {
    characters: Quantiles,
    words: Quantiles,
}

impl Serialize for Report {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let measured =
            |lengths: &Lengths| Measured { characters: lengths.characters(), words: lengths.words() };
        let mut out = to.serialize_struct("Report", 11)?;
        out.serialize_field("files", &self.files)?;
        out.serialize_field("bad", &self.bad)?;
        out.serialize_field("ended", &self.ended)?;
        out.serialize_field("prompts", &self.prompts)?;
        out.serialize_field("prompt_lengths", &measured(&self.prompt_lengths))?;
        out.serialize_field("answer_lengths", &measured(&self.answer_lengths))?;
        out.serialize_field("duplicates", &self.duplicates)?;
        out.serialize_field("leaks", &self.leaks)?;
        out.serialize_field("votes", &self.votes)?;
        out.serialize_field("personal", &self.personal)?;
        out.serialize_field("problems", &self.problems())?;
        out.end()
    }
}
