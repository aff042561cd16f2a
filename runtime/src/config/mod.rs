//! A run's configuration: which base, which data and how much of it, and where the recipe leaves its
//! profile, with a reason for each.

mod base;
mod error;
mod given;
mod keys;
mod kind;
mod named;
mod nearest;
mod overrides;
mod print;
mod reader;
mod recipe;
mod schema;
mod sections;
mod settings;
mod source;
mod tree;
mod value;
mod version;
mod wanted;

pub use base::{BaseFiles, BaseModel, NewBase};
pub use error::ConfigError;
pub use given::Given;
#[cfg(feature = "run")]
pub(crate) use named::name;
pub use overrides::{Change, Override};
pub use print::complete;
pub use schema::schema;
pub use sections::{
    Comparisons, Demonstrations, Distillation, Evaluation, Feedback, Pretraining, Prompts, Source,
};
pub use version::VERSION;
#[cfg(feature = "run")]
pub(crate) use wanted::Wanted;

use rlhf_models::read_at_most;
use rlhf_train::Guards;
use rlhf_train::profile::{Method, Profile};
use serde::Deserialize;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// A run, as its file tells it. Work is counted, never timed.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The form of the file: [`VERSION`], or an earlier one.
    pub version: u64,
    /// The recipe to start from; see [`Profile::by_name`].
    pub profile: String,
    /// What step 3 does; see [`Method`].
    pub method: String,
    /// What every draw depends on.
    pub seed: u64,
    /// Where the data is; [`Self::with_data`] replaces it.
    pub data: Option<PathBuf>,
    /// The share of all prompts that nothing is trained on.
    pub held_out: f64,
    /// The longest transcript, in tokens; of a longer one the prompt keeps its last, and an answer its first.
    pub context: usize,
    /// The model to start from.
    pub base: BaseModel,
    /// Step 1's data.
    pub supervised: Demonstrations,
    /// Step 2's data.
    pub reward: Comparisons,
    /// Step 3's data and length.
    pub ppo: Prompts,
    /// Step 3's data, where it learns from users' feedback.
    pub feedback: Feedback,
    /// Step 3's teacher, where it has one.
    pub distillation: Distillation,
    /// The corpus of the pretraining mix.
    pub pretraining: Pretraining,
    /// What stops step 3, and what it warns of.
    pub guards: Guards,
    /// What is measured at the end.
    pub evaluation: Evaluation,
    /// Where the run leaves its profile, and why.
    #[serde(rename = "override")]
    pub overrides: Vec<Change>,
    /// The keys that the command line changed.
    #[serde(skip)]
    pub given: Vec<Override>,
    /// What has changed since the file's version, to tell its writer.
    #[serde(skip)]
    pub notes: Vec<String>,
    /// All keys with their values.
    #[serde(skip)]
    whole: Value,
}

/// Responses an iteration, at most.
const MOST_RESPONSES: u64 = 1 << 20;

/// The longest file, in bytes.
const LONGEST: u64 = 1 << 20;

