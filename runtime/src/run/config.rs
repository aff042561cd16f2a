//! What a run is told.

use super::named;
use super::{Change, Override, RunError, overrides};
use crate::data::{Format, Kind};
use rlhf_core::profile::Profile;
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// A run, as its file tells it. Work is counted, never timed.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The recipe to start from; see [`Profile::by_name`].
    #[serde(default = "instructgpt")]
    pub profile: String,
    /// What every draw depends on.
    #[serde(default)]
    pub seed: u64,
    /// Where the data is; [`Self::with_data`] replaces it.
    pub data: Option<PathBuf>,
    /// The share of all prompts that nothing is trained on.
    pub held_out: f64,
    /// The longest transcript, in tokens; a longer one keeps its last.
    pub context: usize,
    /// The model to start from.
    pub base: BaseFiles,
    /// Step 1's data.
    pub supervised: Demonstrations,
    /// Step 2's data.
    pub reward: Comparisons,
    /// Step 3's data and length.
    pub ppo: Prompts,
    /// The corpus of the pretraining mix.
    pub pretraining: Pretraining,
    /// What is measured at the end.
    #[serde(default)]
    pub evaluation: Evaluation,
    /// Where the run leaves its profile, and why.
    #[serde(default, rename = "override")]
    pub overrides: Vec<Change>,
}

/// The model to start from, as paths from the data's folder.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BaseFiles {
    /// A Hugging Face folder or llama2.c's `.bin`.
    pub model: PathBuf,
    /// Its tokenizer.
    pub tokenizer: PathBuf,
}

/// Step 1's data.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Demonstrations {
    /// Which files serve.
    #[serde(deserialize_with = "named::list")]
    pub formats: Vec<Format>,
    /// At most so many of each data set, on either side of the split.
    pub rows: usize,
    /// Pretraining texts mixed in, as a share of the demonstrations. InstructGPT starts PPO from a
    /// model tuned with a tenth (appendix C.4): one that has forgotten its pretraining is pulled
    /// back to it by PPO's own mix, which costs KL.
    #[serde(default)]
    pub pretraining: f64,
}

/// Step 2's data.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Comparisons {
    /// Which files serve.
    #[serde(deserialize_with = "named::list")]
    pub formats: Vec<Format>,
    /// At most so many prompts of each data set, on either side of the split.
    pub rows: usize,
    /// Keep answers that a machine wrote.
    #[serde(default)]
    pub synthetic: bool,
    /// Put the passages that answers are about before questions. The split goes by the question alone.
    #[serde(default = "yes")]
    pub passages: bool,
}

/// Step 3's data and length.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prompts {
    /// Which files serve.
    #[serde(deserialize_with = "named::list")]
    pub formats: Vec<Format>,
    /// At most so many of each data set, on either side of the split.
    pub rows: usize,
    /// Rollouts.
    pub iterations: u32,
    /// The longest prompt, in tokens; a longer one keeps its last.
    pub prompt: usize,
    /// The longest response, in tokens.
    pub response: usize,
}

/// The corpus of the pretraining mix.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pretraining {
    /// Where it comes from.
    pub source: Source,
    /// How many texts.
    pub texts: usize,
    /// The length of each, in tokens.
    pub length: usize,
}

/// Where pretraining text comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// The base model writes it. Its samples are its pretraining distribution as far as it learnt
    /// it, and the mix then holds the policy to the base's knowledge where its corpus is not at hand.
    Base,
    /// The plain text files of the data.
    Text,
}

/// What is measured at the end.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evaluation {
    /// At most so many held-out prompts, and as many held-out demonstrations.
    pub prompts: usize,
    /// Of which so many are shown with their answers.
    pub samples: usize,
}

impl Default for Evaluation {
    fn default() -> Self {
        Self { prompts: 256, samples: 8 }
    }
}

fn instructgpt() -> String {
    "instructgpt".into()
}

fn yes() -> bool {
    true
}

/// Responses a rollout, where neither the profile nor the configuration says how many.
const BATCH: u32 = 64;

