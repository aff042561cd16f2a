//! Responses, each with the reward that it got, for learning from users' feedback.

use super::Format;
use super::judgment::{judgment, reward};
use super::messages::prompt_and_answer;
use super::recognition::{known, named};
use super::records::{Parse, Records};
use super::rows::{Origin, Row};
use super::split::Group;
use super::value::number;
use crate::error::DataError;
use serde_json::Value;
use std::path::Path;

/// A response to a prompt, and what became of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Feedback {
    /// Ends with [`super::ASSISTANT`].
    pub prompt: String,
    /// Begins with a space.
    pub response: String,
    /// The reward in any unit; a label's is 1 where it is good and −1 where it is bad.
    pub reward: f32,
    /// The log-probability ln p of the response under the policy that wrote it, in nats, where the log has it.
    pub log_prob: Option<f32>,
    /// The group that a split keeps together.
    pub group: Group,
    /// The place that it was read from.
    pub origin: Origin,
}

/// The feedback of a file, one response at a time.
///
/// # Errors
/// The file cannot be read, or is of another kind.
pub fn feedback(path: &Path) -> Result<Records<Feedback>, DataError> {
    feedback_of(path, Some(known(path)?))
}

/// [`feedback`] of a file whose format is known.
///
/// # Errors
/// The file cannot be read, or is of another kind.
pub fn feedback_of(path: &Path, format: Option<Format>) -> Result<Records<Feedback>, DataError> {
    match format.and_then(|format| Some((format, parser(format)?))) {
        Some((format, parse)) => Records::new(path, format, parse),
        None => Err(DataError::content(path, "line 1", format!("want feedback, found {}", named(format)))),
    }
}

/// Returns the parser of a format's rows; `None` for formats without feedback.
pub(super) fn parser(format: Format) -> Option<Parse<Feedback>> {
    (format == Format::Feedback).then(|| -> Parse<Feedback> { Box::new(one) })
}

fn one(row: &Row) -> Result<Vec<Feedback>, DataError> {
    let (prompt, response) = prompt_and_answer(row)?;
    let (group, origin) = (row.group(&prompt)?, row.origin.clone());
    let field = judgment(row);
    let reward = reward(row, field, row.fields.get(field).unwrap_or(&Value::Null))?;
    let log_prob = log_prob(row)?;
    Ok(vec![Feedback { prompt, response, reward, log_prob, group, origin }])
}

/// `log_prob`, which may be absent.
fn log_prob(row: &Row) -> Result<Option<f32>, DataError> {
    match row.fields.get("log_prob") {
        None => Ok(None),
        Some(value) => {
            let value = number(value).map(|nats| nats as f32).filter(|nats| nats.is_finite() && *nats <= 0.0);
            value.map(Some).ok_or_else(|| row.fault("log_prob", "want nats: a finite number of 0 or less"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(rows: &str) -> Vec<Result<Feedback, String>> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log.jsonl");
        std::fs::write(&path, rows).unwrap();
        feedback(&path).unwrap().map(|row| row.map_err(|e| e.to_string())).collect()
    }

    #[test]
    fn rewards_and_labels_are_read() {
        let got = read(
            "{\"prompt\": \"Hi\", \"response\": \"Ho\", \"reward\": 0.5, \"log_prob\": -2.5}\n\
             {\"prompt\": \"Hi\", \"completion\": \"No\", \"label\": false}\n\
             {\"prompt\": \"Hi\", \"completion\": \"So\", \"label\": 1, \"log_prob\": null}\n",
        );
        let got: Vec<_> = got.into_iter().map(|row| row.unwrap()).collect();
        let numbers: Vec<_> = got.iter().map(|row| (row.reward, row.log_prob)).collect();
        assert_eq!(numbers, [(0.5, Some(-2.5)), (-1.0, None), (1.0, None)]);
        assert_eq!(got[0].response, " Ho");
    }

    #[test]
    fn labels_in_words_and_signs_are_read() {
        let pairs = [
            (r#""up""#, r#""down""#),
            (r#""Good""#, r#""bad ""#),
            (r#""chosen""#, r#""rejected""#),
            (r#""yes""#, r#""no""#),
            (r#""positive""#, r#""negative""#),
            (r#""like""#, r#""dislike""#),
            (r#""thumbs_up""#, r#""Thumbs-Down""#),
            ("\"👍\"", "\"👎🏽\""),
            ("true", "false"),
            (r#""True""#, r#""FALSE""#),
            ("1", "0"),
            (r#""1""#, r#""0""#),
            ("1", "-1"),
            (r#""+1""#, r#""-1""#),
        ];
        for field in ["label", "kto_tag", "thumbs", "feedback"] {
            for (good, bad) in pairs {
                let row = |value: &str| {
                    format!("{{\"prompt\": \"Hi\", \"answer\": \"Ho\", \"{field}\": {value}}}\n")
                };
                let got: Vec<_> =
                    read(&(row(good) + &row(bad))).into_iter().map(|row| row.unwrap().reward).collect();
                assert_eq!(got, [1.0, -1.0], "{field}: {good} and {bad}");
            }
            let row = |value: &str| {
                format!("{{\"prompt\": \"Hi\", \"answer\": \"Ho\", \"{field}\": \"{value}\"}}\n")
            };
            let rows = read(&(row("up") + &row("goodish") + &row("down")));
            let error = rows[1].as_ref().unwrap_err();
            for part in ["line 2", field, "\"goodish\"", "good/bad, up/down"] {
                assert!(error.contains(part), "{part}: {error}");
            }
        }
        // A rating in words is none in numbers.
        let got = read("{\"prompt\": \"Hi\", \"response\": \"Ho\", \"rating\": \"good\"}\n");
        assert_eq!(got[0].as_ref().unwrap().reward, 1.0);
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        let row = |more: &str| {
            let rows = format!(
                "{{\"prompt\": \"Hi\", \"response\": \"Ho\", \"label\": true}}\n\
                 {{\"prompt\": \"Hi\", \"response\": \"Ho\", {more}}}\n"
            );
            read(&rows).pop().unwrap().unwrap_err()
        };
        for (more, field) in [
            ("\"label\": 2", "label"),
            ("\"label\": \"meh\"", "\"meh\" is neither true"),
            ("\"reward\": \"much\"", "\"much\" is neither a finite number nor a word such as good/bad"),
            ("\"reward\": 1e300", "reward"),
            ("\"reward\": 1, \"log_prob\": 0.5", "log_prob"),
        ] {
            let error = row(more);
            assert!(error.contains("line 2") && error.contains(field), "{more}: {error}");
        }
    }
}
