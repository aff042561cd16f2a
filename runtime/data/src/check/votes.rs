//! Statistics of votes: how often people agree, and which simple features their votes follow.

use super::super::{Comparison, Format, Vote};
use core::hash::{Hash, Hasher};
use serde::Serialize;
use std::collections::HashMap;
use std::hash::DefaultHasher;

/// Statistics of votes. A share is `None` where there is nothing to count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Votes {
    /// Judgments on pairs of answers.
    pub votes: u64,
    /// The number of votes that are ties.
    pub ties: u64,
    /// The number of ties between identical answers.
    pub identical: u64,
    /// The share of decided votes, between answers of different lengths, for the longer one.
    pub longer: Option<f64>,
    /// The share of decided votes for the answer that comes first, in formats where the place does not
    /// say which is better.
    pub first: Option<f64>,
    /// Pairs of votes by different people on the same pair of answers: several in one row, or rows
    /// that name their `annotator`.
    pub judged_twice: u64,
    /// The share of these that agree; where one of the two is a tie, half.
    pub agreement: Option<f64>,
    /// Pairs of answers of which each was preferred over the other, in rows that name no annotator.
    pub contradictions: u64,
}

/// Votes of all rows so far.
#[derive(Default)]
pub(super) struct Judged {
    votes: Votes,
    longer: [u64; 2],
    first: [u64; 2],
    pairs: HashMap<u64, Pair>,
}

/// The numbers of votes for one of two answers, for the other, and for neither.
#[derive(Clone, Copy, Default)]
struct Pair {
    people: [u32; 3],
    /// The votes of rows without an annotator's name.
    unnamed: [bool; 2],
}

impl Judged {
    pub fn add(&mut self, comparison: &Comparison, format: Format) {
        let hash = |text: &str| {
            let mut hasher = DefaultHasher::new();
            (&comparison.prompt, text).hash(&mut hasher);
            hasher.finish()
        };
        let answers: Vec<(u64, usize)> =
            comparison.answers.iter().map(|a| (hash(a), a.chars().count())).collect();
        // Several people in one row, each on the same pair.
        let people = matches!(format, Format::Annotated | Format::Voted);
        for vote in &comparison.votes {
            let (a, b, tie) = match *vote {
                Vote::Prefers { winner, loser } => (winner, loser, false),
                Vote::Tie(a, b) => (a, b, true),
            };
            let (Some(x), Some(y)) = (answers.get(a), answers.get(b)) else { continue };
            self.votes.votes += 1;
            self.votes.ties += u64::from(tie);
            self.votes.identical +=
                u64::from(tie && comparison.answers[a].trim() == comparison.answers[b].trim());
            let place = usize::from(x.0 > y.0);
            let pair = self.pairs.entry(x.0.min(y.0) ^ x.0.max(y.0).rotate_left(1)).or_default();
            if people || comparison.annotator.is_some() {
                let count = &mut pair.people[if tie { 2 } else { place }];
                *count = count.saturating_add(1);
            } else if !tie {
                pair.unnamed[place] = true;
            }
            if tie {
                continue;
            }
            if x.1 != y.1 {
                self.longer[usize::from(x.1 > y.1)] += 1;
            }
            if matches!(
                format,
                Format::Labeled
                    | Format::Annotated
                    | Format::Predictions
                    | Format::Preferences
                    | Format::Ranked
                    | Format::Scored
                    | Format::Voted
            ) {
                self.first[usize::from(a < b)] += 1;
            }
        }
    }

    pub fn finish(self) -> Votes {
        let share = |[no, yes]: [u64; 2]| (no + yes > 0).then(|| yes as f64 / (no + yes) as f64);
        let (mut agreed, mut twice, mut contradictions) = (0.0, 0.0, 0);
        for pair in self.pairs.values() {
            let [a, b, tie] = pair.people.map(f64::from);
            let two = |n: f64| n * (n - 1.0) / 2.0;
            agreed += two(a) + two(b) + two(tie) + 0.5 * tie * (a + b);
            twice += two(a + b + tie);
            contradictions += u64::from(pair.unnamed == [true, true]);
        }
        Votes {
            longer: share(self.longer),
            first: share(self.first),
            judged_twice: twice as u64,
            agreement: (twice > 0.0).then(|| agreed / twice),
            contradictions,
            ..self.votes
        }
    }
}
