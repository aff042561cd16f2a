//! Identity of a run.

use super::base::Base;
use super::datasets::Set;
use super::material::LoggedResponse;
use super::rewards::AnswerVotes;
use super::sources::Sources;
use super::starting_models::StartingModels;
use crate::config::Config;
use crate::engine::{EngineError, Model};
use crate::stage;
use rlhf_models::weights_sha256;
use rlhf_train::Solution;
use rlhf_train::profile::Profile;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// Describes everything that has to be the same for a run to be gone on with. `made`: the command whose program makes
/// the data, and its description of the data.
pub(super) fn about(
    config: &Config,
    profile: &Profile,
    base: &Base,
    sources: &Sources,
    given: &StartingModels,
    teacher: Option<&Model>,
    made: Option<(&str, Value)>,
) -> Result<Value, EngineError> {
    let (demonstrations, comparisons) = (&sources.demonstrations.0, &sources.comparisons);
    let ranked = |sets: &[Set<AnswerVotes>]| {
        let rankings = sets.iter().flat_map(|set| &set.train).map(AnswerVotes::ranking);
        sum(rankings.flat_map(|r| r.texts.into_iter().chain([r.ranks])))
    };
    let mut about = json!({
        "command": "run",
        stage::READING: 2,
        "seed": config.seed,
        "device": base.model.device().to_string(),
        "profile": profile,
        "base": weights_sha256(&base.model.weights()?),
        "demonstrations": sum((0..demonstrations.len()).map(|i| demonstrations.text(i))),
        "comparisons": ranked(comparisons),
        "prompts": sum(&sources.prompts),
        "pretraining": {
            "texts": config.pretraining.texts,
            "length": config.pretraining.length,
            "of_demonstrations": config.supervised.pretraining,
        },
        "from": given.sum()?,
        "iterations": config.ppo.iterations,
        "response": config.ppo.response,
    });
    // Runs that do not have these, those of earlier versions among them, do not speak of them.
    if !sources.before.is_empty() {
        about["before"] = ranked(&sources.before).into();
    }
    if !sources.solutions.is_empty() {
        let all = || sources.solutions.iter().flat_map(|set| &set.train);
        let steps =
            |s: &Solution| s.steps().flat_map(|(end, l)| [end as u32, l.to_bits()]).collect::<Vec<_>>();
        about["solutions"] = sum(all().flat_map(|s| [s.text().to_vec(), steps(s)])).into();
    }
    let strengths = || comparisons.iter().flat_map(|set| &set.train).map(AnswerVotes::strength);
    if strengths().any(|strength| strength != [0, 1]) {
        about["margins"] = sum(strengths()).into();
    }
    if !sources.feedback.is_empty() {
        about["feedback"] = sum(sources.feedback.iter().map(LoggedResponse::ids)).into();
    }
    if let Some((command, comparisons)) = made {
        about["command"] = command.into();
        about["comparisons"] = comparisons;
    }
    if let Some(teacher) = teacher {
        about["teacher"] = weights_sha256(&teacher.weights()?).into();
    }
    Ok(about)
}

/// Returns the SHA-256 of lists of ids.
fn sum(lists: impl IntoIterator<Item = impl AsRef<[u32]>>) -> String {
    let mut hash = Sha256::new();
    for list in lists {
        hash.update((list.as_ref().len() as u64).to_le_bytes());
        list.as_ref().iter().for_each(|id| hash.update(id.to_le_bytes()));
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
