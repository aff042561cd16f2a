//! The gold score of a story. No model ever sees it; labelers see it through noise.

use super::Prompt;
use super::grammar::{Reading, read};
use super::words::END;
use rlhf_core::sampling::FinishReason;

/// Weights of the parts; they add up to 1.
const GRAMMAR: f64 = 0.2;
const SLOTS: f64 = 0.36;
const TONE: f64 = 0.3;
const BREVITY: f64 = 0.14;
/// The best length, in tokens without the end token.
const SHORT: f64 = 10.0;
/// The longest story that can be a success, in tokens without the end token.
pub const BRIEF: usize = 20;

/// Returns the worth of `answer` as an answer to `prompt`, in `[0, 1)`.
///
/// `g · (0.20 + 0.36 · slots + 0.30 · tone + 0.14 · brevity)`, where
///
/// * `g`, grammar, is the share of sentences that are sentences, half of it when the answer did not
///   end with `<end>`; a factor, because what is no sentence tells nothing;
/// * `slots` is the mean over animal, place and mood of 1/(how many of the kind are named) where the
///   asked one is named, else 0;
/// * `tone` is own/(all + 1) over tone-bearing words, so that more of the asked tone is better;
/// * `brevity` is `exp(−2 ln²(length/10))`, smooth and 1 at ten tokens.
///
/// `answer` may hold its end token.
pub fn gold(prompt: &Prompt, answer: &[u32], finish: FinishReason) -> f64 {
    let story = without_end(answer);
    let reading = read(story);
    let ended = if finish == FinishReason::Eos { 1.0 } else { 0.5 };
    ended
        * reading.grammatical
        * (GRAMMAR
            + SLOTS * slots(prompt, &reading)
            + TONE * tone(prompt, &reading)
            + BREVITY * brevity(story.len()))
}

/// Returns whether `answer` does everything that was asked: the slots and no others, whole sentences, at least one word
/// of the wanted tone and none of another, at most [`BRIEF`] tokens.
pub fn success(prompt: &Prompt, answer: &[u32], finish: FinishReason) -> bool {
    let story = without_end(answer);
    let reading = read(story);
    let own = reading.content.tones[prompt.tone];
    finish == FinishReason::Eos
        && reading.grammatical == 1.0
        && slots(prompt, &reading) == 1.0
        && own > 0
        && own == reading.content.tones.iter().sum::<usize>()
        && story.len() <= BRIEF
}

fn without_end(answer: &[u32]) -> &[u32] {
    answer.strip_suffix(&[END]).unwrap_or(answer)
}

fn slots(prompt: &Prompt, Reading { content, .. }: &Reading) -> f64 {
    (share(&content.animals, prompt.animal)
        + share(&content.places, prompt.place)
        + share(&content.moods, prompt.mood))
        / 3.0
}

/// Returns 1/(number named) if `wanted` is among them, else 0: naming everything is no answer.
fn share(named: &[bool], wanted: usize) -> f64 {
    if named[wanted] { 1.0 / named.iter().filter(|&&n| n).count() as f64 } else { 0.0 }
}

fn tone(prompt: &Prompt, Reading { content, .. }: &Reading) -> f64 {
    content.tones[prompt.tone] as f64 / (content.tones.iter().sum::<usize>() as f64 + 1.0)
}

fn brevity(length: usize) -> f64 {
    // An empty story is at ln 0 = −∞: infinitely too short, and exp(−∞) is 0.
    (-2.0 * (length as f64 / SHORT).ln().powi(2)).exp()
}
