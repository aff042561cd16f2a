//! Made-up text.

use rlhf_core::random::{Key, Stream};
use rlhf_core::{Batch, Error, Ragged};

/// Sequences of random ids, end to end.
pub(super) struct Text {
    pub tokens: Vec<u32>,
    ends: Vec<usize>,
    loss_mask: Vec<bool>,
}

impl Text {
    /// Sequences of these lengths; all tokens are in the loss mask that may be.
    pub fn new(vocabulary: usize, lengths: &[usize]) -> Self {
        let mut draws = Key::new(1, Stream::Data, 0).draws(0);
        let (mut tokens, mut ends, mut loss_mask) = (Vec::new(), Vec::new(), Vec::new());
        for &length in lengths {
            tokens.extend((0..length).map(|_| draws.below(vocabulary) as u32));
            loss_mask.extend((0..length).map(|t| t > 0));
            ends.push(tokens.len());
        }
        Self { tokens, ends, loss_mask }
    }

    pub fn sequences(&self) -> Result<Ragged<'_>, Error> {
        Ragged::new(&self.tokens, &self.ends)
    }

    pub fn batch(&self) -> Result<Batch<'_>, Error> {
        Batch::new(self.sequences()?, &self.loss_mask)
    }

    /// The number of tokens in the loss mask.
    pub fn loss_tokens(&self) -> f64 {
        self.loss_mask.iter().filter(|counts| **counts).count() as f64
    }
}

/// Lengths like those of HH-RLHF's harmless dialogues (Bai et al., arXiv:2204.05862), in tokens: log-normal
/// with a median of 109, as 1,448 of them have at 4.4 characters a token; half lie from 61 to 194.
pub(super) fn dialogues(count: usize, longest: usize) -> Vec<usize> {
    let key = Key::new(1, Stream::Data, 1);
    let one = |i| libm::exp(4.69 + 0.85 * key.normal(i as u32, 0)).round() as usize;
    (0..count).map(|i| one(i).clamp(8, longest)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_follow_the_data_they_stand_for() {
        let mut many = dialogues(4001, 1024);
        many.sort_unstable();
        let at = |part: f64| many[(part * 4000.0) as usize];
        assert!((100..120).contains(&at(0.5)), "{}", at(0.5));
        assert!((54..68).contains(&at(0.25)) && (175..215).contains(&at(0.75)));
        assert!(many.first() >= Some(&8) && many.last() <= Some(&1024));
        assert_eq!(dialogues(32, 1024), dialogues(64, 1024)[..32]);
    }

    #[test]
    fn a_text_owes_all_but_first_tokens() {
        let text = Text::new(9, &[3, 1, 2]);
        assert_eq!((text.loss_tokens(), text.sequences().unwrap().ends()), (3.0, &[3, 4, 6][..]));
        assert!(text.batch().is_ok() && text.tokens.iter().all(|&token| token < 9));
    }
}
