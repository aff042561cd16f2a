//! Prompts with answers and who prefers which, for reward models.

use super::Format;
use super::export::ANSWERS;
use super::fields::VERDICT;
use super::flaws::Flaw;
use super::messages::{conversation, inspect, prompt_of, two};
use super::ranked;
use super::recognition::{known, named};
use super::records::{Parse, Records};
use super::rows::{Origin, Row};
use super::split::Group;
use super::transcript::{is_blank, prompt, prompt_about, response};
use super::turn::{Role, turns};
use super::value::number;
use super::vote::{MOST_ANSWERS, Vote, pairs};
use crate::error::DataError;
use serde_json::Value;
use std::path::Path;

/// A prompt, K answers to it, and judgments on pairs of them: one pair (K = 2), all pairs of a
/// ranking, or several people's votes on one pair.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// Ends with [`super::ASSISTANT`].
    pub prompt: String,
    /// The answers, two or more; each begins with a space, unless its file says otherwise.
    pub answers: Vec<String>,
    /// The votes, at least one; indices into `answers`.
    pub votes: Vec<Vote>,
    /// The winner's lead in units of reward: a pair's `margin`, zero or more.
    pub margin: Option<f32>,
    /// The degree of preference, 1 or 2, where the row has one (`degree`).
    pub degree: Option<u8>,
    /// The name of the person who judged, where the row has it (`annotator`).
    pub annotator: Option<String>,
    /// The group that a split keeps together: of a question about passages, by the question alone.
    pub group: Group,
    /// The place that it was read from.
    pub origin: Origin,
}

/// The options of reading comparisons.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Keeps answers that a machine wrote (OpenAssistant's `synthetic`). Without it, a ranking with fewer than two
    /// answers left is left out.
    pub synthetic: bool,
    /// Puts the passages that contain the answer before the question.
    pub passages: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { synthetic: false, passages: true }
    }
}

/// The comparisons of a file, one at a time.
///
/// # Errors
/// The file cannot be read, or is of another kind.
pub fn comparisons(path: &Path, options: Options) -> Result<Records<Comparison>, DataError> {
    comparisons_of(path, Some(known(path)?), options)
}

/// [`comparisons`] of a file whose format is known.
///
/// # Errors
/// The file cannot be read, or is of another kind.
pub fn comparisons_of(
    path: &Path,
    format: Option<Format>,
    options: Options,
) -> Result<Records<Comparison>, DataError> {
    match format.and_then(|format| Some((format, parser(format, options)?))) {
        Some((format, parse)) => Records::new(path, format, parse),
        None => Err(DataError::content(path, "line 1", format!("want comparisons, found {}", named(format)))),
    }
}

/// Returns the parser of a format's rows; `None` for formats without comparisons.
pub(super) fn parser(format: Format, options: Options) -> Option<Parse<Comparison>> {
    Some(match format {
        Format::Transcripts | Format::Pairs | Format::Conversations => Box::new(pair),
        Format::Rankings => Box::new(move |row: &Row| ranking(row, options.synthetic)),
        Format::Predictions => Box::new(move |row: &Row| predictions(row, options.passages)),
        Format::Labeled => Box::new(labeled),
        Format::Annotated => Box::new(annotated),
        Format::Ranked => Box::new(|row: &Row| own(row, ranked::ranks)),
        Format::Scored => Box::new(scored),
        Format::Preferences => Box::new(preference),
        Format::Voted => Box::new(|row: &Row| own(row, ranked::votes)),
        _ => return None,
    })
}

/// Reads a vote that is 0 (tie), 1 or 2 (the first or the second is better).
fn vote(row: &Row, field: &str, judgment: &Value, a: usize, b: usize) -> Result<Vote, DataError> {
    match number(judgment) {
        Some(0.0) => Ok(Vote::Tie(a, b)),
        Some(1.0) => Ok(Vote::Prefers { winner: a, loser: b }),
        Some(2.0) => Ok(Vote::Prefers { winner: b, loser: a }),
        _ => Err(row.fault(field, format!("{judgment} is neither 0 (tie), 1 nor 2"))),
    }
}

