//! A run's configuration: which base, which data and how much of it, and where it leaves its profile.
//!
//! The file is what the structs are: [`Config`]'s keys and [`Profile`]'s settings in common tables. Their JSON schema
//! is what reading, the printed configuration and editors go by, so that a key is described where its field is.

mod base;
mod change;
mod cli_override;
mod error;
mod formats;
mod keys;
mod migrate;
mod nearest;
mod node;
mod overrides;
mod print;
mod read;
mod reader;
mod recipe;
mod recorded;
mod schema;
mod sections;
mod share;
mod value;
mod wanted;

pub use base::{BaseFiles, BaseModel, NewBase};
pub use change::Override;
pub use cli_override::CliOverride;
pub use error::ConfigError;
#[cfg(feature = "run")]
pub(crate) use formats::name;
pub use keys::Config;
pub use migrate::{VERSION, modernize};
pub use print::complete;
pub use schema::schema;
pub use sections::{
    Comparisons, Demonstrations, Distillation, Evaluation, Feedback, Pretraining, Prompts, Source,
};
#[cfg(feature = "run")]
pub(crate) use wanted::Wanted;

use node::NONE;
use read::put;
use recipe::AUTO;
use rlhf_models::read_at_most;
use rlhf_train::profile::{Method, Profile};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::Path;

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
    pub fn read_with(path: &Path, given: &[CliOverride]) -> Result<Self, ConfigError> {
        let fault = |reason: String| ConfigError::File { path: path.into(), reason };
        let text = String::from_utf8(read_at_most(path, LONGEST).map_err(|e| fault(e.reason()))?)
            .map_err(|e| fault(e.to_string()))?;
        Self::parse(&text, path, given)
    }

    /// Reads and checks a text; `path` is for messages.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn parse(text: &str, path: &Path, given: &[CliOverride]) -> Result<Self, ConfigError> {
        let mut read = reader::parse(text, path)?;
        let given = cli_override::apply(&mut read, given)?;
        let mut keys = read.keys.clone();
        // Without a base there is no run, and without formats there are sources.
        keys.entry("base").or_insert_with(|| Value::Object(Map::new()));
        for section in keys.values_mut().filter_map(Value::as_object_mut) {
            if section.get("sources").and_then(Value::as_array).is_some_and(|sources| !sources.is_empty()) {
                section.entry("formats").or_insert_with(|| Value::Array(Vec::new()));
            }
        }
        let mut config: Self = serde_json::from_value(Value::Object(keys))
            .map_err(|e| ConfigError::File { path: path.into(), reason: e.to_string() })?;
        config.given = given;
        config.notes.append(&mut read.notes);
        // Those of one setting stay in their order.
        read.changes.sort_by_key(|change| schema::profile().setting(&change.setting));
        config.changes.append(&mut read.changes);
        config.reasons.append(&mut read.reasons);
        config.check().map_err(|error| read.placed(error))?;
        Ok(config)
    }

    /// Returns the same run on another folder of data.
    pub fn with_data(mut self, folder: &Path) -> Self {
        self.data = Some(folder.into());
        self
    }

    /// Returns the same run under another seed.
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Returns whether it names a recipe; without one the base's size chooses it.
    pub fn names_recipe(&self) -> bool {
        self.profile != AUTO
    }

    /// Returns the same run with the recipe for a base of so many weights, where it names none.
    pub fn for_weights(mut self, weights: usize) -> Self {
        if !self.names_recipe() {
            self.profile = Profile::for_weights(weights).into();
        }
        self
    }

    /// The configuration as TOML: every key, and every setting that is not the profile's, those of the command line
    /// included.
    ///
    /// # Errors
    /// [`ConfigError::Setting`]: a value that TOML has no form for.
    pub fn to_toml(&self) -> Result<String, ConfigError> {
        let fault = |reason: String| ConfigError::setting("config.toml", reason);
        let mut whole = serde_json::to_value(self).map_err(|e| fault(e.to_string()))?;
        without_null(&mut whole);
        let (_, overrides) = overrides::apply(self.unchanged()?, &self.changes, &self.reasons)?;
        if let Value::Object(whole) = &mut whole {
            for Override { setting, here, reason, .. } in overrides {
                put(whole, &setting, named_null(here));
                if !reason.is_empty() {
                    let reasons = whole.entry(schema::REASONS).or_insert_with(|| Value::Object(Map::new()));
                    reasons[setting] = reason.into();
                }
            }
        }
        toml::to_string(&whole).map_err(|e| fault(e.to_string()))
    }

    /// The folder of the data.
    ///
    /// # Errors
    /// [`ConfigError::Setting`] where neither the file nor the command line names it.
    pub fn folder(&self) -> Result<&Path, ConfigError> {
        self.data.as_deref().ok_or_else(|| {
            ConfigError::setting("data", "say where the data is: `--data FOLDER`, or `data` here")
        })
    }

    /// A profile as a run takes it; `auto`: that of large networks.
    ///
    /// Profiles of papers that begin after step 1 take InstructGPT's. `method`: what step 3 does, for
    /// responses of at most `response` tokens.
    ///
    /// # Errors
    /// [`ConfigError::Setting`] lists the profiles, or the methods.
    pub fn recipe(profile: &str, method: &str, response: usize) -> Result<Profile, ConfigError> {
        recipe::recipe(profile, method, response)
    }

    /// Returns whether plain text is learned from.
    #[cfg_attr(not(feature = "run"), expect(dead_code))]
    pub(crate) fn reads_text(&self) -> bool {
        self.base.fresh().is_some() || self.pretraining.source == Source::Text
    }

    /// The files and folders that models and tokenizers are read from, from the data's folder.
    #[cfg_attr(not(feature = "run"), expect(dead_code))]
    pub(crate) fn models(&self) -> impl Iterator<Item = &Path> {
        self.base.paths().into_iter().chain(self.distillation.teacher.as_deref())
    }

    /// The recipe without the changes: its numbers of today, or those of a record.
    fn unchanged(&self) -> Result<Profile, ConfigError> {
        let recipe = Self::recipe(&self.profile, &self.method, self.ppo.response)?;
        Ok(overrides::apply(recipe, &self.recorded, &BTreeMap::new())?.0)
    }

    /// The recipe with the overrides applied, and the overrides, the command line's keys last. Where none is named and
    /// the base was not looked at ([`Self::for_weights`]), it is that of large networks.
    ///
    /// # Errors
    /// [`ConfigError::Setting`] names the setting.
    pub fn resolve(&self) -> Result<(Profile, Vec<Override>), ConfigError> {
        let (profile, mut overrides) = overrides::apply(self.unchanged()?, &self.changes, &self.reasons)?;
        let setting = match profile.method {
            Method::OnPolicy(_) => "on_policy.prompts",
            Method::Online(_) => "online.prompts",
            Method::ExpertIteration(_) => "expert_iteration.prompts",
            Method::Trpo(_) => "trpo.prompts",
            Method::Distillation(_) => "distillation.batch",
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
                Method::OnPolicy(_) => "on_policy.minibatches",
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
        if self.names_recipe() {
            return self.check_recipe();
        }
        // What fits neither of the recipes that the base's size may choose fits none.
        let sized = |weights| self.clone().for_weights(weights).check_recipe();
        sized(0).or_else(|_| sized(usize::MAX))
    }

    /// Checks what keys have to do with the recipe.
    fn check_recipe(&self) -> Result<(), ConfigError> {
        let fault = |reason: String| Err(ConfigError::setting("distillation.teacher", reason));
        let (profile, _) = self.resolve()?;
        self.check_wanted(&profile)?;
        learnable(&profile)?;
        let taught = matches!(profile.method, Method::Distillation(_));
        match (&self.distillation.teacher, taught) {
            (None, true) => fault(format!("say whom `{}` learns from", self.method)),
            (Some(_), false) => fault(format!("`{}` has no teacher", self.method)),
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

/// Leaves out keys that have no value, for which TOML has no form.
fn without_null(value: &mut Value) {
    match value {
        Value::Object(parts) => {
            parts.retain(|_, part| !part.is_null());
            parts.values_mut().for_each(without_null);
        }
        Value::Array(parts) => parts.iter_mut().for_each(without_null),
        _ => {}
    }
}

/// Replaces null, for which TOML has no form, by [`NONE`].
fn named_null(value: Value) -> Value {
    match value {
        Value::Null => NONE.into(),
        Value::Object(parts) => parts.into_iter().map(|(name, part)| (name, named_null(part))).collect(),
        other => other,
    }
}
