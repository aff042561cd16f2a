//! Comparisons for the reward model.

use super::RankedAnswers;
use crate::transcript::Transcripts;
use rlhf_data::{Comparison, Vote};
use rlhf_train::{Labeled, Pairs, Ranking, Rewarded, TrainError};

/// A prompt's answers as texts, and the votes on them.
pub(super) struct AnswerVotes {
    pub texts: Vec<Vec<u32>>,
    /// The length of the prompt that they all begin with.
    pub prompt: usize,
    pub votes: Vec<Vote>,
    margin: f32,
    degree: u8,
}

impl AnswerVotes {
    pub fn new(comparison: &Comparison, transcripts: &mut Transcripts<'_>) -> Self {
        let (prompt, answers) = transcripts.answers(&comparison.prompt, &comparison.answers);
        let texts = answers.iter().map(|answer| [&prompt[..], answer].concat()).collect();
        let (margin, degree) = (comparison.margin.unwrap_or(0.0), comparison.degree.unwrap_or(1));
        Self { texts, prompt: prompt.len(), votes: comparison.votes.clone(), margin, degree }
    }

    /// Answers that were ranked: a vote for each two of which one is better.
    pub fn ranked(RankedAnswers { prompt, answers, ranks }: &RankedAnswers) -> Self {
        let texts = answers.iter().map(|answer| [&prompt[..], answer].concat()).collect();
        let all = (0..ranks.len()).flat_map(|winner| (0..ranks.len()).map(move |loser| (winner, loser)));
        let decided = all.filter(|&(winner, loser)| ranks[winner] < ranks[loser]);
        let votes = decided.map(|(winner, loser)| Vote::Prefers { winner, loser }).collect();
        Self { texts, prompt: prompt.len(), votes, margin: 0.0, degree: 1 }
    }

    /// The bits of margin and degree, to tell data from other data.
    pub fn strength(&self) -> [u32; 2] {
        [self.margin.to_bits(), self.degree.into()]
    }

    /// The answers ranked by wins less defeats (Copeland), which turns any set of votes, several
    /// people's or a circle, into the order that the K-wise loss asks for; a ranking's own order
    /// comes back.
    pub fn ranking(&self) -> Ranking {
        let mut net = vec![0i64; self.texts.len()];
        for vote in &self.votes {
            if let Vote::Prefers { winner, loser } = *vote {
                net[winner] += 1;
                net[loser] -= 1;
            }
        }
        let best = net.iter().copied().max().unwrap_or(0);
        let ranks = net.iter().map(|n| (best - n) as u32).collect();
        Ranking { texts: self.texts.clone(), ranks, margin: self.margin, degree: self.degree }
    }
}

/// Returns every pair of answers of which one ranks above the other.
pub(super) fn pairs<'a>(judged: impl IntoIterator<Item = &'a AnswerVotes>) -> Result<Pairs, TrainError> {
    let mut out = Pairs::default();
    for j in judged {
        let parted = |i: usize| j.texts[i].split_at(j.prompt);
        for (better, worse) in j.ranking().pairs() {
            out.push_texts(parted(better), parted(worse))?;
        }
    }
    Ok(out)
}

/// Returns each answer of such a pair, the better one as desirable, the worse one as not.
pub(super) fn labeled<'a>(judged: impl IntoIterator<Item = &'a AnswerVotes>) -> Result<Labeled, TrainError> {
    let mut out = Labeled::default();
    for j in judged {
        for (better, worse) in j.ranking().pairs() {
            for (i, good) in [(better, true), (worse, false)] {
                let (prompt, answer) = j.texts[i].split_at(j.prompt);
                out.push(prompt, answer, good)?;
            }
        }
    }
    Ok(out)
}

