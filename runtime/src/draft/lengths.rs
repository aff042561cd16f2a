//! The lengths of prompts and answers.

use crate::run::RunError;
use crate::transcript::Transcripts;
use rlhf_core::model::tokenizer::AnyTokenizer;
use rlhf_data::{Found, Kind, Options, comparisons_of, demonstrations_of};

/// Room for prompts and answers, in tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lengths {
    pub prompt: usize,
    pub response: usize,
}

/// Rows of a file that are looked at.
const MOST_ROWS: usize = 5000;
/// The share of texts that fit.
const SHARE: f64 = 0.99;
/// Lengths are multiples of this.
const STEP: usize = 8;

impl Lengths {
    /// Room for nearly all demonstrations and comparisons, within `longest` tokens for both.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn of(found: &Found, tokenizer: &AnyTokenizer, longest: usize) -> Result<Self, RunError> {
        let mut transcripts = Transcripts::new(tokenizer, usize::MAX);
        let (mut prompts, mut responses) = (Vec::new(), Vec::new());
        for (path, format) in &found.files {
            match format.kind() {
                Kind::Demonstrations => {
                    for row in demonstrations_of(path, Some(*format))?.flatten().take(MOST_ROWS) {
                        let (prompt, response) = transcripts.pair(&row.prompt, &row.response);
                        prompts.push(prompt.len());
                        responses.push(response.len());
                    }
                }
                Kind::Comparisons => {
                    let rows = comparisons_of(path, Some(*format), Options::default())?;
                    for row in rows.flatten().take(MOST_ROWS) {
                        let (prompt, answers) = transcripts.answers(&row.prompt, &row.answers);
                        prompts.push(prompt.len());
                        responses.extend(answers.iter().map(Vec::len));
                    }
                }
                _ => {}
            }
        }
        // An answer may be a quarter longer than those there are.
        let response = room(responses, 1.25).min(longest / 2 / STEP * STEP).max(STEP);
        let prompt = room(prompts, 1.0).min((longest - response) / STEP * STEP).max(STEP);
        Ok(Self { prompt, response })
    }
}

/// Tokens that nearly all of these lengths have at most, times `factor`.
fn room(mut lengths: Vec<usize>, factor: f64) -> usize {
    lengths.sort_unstable();
    let at = ((lengths.len() as f64 * SHARE).ceil() as usize).saturating_sub(1);
    let most = lengths.get(at).copied().unwrap_or(STEP);
    ((most as f64 * factor).ceil() as usize).next_multiple_of(STEP)
}

#[cfg(test)]
mod tests {
    use super::room;

    #[test]
    fn one_long_text_of_many_takes_no_room() {
        let mut lengths = vec![20; 500];
        lengths.push(4000);
        assert_eq!((room(lengths.clone(), 1.0), room(lengths, 1.25)), (24, 32));
        assert_eq!((room(vec![7, 9], 1.0), room(Vec::new(), 1.0)), (16, 8));
    }
}
