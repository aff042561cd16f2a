//! Sequences that are too long.

/// The share of the room that a prompt keeps beside an answer that would take all of it: a quarter.
const PROMPT: usize = 4;

/// Cuts token sequences to a greatest length and counts them. A prompt loses its beginning, so that it still
/// ends where an answer begins; an answer loses its end, for it is learnt from its beginning on.
///
/// ```
/// use rlhf_data::Truncation;
/// let mut truncation = Truncation::new(4);
/// let (mut prompt, mut response) = (vec![1, 2, 3], vec![4, 5]);
/// truncation.pair(&mut prompt, &mut response);
/// assert_eq!((prompt, response), (vec![2, 3], vec![4, 5]));
/// let (mut prompt, mut response) = (vec![1, 2, 3], vec![4, 5, 6, 7, 8]);
/// truncation.pair(&mut prompt, &mut response);
/// assert_eq!((prompt, response), (vec![3], vec![4, 5, 6]));
/// assert_eq!((truncation.cut(), truncation.cut_answers(), truncation.rows()), (2, 1, 2));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Truncation {
    most: usize,
    cut: usize,
    cut_answers: usize,
    rows: usize,
}

impl Truncation {
    /// Truncates to sequences of at most `most` tokens.
    pub fn new(most: usize) -> Self {
        Self { most, cut: 0, cut_answers: 0, rows: 0 }
    }

    /// Fits one sequence, which keeps its last tokens.
    pub fn one(&mut self, tokens: &mut Vec<u32>) {
        self.rows += 1;
        self.cut += usize::from(tokens.len() > self.most);
        keep_last(tokens, self.most);
    }

    /// Fits a prompt and its response, which count together.
    pub fn pair(&mut self, prompt: &mut Vec<u32>, response: &mut Vec<u32>) {
        self.answers(prompt, core::slice::from_mut(response));
    }

    /// Fits a prompt and its answers, each of which counts with the prompt: all of them are to the same
    /// prompt, which makes room for the longest. It keeps a quarter of the room, and one token, if it has as
    /// many; an answer that is still too long loses its end.
    pub fn answers(&mut self, prompt: &mut Vec<u32>, answers: &mut [Vec<u32>]) {
        self.rows += 1;
        let longest = answers.iter().map(Vec::len).max().unwrap_or(0);
        if prompt.len() + longest <= self.most {
            return;
        }
        self.cut += 1;
        let kept = prompt.len().min((self.most / PROMPT).max(1)).min(self.most);
        let room = self.most - kept;
        self.cut_answers += usize::from(longest > room);
        answers.iter_mut().for_each(|answer| answer.truncate(room));
        keep_last(prompt, self.most - longest.min(room));
    }

    /// The number of rows that were cut.
    pub fn cut(&self) -> usize {
        self.cut
    }

    /// The number of rows in which an answer was cut.
    pub fn cut_answers(&self) -> usize {
        self.cut_answers
    }

    /// The number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }
}

fn keep_last(tokens: &mut Vec<u32>, most: usize) {
    tokens.drain(..tokens.len().saturating_sub(most));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prompts_keep_their_end_and_answers_their_beginning() {
        for (most, want) in [
            (9, (vec![1, 2, 3], vec![4, 5])),
            (5, (vec![1, 2, 3], vec![4, 5])),
            (3, (vec![3], vec![4, 5])),
            (2, (vec![3], vec![4])),
            (1, (vec![3], vec![])),
            (0, (vec![], vec![])),
        ] {
            let mut truncation = Truncation::new(most);
            let (mut prompt, mut response) = (vec![1, 2, 3], vec![4, 5]);
            truncation.pair(&mut prompt, &mut response);
            assert_eq!((prompt, response), want, "{most}");
            assert_eq!(truncation.cut(), usize::from(most < 5));
            assert_eq!(truncation.cut_answers(), usize::from(most < 3));
            let mut tokens = vec![1, 2, 3];
            truncation.one(&mut tokens);
            assert_eq!(tokens.len(), most.min(3));
        }
    }

    #[test]
    fn all_answers_are_to_the_same_prompt() {
        let mut truncation = Truncation::new(8);
        let (mut prompt, mut answers) = (vec![1, 2, 3, 4, 5], [vec![6], vec![7; 20]]);
        truncation.answers(&mut prompt, &mut answers);
        assert_eq!((prompt, answers), (vec![4, 5], [vec![6], vec![7; 6]]));
        let (mut prompt, mut answers) = (vec![], [vec![6; 9]]);
        truncation.answers(&mut prompt, &mut answers);
        assert_eq!(answers, [vec![6; 8]], "where there is no prompt, none is kept");
        assert_eq!((truncation.rows(), truncation.cut(), truncation.cut_answers()), (2, 2, 2));
    }
}