impl Config {
    /// Reads and checks a TOML file.
    ///
    /// # Errors
    /// [`ConfigError::Unknown`] and [`ConfigError::Key`] name the line and the key, [`ConfigError::Setting`]
    /// what the file leaves out.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        Self::read_with(path, &[])
    }

    /// Reads and checks a TOML file, some of whose keys the command line changes.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn read_with(path: &Path, given: &[Given]) -> Result<Self, ConfigError> {
        let fault = |reason: String| ConfigError::File { path: path.into(), reason };
        let text = String::from_utf8(read_at_most(path, LONGEST).map_err(|e| fault(e.reason()))?)
            .map_err(|e| fault(e.to_string()))?;
        Self::parse(&text, path, given)
    }

    /// The same of a text; `path` is for messages.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn parse(text: &str, path: &Path, given: &[Given]) -> Result<Self, ConfigError> {
        let mut tree = reader::parse(text, path)?;
        let changed = given::apply(&mut tree, given)?;
        let whole = tree.complete();
        let mut config: Self = serde_json::from_value(whole.clone())
            .map_err(|e| ConfigError::File { path: path.into(), reason: e.to_string() })?;
        config.whole = whole;
        (config.given, config.notes) = (changed, core::mem::take(&mut tree.notes));
        config.check().map_err(|error| tree.placed(error))?;
        Ok(config)
    }

    /// The same run on another folder of data.
    pub fn with_data(mut self, folder: &Path) -> Self {
        self.data = Some(folder.into());
        self.whole["data"] = Value::String(folder.to_string_lossy().into());
        self
    }

    /// The same run under another seed.
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self.whole["seed"] = seed.into();
        self
    }

    /// The configuration as TOML: every key, and every override, those of the command line included.
    ///
    /// # Errors
    /// [`ConfigError::Setting`]: a value that TOML has no form for.
    pub fn to_toml(&self) -> Result<String, ConfigError> {
        let mut whole = self.whole.clone();
        without_empty(&mut whole);
        toml::to_string(&whole).map_err(|e| ConfigError::setting("config.toml", e.to_string()))
    }

    /// The folder of the data.
    ///
    /// # Errors
    /// [`ConfigError::Setting`] where neither the file nor the command line says.
    pub fn folder(&self) -> Result<&Path, ConfigError> {
        self.data.as_deref().ok_or_else(|| {
            ConfigError::setting("data", "say where the data is: `--data FOLDER`, or `data` here")
        })
    }

    /// A profile as a run takes it.
    ///
    /// Profiles of papers that begin after step 1 take InstructGPT's. `method`: what step 3 does, for
    /// responses of at most `response` tokens.
    ///
    /// # Errors
    /// [`ConfigError::Setting`] lists the profiles, or the methods.
    pub fn recipe(profile: &str, method: &str, response: usize) -> Result<Profile, ConfigError> {
        recipe::recipe(profile, method, response)
    }

    /// Whether plain text is learned from.
    #[cfg_attr(not(feature = "run"), expect(dead_code))]
    pub(crate) fn reads_text(&self) -> bool {
        self.base.fresh().is_some() || self.pretraining.source == Source::Text
    }

    /// The files and folders that models and tokenizers are read from, from the data's folder.
    #[cfg_attr(not(feature = "run"), expect(dead_code))]
    pub(crate) fn models(&self) -> impl Iterator<Item = &Path> {
        self.base.paths().into_iter().chain(self.distillation.teacher.as_deref())
    }

    fn unchanged(&self) -> Result<Profile, ConfigError> {
        Self::recipe(&self.profile, &self.method, self.ppo.response)
    }

    /// The recipe with the overrides applied, and the overrides, the command line's keys last.
    ///
    /// # Errors
    /// [`ConfigError::Setting`] names the setting.
    pub fn resolve(&self) -> Result<(Profile, Vec<Override>), ConfigError> {
        let (profile, mut overrides) = overrides::apply(self.unchanged()?, &self.overrides)?;
        let setting = match profile.method {
            Method::OnPolicy(_) => "method.on_policy.prompts",
            Method::Online(_) => "method.online.prompts",
            Method::ExpertIteration(_) => "method.expert_iteration.prompts",
            Method::Trpo(_) => "method.trpo.prompts",
            Method::Distillation(_) => "method.distillation.batch",
            _ => "ppo.batch",
        };
        if profile.responses_per_iteration().is_some_and(|responses| responses > MOST_RESPONSES) {
            let reason = format!("want {MOST_RESPONSES} responses an iteration at most");
            return Err(ConfigError::setting(setting, reason));
        }
        if let (Some(responses), Some(minibatches)) =
            (profile.responses_per_iteration(), profile.minibatches())
            && responses < u64::from(minibatches)
        {
            let setting = match profile.method {
                Method::OnPolicy(_) => "method.on_policy.minibatches",
                _ => "ppo.batch",
            };
            let reason = format!("want at least one response for each of the {minibatches} minibatches");
            return Err(ConfigError::setting(setting, reason));
        }
        overrides.extend(self.given.iter().cloned());
        Ok((profile, overrides))
    }

    /// Checks what keys have to do with each other; each by itself was checked when it was read.
    ///
    /// # Errors
    /// [`ConfigError::Setting`] names the setting.
    pub fn check(&self) -> Result<(), ConfigError> {
        let fault = |setting: &str, reason: String| Err(ConfigError::setting(setting, reason));
        let (prompt, response) = (self.ppo.prompt, self.ppo.response);
        if prompt.saturating_add(response) > self.context {
            let reason = format!(
                "prompt ({prompt}) and response ({response}) exceed the context of {} tokens",
                self.context
            );
            return fault("ppo.prompt", reason);
        }
        if self.pretraining.length > self.context {
            return fault("pretraining.length", format!("it exceeds the context of {}", self.context));
        }
        self.guards.validate().map_err(|e| ConfigError::setting("guards", e.to_string()))?;
        if let Some(new) = self.base.fresh() {
            new.check()?;
            if self.context > new.context {
                let reason = format!("the base reads {} tokens at most (base.new.context)", new.context);
                return fault("context", reason);
            }
            if self.pretraining.source == Source::Base {
                let reason = "a new base has nothing to write yet: want \"text\"";
                return fault("pretraining.source", reason.into());
            }
        }
        let (profile, _) = self.resolve()?;
        self.check_wanted(&profile)?;
        learnable(&profile)?;
        let taught = matches!(profile.method, Method::Distillation(_));
        match (&self.distillation.teacher, taught) {
            (None, true) => fault("distillation.teacher", format!("say whom `{}` learns from", self.method)),
            (Some(_), false) => fault("distillation.teacher", format!("`{}` has no teacher", self.method)),
            _ => Ok(()),
        }
    }
}

/// Methods that learn from comparisons have none where the reward model learns from labels.
fn learnable(profile: &Profile) -> Result<(), ConfigError> {
    match profile.method {
        Method::Preference(_) | Method::Ilql(_) if profile.reward.loss.labels() => {
            let reason = "it learns from comparisons, reward.loss from labels: change one of them";
            Err(ConfigError::setting("method", reason))
        }
        _ => Ok(()),
    }
}

/// Leaves out keys that have no value, for which TOML has no form, and empty lists: a section has
/// formats or sources.
fn without_empty(value: &mut Value) {
    match value {
        Value::Object(parts) => {
            parts.retain(|_, part| !part.is_null() && part.as_array().is_none_or(|list| !list.is_empty()));
            parts.values_mut().for_each(without_empty);
        }
        Value::Array(parts) => parts.iter_mut().for_each(without_empty),
        _ => {}
    }
}
