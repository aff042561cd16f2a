//! Transcripts as the model reads them.

use rlhf_core::Error;
use rlhf_core::model::tokenizer::{AnyTokenizer, Tokenizer};
use rlhf_data::Fit;
use rlhf_train::Solution;

/// Turns texts into `[begin] prompt response [end]`, cut to a greatest length as [`Fit`] does; the begin token,
/// without which the model is lost, stays.
pub(super) struct Transcripts<'a> {
    tokenizer: &'a AnyTokenizer,
    most: usize,
    fit: Fit,
}

impl<'a> Transcripts<'a> {
    /// Of at most `most` tokens.
    pub fn new(tokenizer: &'a AnyTokenizer, most: usize) -> Self {
        let room = most - usize::from(tokenizer.bos().is_some());
        Self { tokenizer, most: room, fit: Fit::new(room) }
    }

    /// A prompt alone.
    pub fn prompt(&mut self, text: &str) -> Vec<u32> {
        let mut tokens = self.tokenizer.encode(text);
        self.fit.one(&mut tokens);
        self.begun(tokens)
    }

    /// A prompt and its response.
    pub fn pair(&mut self, prompt: &str, response: &str) -> (Vec<u32>, Vec<u32>) {
        let mut prompt = self.tokenizer.encode(prompt);
        let mut response = self.ended(response);
        self.fit.pair(&mut prompt, &mut response);
        (self.begun(prompt), response)
    }

    /// A prompt and all its answers, each of which is read after the same prompt.
    pub fn answers(&mut self, prompt: &str, answers: &[String]) -> (Vec<u32>, Vec<Vec<u32>>) {
        let mut prompt = self.tokenizer.encode(prompt);
        let mut answers: Vec<_> = answers.iter().map(|answer| self.ended(answer)).collect();
        self.fit.answers(&mut prompt, &mut answers);
        (self.begun(prompt), answers)
    }

    fn ended(&self, answer: &str) -> Vec<u32> {
        let mut answer = self.tokenizer.encode_continuation(answer);
        answer.extend(self.tokenizer.eos());
        answer
    }

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
        self.fit.pair(&mut prompt, &mut answer);
        let (prompt, room) = (self.begun(prompt), answer.len());
        let begin = |i: usize| i.checked_sub(1).map_or(0, |before| ends[before]);
        let kept = (0..ends.len()).filter(|i| begin(*i) < room);
        let (kept, labels): (Vec<_>, Vec<_>) =
            kept.map(|i| (prompt.len() + ends[i].min(room) - 1, from.labels[i])).unzip();
        let text = [prompt, answer].concat();
        // What is cut does not make an answer right.
        let outcome = from.labels.iter().copied().fold(1.0, f32::min);
        if whole { Solution::whole(text, outcome) } else { Solution::new(text, kept, labels) }
    }

    fn begun(&self, tokens: Vec<u32>) -> Vec<u32> {
        self.tokenizer.bos().into_iter().chain(tokens).collect()
    }

    /// What was cut since the last call.
    pub fn fitted(&mut self) -> Fit {
        core::mem::replace(&mut self.fit, Fit::new(self.most))
    }
}

/// The token of a line's end, which ends a step, if it is one.
pub(super) fn line_end(tokenizer: &AnyTokenizer) -> Option<u32> {
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
            let said: Vec<_> = solution.steps().map(|(end, label)| (solution.text()[end], label)).collect();
            assert_eq!(said, want, "{text:?}");
        }
        let one = Transcripts::new(&tokenizer, 200).solution(&from, true).unwrap();
        assert_eq!((one.steps().len(), one.outcome()), (1, 0.25));
    }
}
