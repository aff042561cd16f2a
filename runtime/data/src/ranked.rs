//! Rankings and votes of a user's own: `prompt`, `answers`, and `ranks` or `votes`.

use super::rows::Row;
use super::transcript::response;
use super::vote::{MOST_ANSWERS, Vote, pairs};
use crate::error::DataError;
use core::cmp::Ordering;
use serde_json::Value;

/// The votes of ranks: 0 or 1 or any number is best, smaller is better, equal ones tie.
pub(super) fn of_ranks(ranks: &[f64]) -> Vec<Vote> {
    pairs(ranks.len())
        .map(|(a, b)| match ranks[a].total_cmp(&ranks[b]) {
            Ordering::Less => Vote::Prefers { winner: a, loser: b },
            Ordering::Greater => Vote::Prefers { winner: b, loser: a },
            Ordering::Equal => Vote::Tie(a, b),
        })
        .collect()
}

/// `answers`, or `responses`: texts.
pub(super) fn answers(row: &Row) -> Result<Vec<String>, DataError> {
    let field = row.either(&["answers", "responses"]);
    let texts: Option<Vec<&str>> = row.array(field)?.iter().map(Value::as_str).collect();
    match texts {
        Some(texts) if (2..=MOST_ANSWERS).contains(&texts.len()) => {
            Ok(texts.into_iter().map(response).collect())
        }
        Some(texts) => {
            Err(row.fault(field, format!("want 2 to {MOST_ANSWERS} answers, got {}", texts.len())))
        }
        None => Err(row.fault(field, "want an array of texts")),
    }
}

/// `ranks`: a number for each answer.
pub(super) fn ranks(row: &Row, answers: usize) -> Result<Vec<Vote>, DataError> {
    let ranks: Option<Vec<f64>> = row.array("ranks")?.iter().map(Value::as_f64).collect();
    match ranks {
        // Adding 0 makes -0 a plain 0, which it ties with.
        Some(ranks) if ranks.len() == answers => {
            Ok(of_ranks(&ranks.into_iter().map(|rank| rank + 0.0).collect::<Vec<_>>()))
        }
        Some(ranks) => {
            Err(row.fault("ranks", format!("want {answers}, one for each answer, got {}", ranks.len())))
        }
        None => Err(row.fault("ranks", "want an array of numbers; smaller is better")),
    }
}

/// `votes`: `[winner, loser]`, or `[one, other, "tie"]`, each an answer's index from 0.
pub(super) fn votes(row: &Row, answers: usize) -> Result<Vec<Vote>, DataError> {
    let said = row.array("votes")?;
    if said.is_empty() || said.len() > MOST_VOTES {
        return Err(row.fault("votes", format!("want 1 to {MOST_VOTES}, got {}", said.len())));
    }
    let index = |value: &Value| value.as_u64().map(|i| i as usize).filter(|i| *i < answers);
    said.iter()
        .map(|vote| {
            let fields = vote.as_array().map_or(&[][..], Vec::as_slice);
            let (vote, tie) = match fields {
                [a, b] => ((index(a), index(b)), false),
                [a, b, tie] if tie == "tie" => ((index(a), index(b)), true),
                _ => ((None, None), false),
            };
            match (vote, tie) {
                ((Some(a), Some(b)), true) if a != b => Ok(Vote::Tie(a, b)),
                ((Some(winner), Some(loser)), false) if winner != loser => {
                    Ok(Vote::Prefers { winner, loser })
                }
                _ => Err(row.fault(
                    "votes",
                    format!("want [winner, loser] or [one, other, \"tie\"], each from 0 to {}", answers - 1),
                )),
            }
        })
        .collect()
}

/// More votes on one prompt are refused.
const MOST_VOTES: usize = 4096;
