//! Rankings, scores and votes of several answers.

use super::fields::{SCORES, SEVERAL};
use super::rows::Row;
use super::transcript::response;
use super::turn::{Role, turns};
use super::value::number;
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

/// `answers`, `responses` or `completions`: texts, or messages of the assistant.
pub(super) fn answers(row: &Row) -> Result<Vec<String>, DataError> {
    let field = row.either(SEVERAL);
    let answer = |value: &Value| match turns(Some(value), Role::Assistant) {
        Ok(votes) => match &votes[..] {
            [one] if one.role == Role::Assistant => Ok(response(&one.text)),
            _ => Err(row.fault(field, "want one turn of the assistant in each")),
        },
        Err(_) => Err(row.fault(field, "want a list of texts")),
    };
    counted(row, field, row.array(field)?.iter().map(answer).collect::<Result<_, _>>()?)
}

fn counted(row: &Row, field: &str, answers: Vec<String>) -> Result<Vec<String>, DataError> {
    match answers.len() {
        2..=MOST_ANSWERS => Ok(answers),
        other => Err(row.fault(field, format!("want 2 to {MOST_ANSWERS} answers, got {other}"))),
    }
}

/// Answers and a number for each, larger for better ones: two lists, or one of objects that hold both.
pub(super) fn scored(row: &Row) -> Result<(Vec<String>, Vec<Vote>), DataError> {
    let (answers, scores): (_, Vec<f64>) = match row.first_of(SCORES) {
        Some(field) => {
            let answers = answers(row)?;
            let scores: Option<Vec<f64>> = row.array(field)?.iter().map(number).collect();
            match scores {
                Some(scores) if scores.len() == answers.len() => (answers, scores),
                Some(scores) => {
                    let reason = format!("want {}, one for each answer, got {}", answers.len(), scores.len());
                    return Err(row.fault(field, reason));
                }
                None => return Err(row.fault(field, "want a list of numbers; larger is better")),
            }
        }
        None => {
            let field = row.either(SEVERAL);
            let both = row.array(field)?.iter().map(|one| {
                let text = ["response", "text", "content", "answer", "output", "completion"];
                let text = text.iter().find_map(|name| one.get(name)?.as_str());
                match (text, score(one)) {
                    (Some(text), Some(score)) => Ok((response(text), score)),
                    (None, _) => Err(row.fault(field, "want a response (a text) in each")),
                    (_, None) => Err(row.fault(field, "want a number in each: overall_score, score or rank")),
                }
            });
            let (answers, scores): (Vec<_>, _) = both.collect::<Result<Vec<_>, _>>()?.into_iter().unzip();
            (counted(row, field, answers)?, scores)
        }
    };
    // A rank is smaller for better ones; subtracting from 0 makes -0 a plain 0.
    Ok((answers, of_ranks(&scores.into_iter().map(|score| 0.0 - score).collect::<Vec<_>>())))
}

/// The score of an answer, its rank the other way round, or the mean of its aspects' ratings.
fn score(answer: &Value) -> Option<f64> {
    let named = ["overall_score", "score", "reward", "rating", "pm_score", "fine-grained_score"];
    let named = named.iter().find_map(|name| number(answer.get(name)?));
    named.or_else(|| number(answer.get("rank")?).map(|rank| -rank)).or_else(|| {
        let aspects = answer.get("annotations")?.as_object()?.values();
        let ratings: Vec<f64> =
            aspects.filter_map(|aspect| number(aspect.get("Rating").or(aspect.get("rating"))?)).collect();
        (!ratings.is_empty()).then(|| ratings.iter().sum::<f64>() / ratings.len() as f64)
    })
}

/// `ranks`: a number for each answer.
pub(super) fn ranks(row: &Row, answers: usize) -> Result<Vec<Vote>, DataError> {
    let ranks: Option<Vec<f64>> = row.array("ranks")?.iter().map(number).collect();
    match ranks {
        // Adding 0 makes -0 a plain 0, which it ties with.
        Some(ranks) if ranks.len() == answers => {
            Ok(of_ranks(&ranks.into_iter().map(|rank| rank + 0.0).collect::<Vec<_>>()))
        }
        Some(ranks) => {
            Err(row.fault("ranks", format!("want {answers}, one for each answer, got {}", ranks.len())))
        }
        None => Err(row.fault("ranks", "want a list of numbers; smaller is better")),
    }
}

/// `votes`: `[winner, loser]`, or `[one, other, "tie"]`, each an answer's index from 0.
pub(super) fn votes(row: &Row, answers: usize) -> Result<Vec<Vote>, DataError> {
    let votes = row.array("votes")?;
    if votes.is_empty() || votes.len() > MOST_VOTES {
        return Err(row.fault("votes", format!("want 1 to {MOST_VOTES}, got {}", votes.len())));
    }
    let index = |value: &Value| value.as_u64().map(|i| i as usize).filter(|i| *i < answers);
    votes
        .iter()
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

/// The most votes on one prompt.
const MOST_VOTES: usize = 4096;
