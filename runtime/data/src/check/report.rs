//! The report of a check.

use super::super::Format;
use super::super::fields::Fields;
use super::super::flaws::Flaw;
use super::super::personal::Counts;
use super::super::rows::Row;
use super::{Lengths, Quantiles, Votes};
use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The report of one file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct File {
    /// The file.
    pub path: PathBuf,
    /// The format of its rows.
    pub format: Format,
    /// Its prompts are not to be trained on.
    pub test: bool,
    /// The number of rows; of plain text, of lines.
    pub rows: u64,
    /// The number of readable rows.
    pub kept: u64,
    /// Rows that do not.
    pub refused: u64,
    /// The number of records: some formats have several demonstrations in a row, or rankings that are left out.
    pub records: u64,
}

impl File {
    pub(super) fn new(path: &Path, format: Format, test: bool) -> Self {
        Self { path: path.into(), format, test, rows: 0, kept: 0, refused: 0, records: 0 }
    }
}

/// A row that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BadRow {
    /// The file, the line, the field and the problem.
    pub error: String,
}

/// Records that there are twice, each beyond the first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Duplicates {
    /// Records with the same texts and votes as an earlier one.
    pub exact: u64,
    /// Records that differ from an earlier one only in case, white space or punctuation.
    pub near: u64,
}

/// Prompts on both sides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Leaks {
    /// Prompts of test files.
    pub test_prompts: u64,
    /// The number of them that are in the other files too, whatever their spelling.
    pub leaked: u64,
}

/// Labels and rewards.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Labels {
    /// The number of them.
    pub count: u64,
    /// The least.
    pub least: Option<f32>,
    /// The greatest.
    pub greatest: Option<f32>,
}

impl Labels {
    pub(super) fn add(&mut self, label: f32) {
        self.count += 1;
        self.least = Some(self.least.map_or(label, |least| least.min(label)));
        self.greatest = Some(self.greatest.map_or(label, |greatest| greatest.max(label)));
    }

    /// Returns whether all labels are the same, so that nothing can be learned.
    fn of_one_class(&self) -> bool {
        self.count > 1 && self.least == self.greatest
    }
}

/// The report of a check of all files together.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// The files, in the order of reading.
    pub files: Vec<File>,
    /// The first rows that could not be read.
    pub bad: Vec<BadRow>,
    /// Files whose rest cannot be read, each with its name, the place and the reason.
    pub ended: Vec<String>,
    /// The number of different prompts.
    pub prompts: u64,
    /// The lengths of prompts; of plain text, of lines.
    pub prompt_lengths: Lengths,
    /// The lengths of answers.
    pub answer_lengths: Lengths,
    /// Records that there are twice.
    pub duplicates: Duplicates,
    /// Prompts that are trained on and tested on.
    pub leaks: Leaks,
    /// Statistics of votes.
    pub votes: Votes,
    /// Labels and rewards.
    pub labels: Labels,
    /// Problems of rows that can be read, each with the number of rows that have it.
    pub flaws: BTreeMap<&'static str, u64>,
    /// Fields that are not read, with the number of rows that have them.
    pub unused: BTreeMap<String, u64>,
    /// Personal data found, by field.
    pub personal: BTreeMap<String, Counts>,
}

/// The most names of fields that are counted apart; further ones are counted together.
const MOST_FIELDS: usize = 256;

impl Report {
    pub(super) fn personal(&mut self, field: &str, counts: &Counts) {
        if counts.total() > 0 {
            let known = self.personal.len() < MOST_FIELDS || self.personal.contains_key(field);
            self.personal.entry(if known { field.into() } else { "…".into() }).or_default().add(counts);
        }
    }

    /// A row that can be read, of a file with columns that are not.
    pub(super) fn row(&mut self, format: Format, row: &Row, unread: &[String]) {
        for flaw in row.flaws().iter() {
            *self.flaws.entry(flaw.what()).or_default() += 1;
        }
        Fields::count_unused(format, row, unread, &mut self.unused);
    }

    /// Lists what should be looked at before training: files that end early, unreadable rows, rows with problems,
    /// duplicates, leaks, contradictions, data of which nothing can be learned. Personal data is not among them: people
    /// have to judge it.
    pub fn problems(&self) -> Vec<String> {
        let refused: u64 = self.files.iter().map(|file| file.refused).sum();
        let counts = [
            (refused, "rows do not fit"),
            (self.duplicates.exact, "records are exact duplicates"),
            (self.duplicates.near, "records are duplicates but for case, space and punctuation"),
            (self.leaks.leaked, "test prompts are trained on"),
            (self.votes.contradictions, "pairs of answers are preferred both ways"),
        ];
        let problem = |what: &str| Flaw::ALL.iter().any(|flaw| flaw.is_problem() && flaw.what() == what);
        let flaws = self.flaws.iter().filter(|(what, _)| problem(what)).map(|(what, count)| (*count, *what));
        let counts = counts.into_iter().chain(flaws).filter(|(count, _)| *count > 0);
        let counts = counts.map(|(count, what)| format!("{count} {what}"));
        let mut all: Vec<String> = self.ended.iter().cloned().chain(counts).collect();
        if self.votes.votes > 0 && self.votes.votes == self.votes.ties {
            all.push(format!("there is no decided vote: all {} are ties", self.votes.votes));
        }
        if let (true, Some(label)) = (self.labels.of_one_class(), self.labels.least) {
            all.push(format!("the {} labels are of one class: all are {label}", self.labels.count));
        }
        all
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
        let mut out = to.serialize_struct("Report", 14)?;
        out.serialize_field("files", &self.files)?;
        out.serialize_field("bad", &self.bad)?;
        out.serialize_field("ended", &self.ended)?;
        out.serialize_field("prompts", &self.prompts)?;
        out.serialize_field("prompt_lengths", &measured(&self.prompt_lengths))?;
        out.serialize_field("answer_lengths", &measured(&self.answer_lengths))?;
        out.serialize_field("duplicates", &self.duplicates)?;
        out.serialize_field("leaks", &self.leaks)?;
        out.serialize_field("votes", &self.votes)?;
        out.serialize_field("labels", &self.labels)?;
        out.serialize_field("flaws", &self.flaws)?;
        out.serialize_field("unused", &self.unused)?;
        out.serialize_field("personal", &self.personal)?;
        out.serialize_field("problems", &self.problems())?;
        out.end()
    }
}