/// Creates a comparison, which a split knows by its whole prompt. Identical answers are a tie.
fn comparison(
    row: &Row,
    prompt: String,
    answers: Vec<String>,
    mut votes: Vec<Vote>,
) -> Result<Vec<Comparison>, DataError> {
    let margin = match row.fields.get("margin") {
        None => None,
        Some(margin) => match number(margin) {
            Some(margin) if margin >= 0.0 && (margin as f32).is_finite() => Some(margin as f32),
            _ => return Err(row.fault("margin", "want a number, zero or more")),
        },
    };
    let degree = match row.fields.get("degree") {
        None => None,
        Some(degree) => match number(degree) {
            Some(1.0) => Some(1),
            Some(2.0) => Some(2),
            _ => return Err(row.fault("degree", "want 1 for better or 2 for clearly better")),
        },
    };
    for vote in &mut votes {
        let Vote::Prefers { winner, loser } = *vote else { continue };
        if answers[winner].trim() == answers[loser].trim() {
            *vote = Vote::Tie(winner.min(loser), winner.max(loser));
        } else if is_blank(&answers[winner]) {
            row.flaw(Flaw::EmptyChosen);
        }
    }
    inspect(row, &prompt, answers.iter());
    let (annotator, group) = (row.identity("annotator")?, row.group(&prompt)?);
    let origin = row.origin.clone();
    Ok(vec![Comparison { prompt, answers, votes, margin, degree, annotator, group, origin }])
}

fn own(
    row: &Row,
    votes: impl Fn(&Row, usize) -> Result<Vec<Vote>, DataError>,
) -> Result<Vec<Comparison>, DataError> {
    let answers = ranked::answers(row)?;
    let votes = votes(row, answers.len())?;
    comparison(row, prompt_of(row)?, answers, votes)
}

fn scored(row: &Row) -> Result<Vec<Comparison>, DataError> {
    let (answers, votes) = ranked::scored(row)?;
    comparison(row, prompt_of(row)?, answers, votes)
}

const FIRST: Vote = Vote::Prefers { winner: 0, loser: 1 };

fn pair(row: &Row) -> Result<Vec<Comparison>, DataError> {
    let (prompt, answers) = two(row, ["chosen", "rejected"])?;
    comparison(row, prompt, answers, vec![FIRST])
}

/// Reads two answers under other names, and the better one.
fn preference(row: &Row) -> Result<Vec<Comparison>, DataError> {
    let Some(fields) = ANSWERS.into_iter().find(|fields| fields.iter().all(|field| row.has(field))) else {
        return Err(row.fault(row.either(&ANSWERS.map(|[first, _]| first)), "want two answers"));
    };
    let (vote, degree) = verdict(row)?;
    let (prompt, answers) = two(row, fields)?;
    let mut made = comparison(row, prompt, answers, vec![vote])?;
    made.iter_mut().for_each(|made| made.degree = made.degree.or(degree));
    Ok(made)
}

