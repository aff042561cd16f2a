//! The training data of step 3's method, made of a run's data.

use super::RunError;
use super::rewards::{AnswerVotes, labeled, pairs, rewarded};
use crate::engine::Model;
use crate::record::Phase;
use crate::stage::TrainingData;
use crate::transcript::Transcripts;
use rlhf_core::loss::Normalizer;
use rlhf_data::Feedback;
use rlhf_train::profile::Method;
use rlhf_train::{Examples, Labeled, Logged, TrainError};

/// A logged response as token ids.
pub(super) struct LoggedResponse {
    prompt: Vec<u32>,
    response: Vec<u32>,
    pub reward: f32,
    log_prob: Option<f32>,
}

impl LoggedResponse {
    pub fn new(feedback: &Feedback, transcripts: &mut Transcripts<'_>) -> Self {
        let (prompt, response) = transcripts.pair(&feedback.prompt, &feedback.response);
        Self { prompt, response, reward: feedback.reward, log_prob: feedback.log_prob }
    }

    /// Its numbers and texts, to be known again.
    pub fn ids(&self) -> Vec<u32> {
        let numbers = [self.reward.to_bits(), self.log_prob.unwrap_or(1.0).to_bits()];
        [&numbers[..], &self.prompt, &self.response].concat()
    }
}

/// Makes the data that a method needs, and nothing else.
///
/// # Errors
/// [`RunError::Setting`] for a method that needs what the feedback does not have; the trainers' errors.
pub(super) fn material<'a>(
    method: &Method,
    judged: impl Iterator<Item = &'a AnswerVotes>,
    feedback: &[LoggedResponse],
    texts: &Examples,
    teacher: Option<&Model>,
) -> Result<TrainingData, RunError> {
    let failed = || RunError::at(Phase::Ppo, 0);
    let nothing = TrainingData::default();
    Ok(match method {
        Method::Preference(_) => TrainingData { pairs: pairs(judged).map_err(failed())?, ..nothing },
        Method::Kto(_) if feedback.is_empty() => {
            TrainingData { labeled: labeled(judged).map_err(failed())?, ..nothing }
        }
        Method::Kto(_) => TrainingData { labeled: of_feedback(feedback).map_err(failed())?, ..nothing },
        Method::Ilql(_) => TrainingData { rewarded: rewarded(judged).map_err(failed())?, ..nothing },
        Method::Bandit(settings) => {
            let unknown = feedback.iter().any(|row| row.log_prob.is_none());
            if unknown && settings.objective.normalizer == Normalizer::Count {
                let reason = "it needs the `log_prob` of every logged response: without, take \"bandit\", or \
                              normalize by the weights";
                return Err(RunError::setting("method", reason));
            }
            TrainingData { logged: logged(feedback).map_err(failed())?, ..nothing }
        }
        Method::Distillation(_) => {
            TrainingData { texts: texts.clone(), teacher: teacher.cloned(), ..nothing }
        }
        _ => nothing,
    })
}

/// Makes labels of feedback: a reward above 0 is desirable.
fn of_feedback(feedback: &[LoggedResponse]) -> Result<Labeled, TrainError> {
    let mut out = Labeled::default();
    for LoggedResponse { prompt, response, reward, .. } in feedback {
        out.push(prompt, response, *reward > 0.0)?;
    }
    Ok(out)
}

fn logged(feedback: &[LoggedResponse]) -> Result<Logged, TrainError> {
    let mut out = Logged::default();
    for LoggedResponse { prompt, response, reward, log_prob } in feedback {
        out.push(prompt, response, log_prob.unwrap_or(0.0), *reward)?;
    }
    Ok(out)
}
