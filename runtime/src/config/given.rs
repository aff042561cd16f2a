//! What the command line says of a configuration: `--set ppo.iterations=10`.

use super::keys::Key;
use super::kind::Kind;
use super::recipe;
use super::settings::{self, Named};
use super::tree::{Tree, unknown};
use super::value::value;
use crate::config::{ConfigError, Override, overrides};
use core::str::FromStr;
use serde_json::{Value, json};

/// A key of the configuration or a setting of the profile, and its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Given {
    /// Its name, as in the file.
    pub name: String,
    /// Its value, as TOML writes it; a text may go without quotes.
    pub value: String,
}

/// Why such a key is not the recipe's, in summaries.
const REASON: &str = "given on the command line";

impl FromStr for Given {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, value) = text.split_once('=').ok_or("want NAME=VALUE, such as ppo.iterations=10")?;
        Ok(Self { name: name.trim().into(), value: value.trim().into() })
    }
}

/// Changes the tree, and says which keys were changed; changed settings of the profile become
/// overrides of the tree's own.
pub(super) fn apply(tree: &mut Tree, given: &[Given]) -> Result<Vec<Override>, ConfigError> {
    let mut changed = Vec::new();
    for one in given {
        let place = || format!("--set {}={}", one.name, one.value);
        let plain = || Value::String(one.value.clone());
        let key = Key::of(&one.name);
        if key.is_none_or(|key| !matches!(key.kind, Kind::Path))
            && one.value.parse::<f64>().is_ok_and(|number| !number.is_finite())
        {
            let reason = format!("want a finite number, not {}", one.value);
            return Err(ConfigError::Key { place: place(), key: one.name.clone(), reason });
        }
        let Some(key) = key else {
            let here = value(&one.value).unwrap_or_else(|_| plain());
            let setting = setting(&one.name, tree).ok_or_else(|| unknown(&one.name, place()))?;
            tree.change(&setting, json!({"setting": setting, "value": here, "reason": REASON}), place());
            continue;
        };
        let here = match (key.kind, value(&one.value)) {
            (_, Ok(Value::String(text))) => Value::String(text),
            // What a path looks like is no matter.
            (Kind::Path, _) | (_, Err(_)) => plain(),
            (_, Ok(value)) => value,
        };
        let paper = tree.get(key).unwrap_or_default();
        tree.set(&one.name, here.clone(), place())?;
        changed.push(Override { setting: one.name.clone(), paper, here, reason: REASON.into() });
    }
    Ok(changed)
}

/// The place in the profile of a setting, of a part of one (`ppo.controller.fixed.beta`), or of a group of settings
/// that the recipe has (`ppo.gae`).
fn setting(name: &str, tree: &Tree) -> Option<String> {
    if let Some(Named::Setting(full)) = settings::named(name) {
        return Some(full);
    }
    overrides::has(&recipe::of(tree)?, name).then(|| name.into())
}
