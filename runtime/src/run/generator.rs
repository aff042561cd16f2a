//! Data and measurements that a program adds to a run.

use super::answers::{Answers, Evaluator};
use crate::engine::Model;
use rlhf_core::model::tokenizer::AnyTokenizer;
use rlhf_core::sampling::Responses;
use rlhf_train::{Examples, TrainError};
use serde_json::Value;

/// Makes what a run learns from, in the place of files.
pub trait Generator {
    /// The command whose runs these are: the folder of another command's is left alone.
    fn command(&self) -> &'static str;

    /// Describes the comparisons that it will make: a run that goes on has to make the same.
    fn about(&self) -> Value;

    /// The tokenizer of a new base.
    fn tokenizer(&self) -> AnyTokenizer;

    /// Returns all data that is known before the first step.
    ///
    /// # Errors
    /// [`TrainError`]: a text that cannot be learned from.
    fn data(&self) -> Result<GeneratedData, TrainError>;

    /// Comparisons of answers that the supervised model writes: those to train on, and those held out.
    ///
    /// # Errors
    /// The model's, or that its answers cannot be compared.
    fn compare(&mut self, supervised: &mut AnswerPrompts<'_>) -> Result<[Vec<RankedAnswers>; 2], TrainError>;
}

/// Has a model answer prompts, of which there may be several that are alike.
pub type AnswerPrompts<'a> = dyn FnMut(&[Vec<u32>]) -> Result<Responses, TrainError> + 'a;

/// The data that a [`Generator`] makes before the first step.
#[derive(Clone, Debug, Default)]
pub struct GeneratedData {
    /// The texts that a new base is pretrained on.
    pub texts: Examples,
    /// The texts that the pretraining mix is drawn from.
    pub mix: Examples,
    /// The demonstrations of step 1.
    pub demonstrations: Examples,
    /// The prompts of step 3.
    pub prompts: Vec<Vec<u32>>,
    /// Prompts that nothing is trained on.
    pub held_out: Vec<Vec<u32>>,
}

/// A prompt with answers, and the rank of each: 0 for the best, equal ones tie.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RankedAnswers {
    /// The prompt.
    pub prompt: Vec<u32>,
    /// The answers.
    pub answers: Vec<Vec<u32>>,
    /// The rank of each answer.
    pub ranks: Vec<u32>,
}

/// Measures a run beside what it measures itself.
pub trait Hook {
    /// Figures after an iteration of step 3, for its line: of the policy as it would be kept.
    ///
    /// # Errors
    /// The networks' own.
    fn after_iteration(
        &mut self,
        iteration: u64,
        policy: &mut Model,
        evaluator: &mut Evaluator<'_>,
    ) -> Result<Vec<(&'static str, f64)>, TrainError>;

    /// Measures at the end. `answers`: of the supervised model and of the policy to the held-out prompts.
    ///
    /// # Errors
    /// The networks' own.
    fn at_end(
        &mut self,
        answers: (&Answers, &Answers),
        evaluator: &mut Evaluator<'_>,
    ) -> Result<(), TrainError>;
}
