//! The data of reward models: rankings and labeled solutions.

use alloc::vec;
use alloc::vec::Vec;
use rlhf_core::Error;

/// A prompt's answers, ranked.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ranking {
    /// Each answer, with its prompt before it.
    pub texts: Vec<Vec<u32>>,
    /// Each answer's rank; smaller is better, equal ranks are ties.
    pub ranks: Vec<u32>,
    /// The margin by which better answers are to win, in units of score, where the loss has margins.
    pub margin: f32,
    /// The degree by which better answers are better, where the loss has degrees: 2 clearly, less just better.
    pub degree: u8,
}

impl Ranking {
    /// Pairs of answers, the better one first; ties are left out.
    pub fn pairs(&self) -> Vec<(usize, usize)> {
        self.ordered(|a, b| self.ranks[a] < self.ranks[b])
    }

    /// The pairs and the ties; of a tie the first answer comes first.
    pub(super) fn pairs_and_ties(&self) -> Vec<(usize, usize)> {
        self.ordered(|a, b| (self.ranks[a], a) < (self.ranks[b], b))
    }

    fn ordered(&self, before: impl Fn(usize, usize) -> bool) -> Vec<(usize, usize)> {
        let k = self.ranks.len();
        let all = (0..k).flat_map(|i| (0..k).map(move |j| (i, j)));
        all.filter(|&(i, j)| before(i, j)).collect()
    }
}

/// An answer that is right or wrong: each of its steps, or the whole as its one step.
#[derive(Clone, Debug, PartialEq)]
pub struct Solution {
    text: Vec<u32>,
    ends: Vec<usize>,
    labels: Vec<f32>,
}

impl Solution {
    /// A prompt and its answer; `ends`: the position in it of each step's last token; `labels`: of each
    /// step, 0 for wrong to 1 for right.
    ///
    /// # Errors
    /// [`Error::TooFew`] without a step; [`Error::Shape`] unless each has a label; [`Error::Ends`] with the
    /// first step that does not end after the one before and inside the text; [`Error::Range`] for a label
    /// outside 0 ..= 1.
    pub fn new(text: Vec<u32>, ends: Vec<usize>, labels: Vec<f32>) -> Result<Self, Error> {
        if ends.is_empty() {
            return Err(Error::TooFew { name: "steps", need: 1, got: 0 });
        }
        if labels.len() != ends.len() {
            return Err(Error::Shape { name: "labels", want: ends.len(), got: labels.len() });
        }
        let wrong = |&i: &usize| ends[i] >= text.len() || (i > 0 && ends[i] <= ends[i - 1]);
        if let Some(sequence) = (0..ends.len()).find(wrong) {
            return Err(Error::Ends { sequence });
        }
        match labels.iter().find(|label| !(0.0..=1.0).contains(*label)) {
            Some(&label) => Err(Error::Range { name: "label", value: label.into(), low: 0.0, high: 1.0 }),
            None => Ok(Self { text, ends, labels }),
        }
    }

    /// A prompt and its answer, which as a whole is wrong, 0, to right, 1.
    ///
    /// # Errors
    /// As [`Self::new`]: the text is empty, or the label outside 0 ..= 1.
    pub fn whole(text: Vec<u32>, label: f32) -> Result<Self, Error> {
        let last = text.len().saturating_sub(1);
        Self::new(text, vec![last], vec![label])
    }

    /// The prompt and its answer.
    pub fn text(&self) -> &[u32] {
        &self.text
    }

    /// The position of each step's last token, and the step's label.
    pub fn steps(&self) -> impl ExactSizeIterator<Item = (usize, f32)> {
        self.ends.iter().copied().zip(self.labels.iter().copied())
    }

    /// The label of the whole: it is as right as its worst step.
    pub fn outcome(&self) -> f32 {
        self.labels.iter().copied().fold(1.0, f32::min)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_come_where_they_are_asked_for() {
        let ranking = Ranking { texts: vec![vec![1]; 3], ranks: vec![2, 1, 2], ..Ranking::default() };
        assert_eq!(ranking.pairs(), [(1, 0), (1, 2)]);
        assert_eq!(ranking.pairs_and_ties(), [(0, 2), (1, 0), (1, 2)]);
    }

    #[test]
    fn a_solution_is_as_right_as_its_worst_step_and_what_is_none_is_refused() {
        let of = |ends: &[usize], labels: &[f32]| Solution::new(vec![5; 4], ends.to_vec(), labels.to_vec());
        assert_eq!(of(&[1, 3], &[1.0, 0.25]).unwrap().outcome(), 0.25);
        assert_eq!(Solution::whole(vec![5; 4], 1.0), of(&[3], &[1.0]));
        assert_eq!(of(&[], &[]), Err(Error::TooFew { name: "steps", need: 1, got: 0 }));
        assert_eq!(of(&[1, 3], &[1.0]), Err(Error::Shape { name: "labels", want: 2, got: 1 }));
        assert_eq!(of(&[1, 1], &[1.0, 1.0]), Err(Error::Ends { sequence: 1 }));
        assert_eq!(of(&[4], &[1.0]), Err(Error::Ends { sequence: 0 }));
        assert!(matches!(of(&[1], &[f32::NAN]), Err(Error::Range { name: "label", .. })));
        assert!(Solution::whole(vec![], 1.0).is_err());
    }
}
