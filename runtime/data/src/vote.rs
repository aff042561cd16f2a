//! Judgments on pairs of answers.

/// One judgment on two answers, by index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Vote {
    /// One is better.
    Prefers {
        /// The better answer.
        winner: usize,
        /// The worse answer.
        loser: usize,
    },
    /// Neither is better.
    Tie(usize, usize),
}

/// More answers to one prompt are refused: their pairs grow with the square.
pub(super) const MOST_ANSWERS: usize = 64;

/// `(0, 1), (0, 2), …, (1, 2), …`
pub(super) fn pairs(k: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..k).flat_map(move |a| (a + 1..k).map(move |b| (a, b)))
}
