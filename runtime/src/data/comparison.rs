//! Prompts with answers and who prefers which, for reward models.

use super::lines::{Origin, Records, Row};
use super::transcript::{conversation, prompt, prompt_about, response, shared};
use super::{Format, recognise};
use crate::formats::FormatError;
use serde_json::Value;
use std::path::Path;

/// One judgement on two answers, by index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vote {
    /// One is better.
    Prefers {
        /// The better answer.
        winner: usize,
        /// The worse answer.
        loser: usize,
    },
    /// Neither is better.
    Tie(usize, usize),
}

/// A prompt, K answers to it, and judgements on pairs of them: one pair (K = 2), all pairs of a
/// ranking, or several people's votes on one pair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// Ends with [`super::ASSISTANT`].
    pub prompt: String,
    /// Two or more; each begins with a space, unless its file says otherwise.
    pub answers: Vec<String>,
    /// At least one; indices into `answers`.
    pub votes: Vec<Vote>,
    /// Where it was read.
    pub origin: Origin,
}

/// What is left out of comparisons.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Keep answers that a machine wrote (OpenAssistant's `synthetic`). Off: a ranking of which fewer
    /// than two answers remain is left out.
    pub synthetic: bool,
    /// Put the passages that the answer is to be found in before the question.
    pub passages: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { synthetic: false, passages: true }
    }
}

/// More answers to one prompt are refused: their pairs grow with the square.
const MOST_ANSWERS: usize = 64;

/// The comparisons of a file, one at a time.
///
/// # Errors
/// The file cannot be read, or is of another kind.
pub fn comparisons(path: &Path, options: Options) -> Result<Records<Comparison>, FormatError> {
    Records::new(
        path,
        match recognise(path)? {
            Some(Format::Transcripts) => Box::new(transcripts),
            Some(Format::Pairs) => Box::new(pair),
            Some(Format::Conversations) => Box::new(conversations),
            Some(Format::Rankings) => Box::new(move |row: &Row| ranking(row, options.synthetic)),
            Some(Format::Predictions) => Box::new(move |row: &Row| predictions(row, options.passages)),
            Some(Format::Labelled) => Box::new(labelled),
            Some(Format::Annotated) => Box::new(annotated),
            other => {
                let reason = format!("want comparisons, found {other:?}");
                return Err(FormatError::content(path, "line 1", reason));
            }
        },
    )
}

/// What a judge who says 0 (tie), 1 or 2 (the first or the second is better) means.
fn vote(row: &Row, field: &str, said: &Value, a: usize, b: usize) -> Result<Vote, FormatError> {
    match said.as_u64() {
        Some(0) => Ok(Vote::Tie(a, b)),
        Some(1) => Ok(Vote::Prefers { winner: a, loser: b }),
        Some(2) => Ok(Vote::Prefers { winner: b, loser: a }),
        _ => Err(row.fault(field, format!("{said} is neither 0 (tie), 1 nor 2"))),
    }
}

fn comparison(row: &Row, prompt: String, answers: Vec<String>, votes: Vec<Vote>) -> Vec<Comparison> {
    vec![Comparison { prompt, answers, votes, origin: row.origin.clone() }]
}

const FIRST: Vote = Vote::Prefers { winner: 0, loser: 1 };

fn transcripts(row: &Row) -> Result<Vec<Comparison>, FormatError> {
    let (chosen, rejected) = (row.text("chosen")?, row.text("rejected")?);
    let (prompt, a, b) = shared(chosen, rejected).ok_or_else(|| {
        row.fault("chosen", "want two transcripts that share a beginning up to \"\\n\\nAssistant:\"")
    })?;
    let vote = if a == b { Vote::Tie(0, 1) } else { FIRST };
    Ok(comparison(row, prompt.into(), vec![a.into(), b.into()], vec![vote]))
}

fn pair(row: &Row) -> Result<Vec<Comparison>, FormatError> {
    let answers = vec![response(row.text("chosen")?), response(row.text("rejected")?)];
    Ok(comparison(row, prompt(row.text("prompt")?), answers, vec![FIRST]))
}

fn conversations(row: &Row) -> Result<Vec<Comparison>, FormatError> {
    let turns = row.array("conversations")?;
    let mut said = Vec::new();
    for turn in turns {
        match (turn["from"].as_str(), turn["value"].as_str()) {
            (Some("human" | "user"), Some(text)) => said.push((true, text)),
            (Some("gpt" | "assistant"), Some(text)) => said.push((false, text)),
            // A system's text has no place in this form.
            (Some("system"), Some(_)) => {}
            _ => return Err(row.fault("conversations", "want from (human or gpt) and value in each")),
        }
    }
    let answer = |field: &str| {
        row.fields[field]["value"].as_str().map(response).ok_or_else(|| row.fault(field, "want a value"))
    };
    let answers = vec![answer("chosen")?, answer("rejected")?];
    Ok(comparison(row, conversation(said.into_iter()), answers, vec![FIRST]))
}

