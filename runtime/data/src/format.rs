//! What a file holds.

use super::layout::named_as_text;
use super::open::open;
use super::records::sample;
use crate::error::DataError;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::io::{BufRead, Read};
use std::path::Path;

/// What a file can be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// Prompts with a good response.
    Demonstrations,
    /// Prompts with answers and who prefers which.
    Comparisons,
    /// Prompts with answers whose steps are right or wrong.
    Solutions,
    /// Prompts with a response and the reward or label that it got.
    Feedback,
    /// Prompts alone.
    Prompts,
    /// Plain text.
    Text,
}

/// The public formats that are understood, each with the fields of its rows.
///
/// Any row may name its user (`user_id` or `user`), whose rows a split keeps together, and a
/// comparison its `annotator`, a `margin` by which better answers are to win, in units of reward, and a
/// `degree`: 1 where they are better, 2 where they are clearly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Format {
    /// Dolly: `instruction`, `response`, and perhaps `context`.
    Instructions,
    /// Self-Instruct: `instruction`, `instances[{input, output}]`.
    SelfInstruct,
    /// GSM8K: `question`, `answer`.
    Questions,
    /// `prompt`, and `response` or `completion`.
    Responses,
    /// HH-RLHF: the transcripts `chosen` and `rejected`.
    Transcripts,
    /// `prompt`, `chosen`, `rejected`.
    Pairs,
    /// LLaMA-Factory: `conversations[{from, value}]`, `chosen{value}`, `rejected{value}`.
    Conversations,
    /// OpenAssistant: `context[{role, text}]`, `responses[{text, rank, synthetic}]`.
    Rankings,
    /// Fine-grained RLHF: `question`, `passages`, `prediction 1` to `prediction 4`, `preference`.
    Predictions,
    /// LLMBar: `input`, `output_1`, `output_2`, `label` (1 or 2).
    Labelled,
    /// PandaLM: `instruction`, `input`, `response1`, `response2`, `annotator1` and on (0, 1 or 2).
    Annotated,
    /// `prompt`, `answers` or `responses` (texts), `ranks` (a number for each: smaller is better,
    /// equal ones tie).
    Ranked,
    /// `prompt`, `answers` or `responses` (texts), `votes`: each `[winner, loser]`, or
    /// `[one, other, "tie"]`, by the answers' indices from 0.
    Voted,
    /// `prompt`, `steps` or `completions` (texts), `labels` (of each step: true or false, or a number from 0,
    /// wrong, to 1, right).
    Steps,
    /// `prompt`, `response` or `completion`, and `reward` (a number) or `label` (true or false, or a number
    /// from 0, bad, to 1, good); perhaps `log_prob`, the response's under the policy that wrote it, in nats.
    Feedback,
    /// `prompt`.
    Prompts,
    /// MT-Bench: `turns`, texts or `{content}`.
    Turns,
    /// No rows: text.
    Text,
}

impl Format {
    /// What it can be used for.
    pub fn kind(self) -> Kind {
        match self {
            Self::Instructions | Self::SelfInstruct | Self::Questions | Self::Responses => {
                Kind::Demonstrations
            }
            Self::Transcripts
            | Self::Pairs
            | Self::Conversations
            | Self::Rankings
            | Self::Predictions
            | Self::Labelled
            | Self::Annotated
            | Self::Ranked
            | Self::Voted => Kind::Comparisons,
            Self::Steps => Kind::Solutions,
            Self::Feedback => Kind::Feedback,
            Self::Prompts | Self::Turns => Kind::Prompts,
            Self::Text => Kind::Text,
        }
    }

    fn of(row: &Map<String, Value>) -> Option<Self> {
        let text = |field: &str| row.get(field).is_some_and(Value::is_string);
        let array = |field: &str| row.get(field).is_some_and(Value::is_array);
        let object = |field: &str| row.get(field).is_some_and(Value::is_object);
        let number = |field: &str| row.get(field).is_some_and(Value::is_number);
        Some(if text("chosen") && text("rejected") {
            if text("prompt") { Self::Pairs } else { Self::Transcripts }
        } else if array("conversations") && object("chosen") && object("rejected") {
            Self::Conversations
        } else if array("context") && array("responses") {
            Self::Rankings
        } else if text("question") && text("prediction 1") && array("preference") {
            Self::Predictions
        } else if text("input") && text("output_1") && text("output_2") && number("label") {
            Self::Labelled
        } else if text("instruction") && text("response1") && text("response2") && number("annotator1") {
            Self::Annotated
        } else if text("instruction") && array("instances") {
            Self::SelfInstruct
        } else if text("instruction") && text("response") {
            Self::Instructions
        // Judges' data has labelled answers, good and bad ones.
        } else if text("question") && text("answer") && !row.contains_key("label") {
            Self::Questions
        } else if text("prompt") && (array("answers") || array("responses")) && array("ranks") {
            Self::Ranked
        } else if text("prompt") && (array("answers") || array("responses")) && array("votes") {
            Self::Voted
        } else if text("prompt") && (array("steps") || array("completions")) && array("labels") {
            Self::Steps
        } else if text("prompt")
            && (text("response") || text("completion"))
            && (row.contains_key("reward") || row.contains_key("label"))
        {
            Self::Feedback
        } else if text("prompt") && (text("response") || text("completion")) {
            Self::Responses
        } else if text("prompt") {
            Self::Prompts
        } else if array("turns") {
            Self::Turns
        } else {
            return None;
        })
    }
}

/// Shorter text files are licences and word lists rather than something to train on.
const SHORTEST_TEXT: u64 = 1 << 16;

/// How many rows may be damaged before a file is none of ours.
const TRIED: usize = 8;

/// The format of a file: by the fields of its first row that is whole, or plain text where it is named
/// `.txt`, has no rows and is 64 KiB or longer. `None` for anything else.
///
/// # Errors
/// The file cannot be read.
pub fn recognise(path: &Path) -> Result<Option<Format>, DataError> {
    Ok(examine(path)?.ok())
}

/// The format of a file, or the reason why it has none.
///
/// # Errors
/// The file cannot be read.
pub(super) fn examine(path: &Path) -> Result<Result<Format, DataError>, DataError> {
    let unreadable = |e| DataError::io(path, e);
    let none = |place: &str, reason: &str| Ok(Err(DataError::content(path, place, reason)));
    if open(path)?.fill_buf().map_err(unreadable)?.starts_with(LFS) {
        return none("content", "a Git LFS pointer stands for it: run `git lfs pull`");
    }
    if let Some(sampled) = sample(path, TRIED)? {
        return Ok(match (sampled.rows.first(), sampled.first_error) {
            (Some(row), _) => {
                let names = || row.fields.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
                let reason = || row.fault(&names(), "no known format has these fields");
                Format::of(&row.fields).ok_or_else(reason)
            }
            (None, Some(error)) => Err(error),
            (None, None) => Err(DataError::content(path, "content", "it has no rows")),
        });
    }
    if !named_as_text(path) {
        return none("content", "it is neither rows (JSON lines, Parquet) nor text (.txt)");
    }
    let length =
        std::io::copy(&mut open(path)?.take(SHORTEST_TEXT), &mut std::io::sink()).map_err(unreadable)?;
    if length < SHORTEST_TEXT {
        return none("size", "text of less than 64 KiB, as licences and lists of words are");
    }
    Ok(Ok(Format::Text))
}

/// What begins the file that Git keeps in the place of a large one.
const LFS: &[u8] = b"version https://git-lfs.github.com/spec/";
