//! Checks of data before anything is trained on it.
//!
//! [`Checker`] reads files row by row; it keeps hashes of 64 bits, so that memory grows by some 100
//! bytes a row and not with the rows' length.

mod lengths;
mod report;
mod show;
mod votes;

pub use lengths::{Lengths, Quantiles};
pub use report::{BadRow, Duplicates, File, Labels, Leaks, Report};
pub use votes::Votes;

use super::comparison::{self, Comparison, Options};
use super::demonstration;
use super::feedback;
use super::fields::Fields;
use super::flaws::Flaw;
use super::identity::normalized;
use super::personal::Finder;
use super::recognition::known;
use super::records::{Parse, parsed, rows};
use super::rows::Row;
use super::{Format, Group, Kind, lines::RawLines, parquet, prompt, solution};
use crate::error::DataError;
use core::hash::{Hash, Hasher};
use serde_json::Value;
use std::collections::{HashMap, HashSet};
use std::hash::DefaultHasher;
use std::path::Path;

/// The number of unreadable rows that are shown.
const SHOWN: usize = 5;

/// Reads files and reports on them together.
pub struct Checker {
    finder: Finder,
    report: Report,
    exact: HashSet<u64>,
    folded: HashSet<u64>,
    /// Prompts by the side that they are on: trained on, tested on, or both.
    prompts: HashMap<u64, (bool, bool)>,
    votes: votes::Judged,
}

/// The texts of a record of any kind.
struct Record {
    group: Group,
    prompt: String,
    responses: Vec<String>,
    comparison: Option<Comparison>,
    /// Labels and rewards, of which some have to differ.
    labels: Vec<f32>,
}

impl Checker {
    /// Creates a check that looks for personal data by `finder`.
    pub fn new(finder: Finder) -> Self {
        Self {
            finder,
            report: Report::default(),
            exact: HashSet::new(),
            folded: HashSet::new(),
            prompts: HashMap::new(),
            votes: votes::Judged::default(),
        }
    }

    /// Reads a file. `test`: its prompts are not to be trained on.
    ///
    /// # Errors
    /// The file cannot be opened, or its format is none of [`Format`]. Rows that do not fit are counted.
    pub fn read(&mut self, path: &Path, test: bool) -> Result<(), DataError> {
        let format = known(path)?;
        let mut file = File::new(path, format, test);
        if format == Format::Text {
            self.lines(path, &mut file)?;
        } else if let Some(parse) = parser(format) {
            let unread = parquet::unread(path)?;
            for row in rows(path)? {
                file.rows += 1;
                let read = row.and_then(|row| {
                    self.personal(&row);
                    if !row.flaws().iter().any(Flaw::leaves_out) {
                        Fields::check_unused(format, &row)?;
                    }
                    let records = parsed(&parse, &row)?;
                    Ok((row, records))
                });
                match read {
                    Ok((row, records)) => {
                        file.kept += 1;
                        self.report.row(format, &row, &unread);
                        records.into_iter().for_each(|record| self.record(&record, &mut file));
                    }
                    Err(error) => self.refuse(&error, &mut file),
                }
            }
        }
        self.report.files.push(file);
        Ok(())
    }

    /// Returns the report.
    pub fn finish(mut self) -> Report {
        let tested = |side: &&(bool, bool)| side.1;
        self.report.leaks = Leaks {
            test_prompts: self.prompts.values().filter(tested).count() as u64,
            leaked: self.prompts.values().filter(|side| side.0 && side.1).count() as u64,
        };
        self.report.prompts = self.prompts.len() as u64;
        self.report.votes = self.votes.finish();
        self.report
    }

    fn refuse(&mut self, error: &DataError, file: &mut File) {
        if error.is_end() {
            self.report.ended.push(error.early_end());
        }
        file.refused += 1;
        if self.report.bad.len() < SHOWN {
            self.report.bad.push(BadRow { error: error.to_string() });
        }
    }

    fn lines(&mut self, path: &Path, file: &mut File) -> Result<(), DataError> {
        let mut lines = RawLines::open(path)?;
        while let Some(line) = lines.next() {
            file.rows += 1;
            let text = line.map(|line| String::from_utf8(line.to_vec()));
            match text {
                Ok(Ok(text)) => {
                    file.kept += 1;
                    self.report.prompt_lengths.add(text.trim_end());
                    self.report.personal("", &self.finder.count(&text));
                }
                Ok(Err(_)) => {
                    let error = lines.fault("it is no UTF-8");
                    self.refuse(&error, file);
                }
                Err(error) => self.refuse(&error, file),
            }
        }
        Ok(())
    }

