//! `rlhf data`: the content of files, and copies without personal data.

use super::exit::{Exit, Failure};
use super::output::print;
use clap::{Args, Subcommand};
use rlhf::data::personal::{Finder, Kind, Masked, Names, mask};
use rlhf::data::{self, DataError, check::Checker, for_testing};
use rlhf::models::write_streamed;
use std::io;
use std::path::{Path, PathBuf};

#[derive(Subcommand)]
pub enum Data {
    /// Shows the content of files: counts, lengths, duplicates, leaks, agreement, personal data, bad rows
    ///
    /// Formats are recognized by their fields (`rlhf data formats`). Exit codes: 0 no problems, 1 a file cannot be
    /// read, 4 a file ends early, or there are unreadable rows, empty prompts and answers, turns out of order,
    /// duplicates, test prompts that are trained on, contradictions, or nothing to learn from.
    Check(Check),
    /// Lists the formats of data that are read, with the fields of each
    ///
    /// Of names with | between them one is needed; fields in brackets are read where they are there.
    Formats,
    /// Writes a file without e-mail, street and IP addresses, telephone, card and account numbers, listed names
    ///
    /// JSON (lines, an array, objects), CSV, TSV or plain text; anything else is refused. Each is
    /// replaced by its kind, such as <email>; all else stays byte for byte. The counts by field are printed.
    Mask(Mask),
}

#[derive(Args)]
pub struct Check {
    /// JSON, CSV, TSV or text (plain, gzip, Zstandard) or Parquet; a name with "test" or "eval" marks a test file
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// More files, whose prompts are not to be among those of FILE
    #[arg(long, value_name = "FILE", num_args = 1..)]
    against: Vec<PathBuf>,
    /// Names to look for, one a line
    #[arg(long, value_name = "LIST")]
    names: Option<PathBuf>,
    /// Print the check as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
pub struct Mask {
    /// JSON, CSV, TSV or text, plain, gzip or Zstandard
    file: PathBuf,
    /// The file to write; packed where its name ends in .gz
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Names to mask, one a line
    #[arg(long, value_name = "LIST")]
    names: Option<PathBuf>,
}

pub fn main(what: &Data) -> Result<(), Failure> {
    match what {
        Data::Check(args) => check(args),
        Data::Formats => print(&listed()),
        Data::Mask(args) => masked(args),
    }
}

/// The formats, those of one kind together.
fn listed() -> String {
    let mut out = String::new();
    let kinds = [
        (data::Kind::Demonstrations, "Demonstrations: prompts with a good answer"),
        (data::Kind::Comparisons, "Comparisons: prompts with answers and which are better"),
        (data::Kind::Feedback, "Feedback: prompts with an answer and what became of it"),
        (data::Kind::Solutions, "Solutions: prompts with the steps of an answer, right or wrong"),
        (data::Kind::Prompts, "Prompts alone"),
    ];
    for (kind, what) in kinds {
        out += &format!("{what}\n");
        for fields in data::formats().iter().filter(|fields| fields.format.kind() == kind) {
            out += &format!("  {:<14} {}\n", fields.format.to_string(), fields.from);
            out += &indented(&fields.to_string());
        }
        out += "\n";
    }
    out + "Text: a file named .txt of 64 KiB or more.\n\
           Rows may name their user (user_id or user), comparisons their annotator, margin and degree.\n"
}

/// A list in lines that are not wider than 100 columns, under the second column.
fn indented(list: &str) -> String {
    const INDENT: usize = 17;
    const WIDEST: usize = 100;
    let mut lines: Vec<String> = Vec::new();
    for part in list.split_inclusive(", ") {
        match lines.last_mut() {
            Some(line) if INDENT + line.chars().count() + part.trim_end().chars().count() <= WIDEST => {
                *line += part
            }
            _ => lines.push(part.into()),
        }
    }
    lines.iter().map(|line| format!("{:INDENT$}{}\n", "", line.trim_end())).collect()
}

fn finder(names: Option<&Path>) -> Result<Finder, Failure> {
    let names = names.map(Names::read).transpose().map_err(Failure::failed)?;
    Ok(Finder::with_names(names.unwrap_or_default()))
}

fn check(args: &Check) -> Result<(), Failure> {
    let mut checker = Checker::new(finder(args.names.as_deref())?);
    for file in &args.files {
        checker.read(file, args.against.is_empty() && for_testing(file)).map_err(Failure::failed)?;
    }
    for file in &args.against {
        checker.read(file, true).map_err(Failure::failed)?;
    }
    let report = checker.finish();
    let text = if args.json {
        serde_json::to_string_pretty(&report).map_err(Failure::failed)? + "\n"
    } else {
        report.to_string()
    };
    print(&text)?;
    match report.problems().is_empty() {
        true => Ok(()),
        false => Err(Failure { exit: Exit::Found, error: "there are problems in the data".into() }),
    }
}

/// Masks `path` into `out`, which appears whole or not at all, and is packed where its name ends in `.gz`.
fn mask_file(path: &Path, out: &Path, finder: &Finder) -> Result<Masked, Failure> {
    // It would take the place of a link, and not of what the link leads to.
    if std::fs::symlink_metadata(out).is_ok_and(|known| !known.is_file()) {
        let reason = "it is a link, folder, FIFO or device, which is not replaced: name a file";
        return Err(Failure::failed(DataError::content(out, "--out", reason)));
    }
    let packed = out.extension().is_some_and(|e| e == "gz");
    let (mut masked, mut fault) = (Masked::default(), None);
    // An error of the input is not the output file's.
    let written = write_streamed(out, |file| match mask(path, file, packed, finder) {
        Ok(written) => written.map(|counts| masked = counts),
        Err(error) => {
            fault = Some(error);
            Err(io::Error::other("the input cannot be read"))
        }
    });
    match fault {
        Some(error) => Err(Failure::failed(error)),
        None => written.map(|()| masked).map_err(Failure::failed),
    }
}

fn masked(args: &Mask) -> Result<(), Failure> {
    let masked = mask_file(&args.file, &args.out, &finder(args.names.as_deref())?)?;
    let mut text = format!("{} of {} lines changed.\n", masked.changed, masked.lines);
    for (field, counts) in &masked.fields {
        for kind in Kind::ALL.iter().filter(|kind| counts.of(**kind) > 0) {
            text += &format!("{:>9} {:<8} in {field:?}\n", counts.of(*kind), kind.mask());
        }
    }
    print(&text)
}
