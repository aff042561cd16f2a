//! Sequences that are too long.

/// Cuts token sequences at their beginning, so that they keep their last tokens, and counts them.
///
/// ```
/// use rlhf_data::Fit;
/// let mut fit = Fit::new(4);
/// let (mut prompt, mut response) = (vec![1, 2, 3], vec![4, 5]);
/// fit.pair(&mut prompt, &mut response);
/// assert_eq!((prompt, response), (vec![2, 3], vec![4, 5]));
/// assert_eq!((fit.cut(), fit.seen()), (1, 1));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fit {
    most: usize,
    cut: usize,
    seen: usize,
}

impl Fit {
    /// For sequences of at most `most` tokens.
    pub fn new(most: usize) -> Self {
        Self { most, cut: 0, seen: 0 }
    }

    /// Fits one sequence.
    pub fn one(&mut self, tokens: &mut Vec<u32>) {
        self.seen += 1;
        self.cut += usize::from(tokens.len() > self.most);
        keep_last(tokens, self.most);
    }

    /// Fits a prompt and its response, which count together. The prompt gives way first, but for
    /// its last token, without which nothing would predict the response.
    pub fn pair(&mut self, prompt: &mut Vec<u32>, response: &mut Vec<u32>) {
        self.seen += 1;
        self.cut += usize::from(prompt.len() + response.len() > self.most);
        keep_last(response, self.most.saturating_sub(1));
        keep_last(prompt, self.most - response.len().min(self.most));
    }

    /// How many sequences were cut.
    pub fn cut(&self) -> usize {
        self.cut
    }

    /// How many sequences there were.
    pub fn seen(&self) -> usize {
        self.seen
    }
}

fn keep_last(tokens: &mut Vec<u32>, most: usize) {
    tokens.drain(..tokens.len().saturating_sub(most));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_stays() {
        for (most, want) in [
            (9, (vec![1, 2, 3], vec![4, 5])),
            (5, (vec![1, 2, 3], vec![4, 5])),
            (3, (vec![3], vec![4, 5])),
            (2, (vec![3], vec![5])),
            (1, (vec![3], vec![])),
            (0, (vec![], vec![])),
        ] {
            let mut fit = Fit::new(most);
            let (mut prompt, mut response) = (vec![1, 2, 3], vec![4, 5]);
            fit.pair(&mut prompt, &mut response);
            assert_eq!((prompt, response), want, "{most}");
            assert_eq!(fit.cut(), usize::from(most < 5));
            let mut tokens = vec![1, 2, 3];
            fit.one(&mut tokens);
            assert_eq!(tokens.len(), most.min(3));
        }
    }
}