    fn personal(&mut self, row: &Row) {
        for (field, value) in &row.fields {
            each_text(value, &mut |text| self.report.personal(field, &self.finder.count(text)));
        }
    }

    fn record(&mut self, record: &Record, file: &mut File) {
        file.records += 1;
        self.report.prompt_lengths.add(&record.prompt);
        record.responses.iter().for_each(|response| self.report.answer_lengths.add(response));
        record.labels.iter().for_each(|label| self.report.labels.add(*label));
        let side = self.prompts.entry(record.group.prompt).or_default();
        if file.test {
            side.1 = true
        } else {
            side.0 = true
        }
        let votes = record.comparison.as_ref().map(|c| (&c.votes, &c.annotator));
        let hash = |folded: bool| {
            let mut hasher = DefaultHasher::new();
            for text in core::iter::once(&record.prompt).chain(&record.responses) {
                if folded { fold(text, &mut hasher) } else { text.hash(&mut hasher) }
            }
            votes.hash(&mut hasher);
            record.labels.iter().for_each(|label| label.to_bits().hash(&mut hasher));
            hasher.finish()
        };
        let again = !self.exact.insert(hash(false));
        let folded = !self.folded.insert(hash(true));
        self.report.duplicates.exact += u64::from(again);
        self.report.duplicates.near += u64::from(folded && !again);
        if let Some(comparison) = &record.comparison
            && !again
        {
            self.votes.add(comparison, file.format);
        }
    }
}

/// Hashes a text without case, space and the punctuation of sentences.
fn fold(text: &str, hasher: &mut DefaultHasher) {
    normalized(text).for_each(|c| hasher.write_u32(c.into()));
    hasher.write_u32(u32::MAX);
}

fn each_text(value: &Value, take: &mut impl FnMut(&str)) {
    match value {
        Value::String(text) => take(text),
        Value::Array(values) => values.iter().for_each(|value| each_text(value, take)),
        Value::Object(fields) => fields.values().for_each(|value| each_text(value, take)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn parser(format: Format) -> Option<Parse<Record>> {
    let options = Options { synthetic: true, passages: true };
    match format.kind() {
        Kind::Demonstrations => {
            let parse = demonstration::parser(format)?;
            Some(Box::new(move |row| {
                let record = |d: demonstration::Demonstration| Record {
                    group: d.group,
                    prompt: d.prompt,
                    responses: vec![d.response],
                    comparison: None,
                    labels: Vec::new(),
                };
                Ok(parse(row)?.into_iter().map(record).collect())
            }))
        }
        Kind::Comparisons => {
            let parse = comparison::parser(format, options)?;
            Some(Box::new(move |row| {
                let record = |c: Comparison| Record {
                    group: c.group,
                    prompt: c.prompt.clone(),
                    responses: c.answers.clone(),
                    comparison: Some(c),
                    labels: Vec::new(),
                };
                Ok(parse(row)?.into_iter().map(record).collect())
            }))
        }
        Kind::Solutions => {
            let parse = solution::parser(format)?;
            Some(Box::new(move |row| {
                let record = |s: solution::Solution| Record {
                    group: s.group,
                    prompt: s.prompt,
                    responses: s.steps,
                    comparison: None,
                    labels: s.labels,
                };
                Ok(parse(row)?.into_iter().map(record).collect())
            }))
        }
        Kind::Feedback => {
            let parse = feedback::parser(format)?;
            Some(Box::new(move |row| {
                let record = |f: feedback::Feedback| Record {
                    group: f.group,
                    prompt: f.prompt,
                    responses: vec![f.response],
                    comparison: None,
                    labels: vec![f.reward],
                };
                Ok(parse(row)?.into_iter().map(record).collect())
            }))
        }
        Kind::Prompts => {
            let parse = prompt::parser(format, options)?;
            Some(Box::new(move |row| {
                let record = |p: prompt::Prompt| Record {
                    group: p.group,
                    prompt: p.prompt,
                    responses: Vec::new(),
                    comparison: None,
                    labels: Vec::new(),
                };
                Ok(parse(row)?.into_iter().map(record).collect())
            }))
        }
        Kind::Text => None,
    }
}
