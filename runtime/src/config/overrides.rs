//! Where a run leaves its profile, and why.

use super::ConfigError;
use super::settings::nearest_setting;
use rlhf_train::profile::Profile;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A setting of the profile that a configuration changes: in the table of its trainer, or by `[[override]]`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// Its place in the profile, such as `ppo.policy.learning_rate`.
    pub setting: String,
    /// Its new value: a number, a text, or a table where the setting has parts.
    pub value: Value,
    /// Why, if the configuration says.
    #[serde(default)]
    pub reason: String,
}

/// A setting that is not the profile's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Override {
    /// The setting.
    pub setting: String,
    /// The profile's value; null where it gives none. Of a key of the configuration, which the
    /// command line changed: the file's, or its default.
    pub paper: Value,
    /// The value here.
    pub here: Value,
    /// Why; empty where nobody says.
    pub reason: String,
}

/// Takes an optional setting away.
const NONE: &str = "none";

/// Applies `changes` in order.
///
/// Settings are found through the profile's stored form, so every one can be changed, and none that
/// does not exist.
///
/// # Errors
/// [`ConfigError::Setting`] names the setting.
pub(super) fn apply(profile: Profile, changes: &[Change]) -> Result<(Profile, Vec<Override>), ConfigError> {
    let fault = |setting: &str, reason: String| ConfigError::setting(setting, reason);
    let stored =
        |profile: &Profile| serde_json::to_value(profile).map_err(|e| fault("profile", e.to_string()));
    let mut profile = profile;
    let (mut overrides, mut wrong) = (Vec::new(), None);
    for Change { setting, value, reason } in changes {
        let mut tree = stored(&profile)?;
        let place = find(&mut tree, setting)?;
        let paper = core::mem::replace(place, value.clone());
        let mut value = value.clone();
        let made = serde_json::from_value(tree.clone()).or_else(|error| {
            // TOML has no word for what is not there.
            absent(&mut value);
            let Ok(place) = find(&mut tree, setting) else { return Err(error) };
            *place = value.clone();
            serde_json::from_value(tree).map_err(|_| error)
        });
        profile = made.map_err(|e| fault(setting, format!("{value}: {e}")))?;
        // Two changes may make sense together only: what counts is the end.
        wrong = profile.validate().err().map(|e| wrong.unwrap_or_else(|| fault(setting, e.to_string())));
        // What the profile did not take up was misspelt.
        let mut tree = stored(&profile)?;
        let here = find(&mut tree, setting)?.clone();
        if !same(&value, &here) {
            return Err(fault(setting, format!("{value} has a part that it does not know: it reads {here}")));
        }
        // Of several changes to one setting the last counts, and what it leaves is the profile's.
        let earlier = overrides.iter().position(|o: &Override| o.setting == *setting);
        let paper = earlier.map_or(paper, |at| overrides.remove(at).paper);
        overrides.push(Override { setting: setting.clone(), paper, here, reason: reason.clone() });
    }
    wrong.map_or(Ok((profile, overrides)), Err)
}

/// Whether a profile has a setting of this name.
pub(super) fn has(profile: &Profile, setting: &str) -> bool {
    serde_json::to_value(profile).is_ok_and(|mut tree| find(&mut tree, setting).is_ok())
}

fn find<'a>(tree: &'a mut Value, setting: &str) -> Result<&'a mut Value, ConfigError> {
    let mut at = tree;
    for part in setting.split('.') {
        let known = at.as_object().map(|o| o.keys().cloned().collect::<Vec<_>>().join(", "));
        let known = known.unwrap_or_else(|| "nothing below it".into());
        at = at.get_mut(part).ok_or_else(|| ConfigError::Unknown {
            place: "the profile".into(),
            key: setting.into(),
            nearest: nearest_setting(setting),
            known,
        })?;
    }
    Ok(at)
}

/// Puts null wherever `"none"` stands.
fn absent(value: &mut Value) {
    match value {
        Value::String(text) if text == NONE => *value = Value::Null,
        Value::Object(parts) => parts.values_mut().for_each(absent),
        Value::Array(parts) => parts.iter_mut().for_each(absent),
        _ => {}
    }
}

/// Whether `here` says all that `given` does; a part left out is null.
fn same(given: &Value, here: &Value) -> bool {
    match (given, here) {
        (Value::Object(a), Value::Object(b)) => {
            a.iter().all(|(k, v)| b.get(k).is_some_and(|w| same(v, w)))
                && b.iter().all(|(k, w)| a.contains_key(k) || w.is_null())
        }
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        _ => given == here,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn change(setting: &str, value: Value) -> Result<(Profile, Vec<Override>), ConfigError> {
        apply(Profile::instructgpt(), &[Change { setting: setting.into(), value, reason: "why".into() }])
    }

    #[test]
    fn any_setting_can_be_changed_and_remembers_the_papers() {
        let (p, o) = change("ppo.pretraining.coefficient", json!(1)).unwrap();
        assert_eq!(p.ppo.pretraining.unwrap().coefficient, 1.0);
        assert_eq!((&o[0].paper, &o[0].here), (&json!(27.8), &json!(1.0)));
        let (p, _) = change("ppo.controller", json!({"fixed": {"beta": 0.5}})).unwrap();
        assert_eq!(p.ppo.controller.beta(), 0.5);
        assert_eq!(change("ppo.average", Value::Null).unwrap().0.ppo.average, None);
        assert_eq!(change("ppo.average", json!("none")).unwrap().0.ppo.average, None);
        assert!(change("ppo.epochs", json!("none")).is_err());
    }

    #[test]
    fn the_last_change_counts() {
        let to = |value| Change { setting: "ppo.epochs".into(), value, reason: "why".into() };
        let (p, o) = apply(Profile::instructgpt(), &[to(json!(2)), to(json!(3))]).unwrap();
        assert_eq!((p.ppo.epochs, o.len(), &o[0].paper, &o[0].here), (3, 1, &json!(1), &json!(3)));
    }

    #[test]
    fn what_does_not_exist_or_fit_is_named() {
        let fault = |setting, value| change(setting, value).unwrap_err().to_string();
        let said = fault("ppo.bata", json!(1));
        assert!(said.contains("`ppo.bata`: did you mean `ppo.batch`?"), "{said}");
        assert!(fault("ppo.epochs", json!("two")).contains("ppo.epochs"));
        assert!(fault("ppo.gae.lambda", json!(2.0)).contains("lambda"));
        let said = fault("ppo.controller", json!({"fixed": {"beta": 0.5, "gamma": 1}}));
        assert!(said.contains("does not know"), "{said}");
    }
}
