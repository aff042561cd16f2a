//! Judgments on pairs of answers.

/// A judgment of two answers, given by index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Vote {
    /// One answer is better.
    Prefers {
        /// The better answer.
        winner: usize,
        /// The worse answer.
        loser: usize,
    },
    /// Neither answer is better.
    Tie(usize, usize),
}

/// The most answers to one prompt: their pairs grow with the square.
pub(super) const MOST_ANSWERS: usize = 64;

/// `(0, 1), (0, 2), …, (1, 2), …`
pub(super) fn pairs(k: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..k).flat_map(move |a| (a + 1..k).map(move |b| (a, b)))
}
