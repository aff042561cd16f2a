//! Changes of a profile, with their reasons.

use super::change::{Change, Override};
use super::error::ConfigError;
use super::schema;
use rlhf_train::profile::Profile;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Applies `changes` in order, and returns the settings that differ from the recipe's.
///
/// # Errors
/// [`ConfigError::Setting`] names the setting.
pub(super) fn apply(
    recipe: Profile,
    changes: &[Change],
    reasons: &BTreeMap<String, String>,
) -> Result<(Profile, Vec<Override>), ConfigError> {
    let fault = |setting: &str, reason: String| ConfigError::setting(setting, reason);
    let stored =
        |profile: &Profile| serde_json::to_value(profile).map_err(|e| fault("profile", e.to_string()));
    let paper = stored(&recipe)?;
    let (mut profile, mut tree) = (recipe, paper.clone());
    let (mut changed, mut wrong) = (BTreeSet::new(), None);
    for Change { setting, value, whole } in changes {
        let Some(at) = tree.pointer_mut(&pointer(setting)) else {
            return Err(fault(
                setting,
                "this method has no such setting; `rlhf config --method NAME` prints what it has".into(),
            ));
        };
        if *whole {
            *at = value.clone()
        } else {
            change(at, value)
        }
        let now = at.clone();
        profile = serde_json::from_value(tree).map_err(|e| fault(setting, format!("{now}: {e}")))?;
        // Two changes may make sense together only: what counts is the end.
        wrong = profile.validate().err().map(|e| wrong.unwrap_or_else(|| fault(setting, e.to_string())));
        tree = stored(&profile)?;
        changed.insert(schema::profile().setting(setting));
    }
    let value = |tree: &Value, setting: &str| tree.pointer(&pointer(setting)).cloned().unwrap_or_default();
    let overrides = changed.into_iter().map(|setting| Override {
        paper: value(&paper, &setting),
        here: value(&tree, &setting),
        reason: why(reasons, &setting).unwrap_or_default().into(),
        setting,
    });
    wrong.map_or_else(|| Ok((profile, overrides.collect())), Err)
}

/// Returns the JSON pointer of a setting in a stored profile.
pub(super) fn pointer(setting: &str) -> String {
    let of_all =
        ["supervised", "reward", "ppo"].into_iter().any(|step| setting.split('.').next() == Some(step));
    format!("{}/{}", if of_all { "" } else { "/method" }, setting.replace('.', "/"))
}

/// Puts a value in the place of another, of which parts that it does not name stay if it has the same form.
fn change(at: &mut Value, value: &Value) {
    match (at, value) {
        (Value::Object(at), Value::Object(parts)) if parts.keys().all(|part| at.contains_key(part)) => {
            for (name, part) in parts {
                at.entry(name.as_str()).and_modify(|at| change(at, part));
            }
        }
        (at, value) => *at = value.clone(),
    }
}

/// The reason that is nearest to a setting: its own, a part's, or that of a table that it is in.
fn why<'a>(reasons: &'a BTreeMap<String, String>, setting: &str) -> Option<&'a str> {
    let below = |name: &str, of: &str| {
        name.strip_prefix(of).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    let near = reasons.iter().filter(|(name, _)| below(name, setting) || below(setting, name));
    near.max_by_key(|(name, _)| name.len()).map(|(_, reason)| reason.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn change(setting: &str, value: Value) -> Result<(Profile, Vec<Override>), ConfigError> {
        let change = Change { setting: setting.into(), value, whole: false };
        apply(Profile::instructgpt(), &[change], &BTreeMap::new())
    }

    #[test]
    fn any_setting_can_be_changed_and_remembers_the_papers() {
        let (p, o) = change("ppo.pretraining", json!({ "coefficient": 1 })).unwrap();
        let mix = p.ppo.pretraining.unwrap();
        assert_eq!((mix.coefficient, mix.examples), (1.0, 8.0));
        assert_eq!(o[0].paper, json!({ "coefficient": 27.8, "examples": 8.0 }));
        assert_eq!(o[0].here, json!({ "coefficient": 1.0, "examples": 8.0 }));
        let (p, o) = change("ppo.controller.fixed.beta", json!(0.5)).unwrap();
        assert_eq!((p.ppo.controller.beta(), o[0].setting.as_str()), (0.5, "ppo.controller"));
        let (p, _) =
            change("ppo.controller", json!({ "adaptive": { "beta": 1, "target": 6, "horizon": 9 } }))
                .unwrap();
        assert_eq!(p.ppo.controller.beta(), 1.0);
        assert_eq!(change("ppo.average", Value::Null).unwrap().0.ppo.average, None);
        assert!(change("ppo.epochs", Value::Null).is_err());
    }

    #[test]
    fn the_last_change_counts_and_the_nearest_reason() {
        let to = |value| Change { setting: "ppo.epochs".into(), value, whole: true };
        let reasons = [("ppo", "all"), ("ppo.epochs", "own"), ("ppo.epochs_", "other")];
        let reasons = reasons.map(|(name, why)| (name.to_owned(), why.to_owned())).into();
        let (p, o) = apply(Profile::instructgpt(), &[to(json!(2)), to(json!(3))], &reasons).unwrap();
        assert_eq!((p.ppo.epochs, o.len(), &o[0].paper, &o[0].here), (3, 1, &json!(1), &json!(3)));
        assert_eq!(o[0].reason, "own");
    }

    #[test]
    fn what_does_not_exist_or_fit_is_named() {
        let fault = |setting, value| change(setting, value).unwrap_err().to_string();
        assert!(fault("on_policy.group", json!(1)).contains("on_policy.group"));
        assert!(fault("ppo.epochs", json!("two")).contains("ppo.epochs"));
        assert!(fault("ppo.gae.lambda", json!(2.0)).contains("lambda"));
    }
}