fn ranking(row: &Row, synthetic: bool) -> Result<Vec<Comparison>, FormatError> {
    let mut said = Vec::new();
    for turn in row.array("context")? {
        match (turn["role"].as_str(), turn["text"].as_str()) {
            (Some("prompter"), Some(text)) => said.push((true, text)),
            (Some("assistant"), Some(text)) => said.push((false, text)),
            _ => return Err(row.fault("context", "want role (prompter or assistant) and text in each")),
        }
    }
    let (mut answers, mut ranks) = (Vec::new(), Vec::new());
    for answer in row.array("responses")? {
        if !synthetic && answer["synthetic"].as_bool() == Some(true) {
            continue;
        }
        match (answer["text"].as_str(), answer["rank"].as_u64()) {
            (Some(text), Some(rank)) => {
                answers.push(response(text));
                ranks.push(rank);
            }
            _ => return Err(row.fault("responses", "want text and rank (0 is best) in each")),
        }
    }
    if answers.len() > MOST_ANSWERS {
        return Err(row.fault("responses", format!("want at most {MOST_ANSWERS}")));
    }
    if answers.len() < 2 {
        return Ok(Vec::new());
    }
    let votes = pairs(answers.len())
        .map(|(a, b)| match ranks[a].cmp(&ranks[b]) {
            core::cmp::Ordering::Less => Vote::Prefers { winner: a, loser: b },
            core::cmp::Ordering::Greater => Vote::Prefers { winner: b, loser: a },
            core::cmp::Ordering::Equal => Vote::Tie(a, b),
        })
        .collect();
    Ok(comparison(row, conversation(said.into_iter()), answers, votes))
}

/// `(0, 1), (0, 2), …, (1, 2), …`
fn pairs(k: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..k).flat_map(move |a| (a + 1..k).map(move |b| (a, b)))
}

fn predictions(row: &Row, passages: bool) -> Result<Vec<Comparison>, FormatError> {
    let answers =
        (1..=4).map(|n| row.text(&format!("prediction {n}")).map(response)).collect::<Result<Vec<_>, _>>()?;
    let said = row.array("preference")?;
    if said.len() != 6 {
        return Err(row.fault("preference", format!("want six judgements, got {}", said.len())));
    }
    let votes = pairs(4)
        .zip(said)
        .map(|((a, b), said)| vote(row, "preference", said, a, b))
        .collect::<Result<Vec<_>, _>>()?;
    let mut material = String::new();
    if passages {
        for passage in row.array("passages")? {
            // A title, then sentences.
            for sentence in passage.as_array().into_iter().flatten() {
                let text = sentence.as_str().ok_or_else(|| row.fault("passages", "want arrays of texts"))?;
                material.push_str(text.trim());
                material.push(' ');
            }
            material.push('\n');
        }
    }
    // The question comes last, where a cut at the beginning spares it.
    let question = row.text("question")?;
    let prompt = if material.is_empty() { prompt(question) } else { prompt_about(&material, question) };
    Ok(comparison(row, prompt, answers, votes))
}

fn labelled(row: &Row) -> Result<Vec<Comparison>, FormatError> {
    let answers = vec![response(row.text("output_1")?), response(row.text("output_2")?)];
    let vote = vote(row, "label", row.fields.get("label").unwrap_or(&Value::Null), 0, 1)?;
    Ok(comparison(row, prompt(row.text("input")?), answers, vec![vote]))
}

fn annotated(row: &Row) -> Result<Vec<Comparison>, FormatError> {
    let answer = |field: &str| match row.fields.get(field) {
        // PandaLM's own file has some answers as truth values: "True" went through a spreadsheet.
        Some(Value::Bool(true)) => Ok(response("True")),
        Some(Value::Bool(false)) => Ok(response("False")),
        _ => row.text(field).map(response),
    };
    let answers = vec![answer("response1")?, answer("response2")?];
    let votes = (1..=MOST_ANSWERS)
        .map(|n| format!("annotator{n}"))
        .map_while(|field| row.fields.get(&field).map(|said| vote(row, &field, said, 0, 1)))
        .collect::<Result<Vec<_>, _>>()?;
    if votes.is_empty() {
        return Err(row.fault("annotator1", "want 0 (tie), 1 or 2"));
    }
    let input = if row.fields.contains_key("input") { row.text("input")? } else { "" };
    Ok(comparison(row, prompt_about(row.text("instruction")?, input), answers, votes))
}