/// Returns each answer with a reward at its end: the share of the others that it is better than, less the share that it
/// is worse than.
pub(super) fn rewarded<'a>(
    judged: impl IntoIterator<Item = &'a AnswerVotes>,
) -> Result<Rewarded, TrainError> {
    let mut out = Rewarded::default();
    for j in judged {
        let Ranking { texts, ranks, .. } = j.ranking();
        let others = texts.len().saturating_sub(1).max(1) as f32;
        for (i, text) in texts.iter().enumerate() {
            let worse = ranks.iter().filter(|rank| **rank > ranks[i]).count() as f32;
            let better = ranks.iter().filter(|rank| **rank < ranks[i]).count() as f32;
            let (prompt, answer) = text.split_at(j.prompt);
            let mut rewards = vec![0.0; answer.len()];
            if let Some(last) = rewards.last_mut() {
                *last = (worse - better) / others;
            }
            out.push(prompt, answer, &rewards, true)?;
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RewardModel;
    use crate::engine::{Device, Model};
    use rlhf_core::model::Architecture;
    use rlhf_core::model::tokenizer::{AnyTokenizer, Bpe, Bytes, Tokenizer};
    use rlhf_core::roles::Reward;
    use rlhf_core::{Ragged, ready};
    use serde_json::json;

    /// GPT-2's alphabet with a token that begins and ends texts.
    fn begins() -> AnyTokenizer {
        let printed = |byte: u32| matches!(byte, 0x21..=0x7e | 0xa1..=0xac | 0xae..=0xff);
        let (mut ids, mut next) = (serde_json::Map::new(), 0x100);
        for byte in 0..256u32 {
            let stands = if printed(byte) { byte } else { next };
            next += u32::from(!printed(byte));
            ids.insert(char::from_u32(stands).unwrap().to_string(), byte.into());
        }
        ids.insert("<|endoftext|>".into(), 256.into());
        Bpe::gpt2(&serde_json::Value::Object(ids).to_string(), "#version: 0.2\n").unwrap().into()
    }

    #[test]
    fn a_row_is_scored_as_it_is_trained_on() {
        let turn = |role: &str, text: &str| json!({ "role": role, "content": text });
        let prompt = [
            turn("system", "Be brief."),
            turn("user", "Hi"),
            turn("assistant", "Hello\n"),
            turn("user", "Why?"),
        ];
        let rows = [
            json!({ "prompt": "First.\n\nSecond?", "chosen": "Yes.", "rejected": "No." }),
            json!({ "prompt": "Why?\n", "chosen": "So.\n", "rejected": "\nNo. " }),
            json!({ "prompt": "Why? ".repeat(40), "chosen": "So. ".repeat(40), "rejected": "No." }),
            json!({ "prompt": prompt, "chosen": [turn("assistant", "So.")], "rejected": [turn("assistant", "No.\n")] }),
            json!({ "system": "Be brief.", "prompt": "Why?", "chosen": "So.", "rejected": "No." }),
        ];
        for tokenizer in [AnyTokenizer::from(Bytes), begins()] {
            let folder = tempfile::tempdir().unwrap();
            let a = Architecture::gpt2(tokenizer.vocabulary(), 64, 8, 1, 1);
            let model = Model::random(&Device::default(), a, 1).unwrap().with_scalar_head(0.5, 1).unwrap();
            model.save(folder.path(), &tokenizer).unwrap();
            let mut trained = model.clone();
            let mut loaded = RewardModel::open(folder.path(), &Device::default()).unwrap();
            let mut transcripts = Transcripts::new(&tokenizer, 64);
            for (i, row) in rows.iter().enumerate() {
                let path = folder.path().join("rows.jsonl");
                std::fs::write(&path, format!("{row}\n\n")).unwrap();
                let all = rlhf_data::comparisons(&path, rlhf_data::Options::default()).unwrap();
                let comparison = all.map(Result::unwrap).next().unwrap();
                let texts = AnswerVotes::new(&comparison, &mut transcripts).texts;
                let ends = texts
                    .iter()
                    .scan(0, |end, text| {
                        *end += text.len();
                        Some(*end)
                    })
                    .collect::<Vec<_>>();
                let mut rewards = vec![0.0; texts.len()];
                let texts = texts.concat();
                let together = Ragged::new(&texts, &ends).unwrap();
                ready(trained.score(together, &mut rewards)).unwrap().unwrap();
                let answers: Vec<_> = comparison.answers.iter().map(String::as_str).collect();
                let scored = loaded.judge(&comparison.prompt, &answers).unwrap();
                let scored: Vec<_> = scored.iter().map(|worth| worth.reward.to_bits()).collect();
                assert_eq!(scored, rewards.iter().map(|r| r.to_bits()).collect::<Vec<_>>(), "row {i}");
                assert_ne!(scored[0], scored[1], "row {i}");
            }
            assert_eq!(transcripts.take_counts().cut_answers(), 1);
        }
    }

    fn ranks(answers: usize, votes: &[(usize, usize)]) -> Vec<u32> {
        let votes = votes.iter().map(|&(winner, loser)| Vote::Prefers { winner, loser }).collect();
        AnswerVotes { texts: vec![vec![0]; answers], prompt: 0, votes, margin: 0.0, degree: 1 }
            .ranking()
            .ranks
    }

    #[test]
    fn votes_become_an_order() {
        assert_eq!(ranks(3, &[(2, 0), (2, 1), (0, 1)]), [2, 4, 0]);
        assert_eq!(ranks(3, &[(0, 1), (1, 2), (2, 0)]), [0, 0, 0], "a circle says nothing");
        assert_eq!(ranks(2, &[(0, 1), (1, 0), (1, 0)]), [2, 0], "the majority of three people");
    }

    #[test]
    fn an_answer_is_worth_whom_it_beats() {
        let votes = [(2, 0), (2, 1)].map(|(winner, loser)| Vote::Prefers { winner, loser });
        let texts = vec![vec![9, 1, 3]; 3];
        let judged = AnswerVotes { texts, prompt: 1, votes: votes.to_vec(), margin: 0.0, degree: 1 };
        let mut want = Rewarded::default();
        for worth in [-0.5, -0.5, 1.0] {
            want.push(&[9], &[1, 3], &[0.0, worth], true).unwrap();
        }
        assert_eq!(rewarded([&judged]).unwrap(), want);
    }
}
