//! Votes: what a visitor prefers.

use super::Error;
use serde::{Deserialize, Serialize};

/// Votes that a session holds at most.
const MOST_VOTES: usize = 100_000;
/// Replies that are ranked at once at most.
const MOST_REPLIES: usize = 16;
/// Characters of a text at most.
const MOST_CHARACTERS: usize = 10_000;
/// One vote in so many is held back from training.
const HELD_BACK: u64 = 5;

/// A ranking of replies to one prompt: a line of a file that `rlhf reward` reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vote {
    /// The prompt.
    pub prompt: String,
    /// The replies, two or more.
    #[serde(alias = "replies")]
    pub answers: Vec<String>,
    /// The rank of each reply: 1 is best, equal ranks are ties.
    pub ranks: Vec<u32>,
}

impl Vote {
    /// Checks it.
    pub(crate) fn validate(&self) -> Result<(), Error> {
        let wrong = |message: &str| Err(Error::new("vote", message));
        if !(2..=MOST_REPLIES).contains(&self.answers.len()) {
            return wrong("a vote ranks 2 to 16 replies");
        }
        if self.ranks.len() != self.answers.len() {
            return wrong("a vote has one rank for each reply");
        }
        if self.texts().any(|text| text.len() > MOST_CHARACTERS) {
            return wrong("a vote's texts have at most 10,000 bytes each");
        }
        Ok(())
    }

    fn texts(&self) -> impl Iterator<Item = &String> {
        [&self.prompt].into_iter().chain(&self.answers)
    }

    /// Returns whether the vote is held back to measure the reward model: one in five, chosen by its texts alone, so that it
    /// is the same one after a reload.
    pub fn held_back(&self) -> bool {
        // FNV-1a, and its bits mixed once more: texts differ in few of them.
        let mut hash = 0xcbf2_9ce4_8422_2325_u64;
        for byte in self.texts().flat_map(|text| text.bytes().chain([0xff])) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        ((hash ^ (hash >> 29)).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32).is_multiple_of(HELD_BACK)
    }
}

/// Adds a vote to others.
pub(crate) fn add(votes: &mut Vec<Vote>, vote: Vote) -> Result<(), Error> {
    vote.validate()?;
    if votes.len() >= MOST_VOTES {
        return Err(Error::new("vote", "100,000 votes are the most: export and clear them"));
    }
    votes.push(vote);
    Ok(())
}

/// Returns votes as JSON lines.
pub(crate) fn to_lines(votes: &[Vote]) -> String {
    votes.iter().map(|vote| serde_json::to_string(vote).unwrap_or_default() + "\n").collect()
}

/// Reads JSON lines: all of them, or none.
pub(crate) fn from_lines(text: &str) -> Result<Vec<Vote>, Error> {
    /// A pair, as others write it.
    #[derive(Deserialize)]
    struct Pair {
        prompt: String,
        chosen: String,
        rejected: String,
    }
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Row {
        Vote(Vote),
        Pair(Pair),
    }
    let mut votes = Vec::new();
    for (number, line) in (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()) {
        let vote = match serde_json::from_str(line) {
            Ok(Row::Vote(vote)) => vote,
            Ok(Row::Pair(Pair { prompt, chosen, rejected })) => {
                Vote { prompt, answers: vec![chosen, rejected], ranks: vec![1, 2] }
            }
            Err(_) => {
                let want = "want JSON with prompt, answers and ranks, or with prompt, chosen and rejected";
                return Err(Error::new("vote", format!("line {number}: {want}")));
            }
        };
        add(&mut votes, vote).map_err(|e| Error::new("vote", format!("line {number}: {e}")))?;
    }
    Ok(votes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vote(prompt: &str) -> Vote {
        Vote { prompt: prompt.into(), answers: vec!["a".into(), "b".into()], ranks: vec![2, 1] }
    }

    #[test]
    fn one_in_five_is_held_back() {
        let held = (0..1000).filter(|i| vote(&format!("prompt {i}")).held_back()).count();
        assert!((150..250).contains(&held), "{held}");
    }

    #[test]
    fn lines_come_back() {
        let votes = vec![vote("\"quoted\"\n"), vote("b")];
        assert_eq!(from_lines(&to_lines(&votes)).unwrap(), votes);
        let pair = from_lines(r#"{"prompt": "p", "chosen": "c", "rejected": "r"}"#).unwrap();
        assert_eq!((&pair[0].answers[0][..], &pair[0].ranks[..]), ("c", &[1, 2][..]));
    }

    #[test]
    fn a_bad_line_is_named_and_nothing_is_taken() {
        let error =
            from_lines("{\"prompt\": \"p\", \"chosen\": \"c\", \"rejected\": \"r\"}\n{}\n").unwrap_err();
        assert!(error.code == "vote" && error.message.starts_with("line 2: "), "{error:?}");
        let one = r#"{"prompt": "p", "answers": ["a"], "ranks": [1]}"#;
        assert!(from_lines(one).unwrap_err().message.contains("2 to 16"));
    }
}