impl Config {
    /// Reads and checks a TOML file.
    ///
    /// # Errors
    /// [`RunError::Config`] names the line and the key, [`RunError::Setting`] the setting.
    pub fn read(path: &Path) -> Result<Self, RunError> {
        let fault = |reason: String| RunError::Config { path: path.into(), reason };
        let text = std::fs::read_to_string(path).map_err(|e| fault(e.to_string()))?;
        let config: Self = toml::from_str(&text).map_err(|e| fault(e.to_string()))?;
        config.check()?;
        Ok(config)
    }

    /// The same run on another folder of data.
    pub fn with_data(mut self, folder: &Path) -> Self {
        self.data = Some(folder.into());
        self
    }

    pub(super) fn folder(&self) -> Result<&Path, RunError> {
        self.data.as_deref().ok_or_else(|| {
            RunError::setting("data", "say where the data is: `--data FOLDER`, or `data` here")
        })
    }

    /// The recipe with the overrides applied, and the overrides.
    ///
    /// Profiles of papers that begin after step 1 take InstructGPT's.
    ///
    /// # Errors
    /// [`RunError::Setting`] names the setting.
    pub fn resolve(&self) -> Result<(Profile, Vec<Override>), RunError> {
        let mut profile = Profile::by_name(&self.profile)
            .map_err(|e| RunError::setting("profile", format!("{:?}: {e}", self.profile)))?;
        profile.supervised = profile.supervised.or(Profile::instructgpt().supervised);
        profile.ppo.batch = profile.ppo.batch.or(Some(BATCH));
        let (profile, overrides) = overrides::apply(profile, &self.overrides)?;
        if profile.ppo.batch < Some(profile.ppo.minibatches) {
            return Err(RunError::setting("ppo.batch", "want at least one response for each minibatch"));
        }
        Ok((profile, overrides))
    }

    /// Checks every range.
    ///
    /// # Errors
    /// [`RunError::Setting`] names the setting.
    pub fn check(&self) -> Result<(), RunError> {
        let fault = |setting: &str, reason: String| Err(RunError::setting(setting, reason));
        if !(self.held_out > 0.0 && self.held_out < 1.0) {
            return fault("held_out", format!("{} is not between 0 and 1", self.held_out));
        }
        if !(0.0..=1.0).contains(&self.supervised.pretraining) {
            return fault("supervised.pretraining", "want a share of 0 to 1".into());
        }
        for (setting, value, least) in [
            ("context", self.context, 16),
            ("supervised.rows", self.supervised.rows, 1),
            ("reward.rows", self.reward.rows, 1),
            ("ppo.rows", self.ppo.rows, 1),
            ("ppo.iterations", self.ppo.iterations as usize, 1),
            ("ppo.prompt", self.ppo.prompt, 2),
            ("ppo.response", self.ppo.response, 1),
            ("pretraining.length", self.pretraining.length, 2),
            ("evaluation.prompts", self.evaluation.prompts, 2),
        ] {
            if value < least {
                return fault(setting, format!("{value} is below {least}"));
            }
        }
        if self.ppo.prompt + self.ppo.response > self.context {
            return fault(
                "ppo.prompt",
                format!("prompt and response exceed the context of {}", self.context),
            );
        }
        if self.pretraining.length > self.context {
            return fault("pretraining.length", format!("it exceeds the context of {}", self.context));
        }
        let fits = |format: &Format, kinds: &[Kind]| kinds.contains(&format.kind());
        let any = [Kind::Prompts, Kind::Demonstrations, Kind::Comparisons];
        for (setting, formats, kinds) in [
            ("supervised.formats", &self.supervised.formats, &any[1..2]),
            ("reward.formats", &self.reward.formats, &any[2..]),
            ("ppo.formats", &self.ppo.formats, &any[..]),
        ] {
            if formats.is_empty() {
                return fault(setting, "want at least one format".into());
            }
            if let Some(wrong) = formats.iter().find(|format| !fits(format, kinds)) {
                return fault(setting, format!("{:?} holds no {kinds:?}", named::name(*wrong)));
            }
        }
        self.resolve().map(|_| ())
    }
}
