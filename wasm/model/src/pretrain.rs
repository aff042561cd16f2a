//! Training of the model on stories.

use crate::Error;
use crate::grammar::{Story, story};
use rlhf::prelude::*;
use rlhf_core::model::tokenizer::Words;
use std::collections::BTreeSet;

/// Stories that are trained on.
const STORIES: u32 = 40_000;

/// The seed of the stories and of the training.
const SEED: u64 = 1;

/// Openings to vote on.
const VOTE: usize = 24;

/// Openings that only measurements see.
const HELD_OUT: usize = 12;

/// Openings for the page.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Prompts {
    /// Those to vote on and to train with.
    pub vote: Vec<String>,
    /// Those that nothing is trained on.
    pub held_out: Vec<String>,
}

/// Returns the openings for the page, all different.
pub fn prompts() -> Prompts {
    let mut all: Vec<String> = Vec::new();
    for number in 0.. {
        let prompt = story(SEED + 1, number).prompt;
        if !all.contains(&prompt) {
            all.push(prompt);
        }
        if all.len() == VOTE + HELD_OUT {
            break;
        }
    }
    let held_out = all.split_off(VOTE);
    Prompts { vote: all, held_out }
}

/// Returns the stories to train on, none of them with an opening that is held out.
pub fn corpus() -> Vec<Story> {
    let held_out = prompts().held_out;
    (0..STORIES).map(|number| story(SEED, number)).filter(|story| !held_out.contains(&story.prompt)).collect()
}

/// Trains the model, and calls `report` with the step and the loss.
///
/// # Errors
/// [`Error`] of the training.
pub fn pretrain(mut report: impl FnMut(u64, f64)) -> Result<LanguageModel, Error> {
    let corpus = corpus();
    let text = corpus.iter().flat_map(|story| [&story.prompt, &story.reply]);
    let words: BTreeSet<&str> = text.flat_map(|text| text.split(' ')).collect();
    let words = Words::new(words)?;
    let network = Architecture::gpt2(words.vocabulary(), 64, 64, 4, 4);
    let mut model = LanguageModel::random(&Device::default(), network, words, SEED)?;
    let stories: Vec<(&str, &str)> = corpus.iter().map(|s| (s.prompt.as_str(), s.reply.as_str())).collect();
    let training = model.fine_tune(&stories).set(|s| {
        (s.epochs, s.batch, s.dropout) = (3, 64, 0.0);
        (s.optimizer.learning_rate, s.optimizer.max_grad_norm) = (3e-3, Some(1.0));
    });
    training.seed(SEED).each(|step| report(step.step, step.loss)).run()?;
    Ok(model)
}
