//! An answer in steps.

use super::{Transcripts, begun};
use rlhf_core::Error;
use rlhf_core::model::tokenizer::{AnyTokenizer, Tokenizer};
use rlhf_train::Solution;

impl Transcripts<'_> {
    /// A prompt and the steps of its answer, a line each; of one that is too long, the first steps, of which
    /// the one that is cut ends where the text does. `whole`: the answer is one step.
    pub fn solution(&mut self, from: &rlhf_data::Solution, whole: bool) -> Result<Solution, Error> {
        let line_end = line_end(self.tokenizer).into_iter();
        let (mut prompt, mut answer) = (self.tokenizer.encode(&from.prompt), Vec::new());
        let (mut ends, last) = (Vec::new(), from.steps.len().saturating_sub(1));
        for (i, step) in from.steps.iter().enumerate() {
            answer.extend(self.tokenizer.encode_continuation(step));
            if i == last {
                answer.extend(self.tokenizer.eos())
            } else {
                answer.extend(line_end.clone())
            }
            ends.push(answer.len());
        }
        self.truncation.pair(&mut prompt, &mut answer);
        let (prompt, room) = (begun(self.tokenizer, prompt), answer.len());
        let begin = |i: usize| i.checked_sub(1).map_or(0, |before| ends[before]);
        let kept = (0..ends.len()).filter(|i| begin(*i) < room);
        let (kept, labels): (Vec<_>, Vec<_>) =
            kept.map(|i| (prompt.len() + ends[i].min(room) - 1, from.labels[i])).unzip();
        let text = [prompt, answer].concat();
        // What is cut does not make an answer right.
        let outcome = from.labels.iter().copied().fold(1.0, f32::min);
        if whole { Solution::whole(text, outcome) } else { Solution::new(text, kept, labels) }
    }
}

/// The token of a line's end, which ends a step, if it is one.
pub(crate) fn line_end(tokenizer: &AnyTokenizer) -> Option<u32> {
    match tokenizer.encode_continuation("\n")[..] {
        [token] => Some(token),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rlhf_core::model::tokenizer::Bytes;
    use rlhf_data::solutions;

    fn read(row: &str) -> rlhf_data::Solution {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rows");
        std::fs::write(&path, row).unwrap();
        solutions(&path).unwrap().next().unwrap().unwrap()
    }

    #[test]
    fn steps_end_at_their_last_tokens_however_much_is_cut() {
        let from = read(r#"{"prompt": "Q", "steps": ["One two.", "Two\nmore."], "labels": [true, 0.25]}"#);
        let tokenizer = AnyTokenizer::from(Bytes);
        let whole = " One two.\nTwo more.";
        let (newline, end) = ((u32::from(b'\n'), 1.0), (Bytes::EOS, 0.25));
        for (most, kept, want) in [
            (200, 19, vec![newline, end]),
            (21, 16, vec![newline, (u32::from(b'o'), 0.25)]),
            (11, 9, vec![(u32::from(b'.'), 1.0)]),
        ] {
            let solution = Transcripts::new(&tokenizer, most).solution(&from, false).unwrap();
            let text = Bytes.decode(solution.text());
            assert!(text.ends_with(&whole[..kept]), "{text:?}");
            let steps: Vec<_> = solution.steps().map(|(end, label)| (solution.text()[end], label)).collect();
            assert_eq!(steps, want, "{text:?}");
        }
        let one = Transcripts::new(&tokenizer, 200).solution(&from, true).unwrap();
        assert_eq!((one.steps().len(), one.outcome()), (1, 0.25));
    }
}
