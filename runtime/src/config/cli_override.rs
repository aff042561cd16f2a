//! Changes of a configuration on the command line: `--set ppo.iterations=10`.

use super::change::Override;
use super::error::ConfigError;
use super::keys::Config;
use super::migrate::{self, VERSION};
use super::read::Read;
use super::{reader, schema};
use core::str::FromStr;
use toml::Spanned;
use toml::de::DeValue;

/// A key of the configuration or a setting of the profile, and its value.
#[derive(Clone, Debug, PartialEq)]
pub struct CliOverride {
    /// Its name, as in the file.
    pub name: String,
    /// Its value, as TOML writes it; a text may go without quotes.
    pub value: String,
}

/// The reason of such a change in summaries.
const REASON: &str = "given on the command line";

impl FromStr for CliOverride {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, value) = text.split_once('=').ok_or("want NAME=VALUE, such as ppo.iterations=10")?;
        Ok(Self { name: name.trim().into(), value: value.trim().into() })
    }
}

/// Changes what was read, and returns the keys that were changed; settings of the profile become changes of it.
pub(super) fn apply(read: &mut Read, given: &[CliOverride]) -> Result<Vec<Override>, ConfigError> {
    let mut changed = Vec::new();
    let defaults = serde_json::to_value(Config::default()).unwrap_or_default();
    for CliOverride { name: spelled, value } in given {
        let place = format!("--set {spelled}={value}");
        let name = match schema::file().find(spelled) {
            Some(_) => spelled.clone(),
            None => migrate::name(spelled),
        };
        let node = schema::file().find(&name).ok_or_else(|| reader::unknown(spelled, place.clone()))?;
        if name != *spelled {
            read.note(&place, format!("`{spelled}` is `{name}` since version {VERSION}"));
        }
        let plain = || Spanned::new(0..0, DeValue::String(value.into()));
        let here = match DeValue::parse(value) {
            // What a path looks like is no matter.
            Ok(parsed) if !node.is_text() || parsed.get_ref().is_str() => parsed,
            _ => plain(),
        };
        let of = |read: &Read| read.get(&name).cloned();
        let default = || defaults.pointer(&format!("/{}", name.replace('.', "/"))).cloned();
        let paper = of(read).or_else(default).unwrap_or_default();
        reader::given(&name, here, &place, read)?;
        match of(read) {
            Some(here) => changed.push(Override { setting: name, paper, here, reason: REASON.into() }),
            None => drop(read.reasons.insert(name, REASON.into())),
        }
    }
    Ok(changed)
}