/// Reads which of two answers is better, and how clearly.
fn verdict(row: &Row) -> Result<(Vote, Option<u8>), DataError> {
    const SECOND: Vote = Vote::Prefers { winner: 1, loser: 0 };
    const TIE: Vote = Vote::Tie(0, 1);
    let field = row.either(VERDICT);
    let judgment = row.fields.get(field).unwrap_or(&Value::Null);
    let word = judgment.as_str().map(|word| word.trim().to_lowercase()).unwrap_or_default();
    match (field, number(judgment)) {
        ("overall_preference", Some(by)) => {
            let vote = if by < 0.0 {
                FIRST
            } else if by > 0.0 {
                SECOND
            } else {
                TIE
            };
            Ok((vote, (by != 0.0).then_some(if by.abs() >= 2.0 { 2 } else { 1 })))
        }
        ("better_response_id", Some(0.0)) | ("labels", Some(1.0)) => Ok((FIRST, None)),
        ("better_response_id", Some(1.0)) | ("labels", Some(0.0)) => Ok((SECOND, None)),
        ("winner", None) if word.starts_with("tie") => Ok((TIE, None)),
        ("winner", None) => match word.rsplit(['_', ' ', '-']).next() {
            Some("a" | "left" | "first") => Ok((FIRST, None)),
            Some("b" | "right" | "second") => Ok((SECOND, None)),
            _ => Err(row.fault(field, format!("{judgment} is neither model_a, model_b nor tie"))),
        },
        ("overall_preference", None) => Err(row
            .fault(field, format!("{judgment} is no number: below 0 the first is better, above the second"))),
        _ => Err(row.fault(field, format!("{judgment} is neither 0 nor 1"))),
    }
}

fn ranking(row: &Row, synthetic: bool) -> Result<Vec<Comparison>, DataError> {
    let judgment =
        turns(row.fields.get("context"), Role::Human).map_err(|reason| row.fault("context", reason))?;
    let (mut answers, mut ranks) = (Vec::new(), Vec::new());
    for answer in row.array("responses")? {
        if !synthetic && answer["synthetic"].as_bool() == Some(true) {
            continue;
        }
        match (answer["text"].as_str(), answer["rank"].as_u64()) {
            (Some(text), Some(rank)) => {
                answers.push(response(text));
                ranks.push(rank as f64);
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
    let votes = ranked::of_ranks(&ranks);
    comparison(row, conversation(row, &judgment), answers, votes)
}

fn predictions(row: &Row, passages: bool) -> Result<Vec<Comparison>, DataError> {
    let answers =
        (1..=4).map(|n| row.text(&format!("prediction {n}")).map(response)).collect::<Result<Vec<_>, _>>()?;
    let judgment = row.array("preference")?;
    if judgment.len() != 6 {
        return Err(row.fault("preference", format!("want six judgments, got {}", judgment.len())));
    }
    let votes = pairs(4)
        .zip(judgment)
        .map(|((a, b), judgment)| vote(row, "preference", judgment, a, b))
        .collect::<Result<Vec<_>, _>>()?;
    let mut material = String::new();
    if passages {
        let all = if row.has("passages") { row.array("passages")? } else { &[] };
        for passage in all {
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
    let group = row.group(question)?;
    let mut made = comparison(row, prompt, answers, votes)?;
    made.iter_mut().for_each(|made| made.group = group);
    Ok(made)
}

fn labeled(row: &Row) -> Result<Vec<Comparison>, DataError> {
    let answers = vec![response(row.text("output_1")?), response(row.text("output_2")?)];
    let vote = vote(row, "label", row.fields.get("label").unwrap_or(&Value::Null), 0, 1)?;
    comparison(row, prompt(row.text("input")?), answers, vec![vote])
}

fn annotated(row: &Row) -> Result<Vec<Comparison>, DataError> {
    let answer = |field: &str| match row.fields.get(field) {
        // PandaLM's own file has some answers as truth values: "True" went through a spreadsheet.
        Some(Value::Bool(true)) => Ok(response("True")),
        Some(Value::Bool(false)) => Ok(response("False")),
        _ => row.text(field).map(response),
    };
    let answers = vec![answer("response1")?, answer("response2")?];
    // Somebody in the midst may have said nothing.
    let votes = (1..=MOST_ANSWERS)
        .map(|n| format!("annotator{n}"))
        .filter_map(|field| row.fields.get(&field).map(|judgment| vote(row, &field, judgment, 0, 1)))
        .collect::<Result<Vec<_>, _>>()?;
    if votes.is_empty() {
        return Err(row.fault("annotator1", "want 0 (tie), 1 or 2"));
    }
    comparison(row, prompt_of(row)?, answers, votes)
}
