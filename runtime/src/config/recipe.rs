//! A profile with a method.

use super::ConfigError;
use super::keys::Key;
use super::tree::Tree;
use rlhf_train::profile::Profile;

/// The recipe that the keys of a configuration name; `None` where they name none.
pub fn of(tree: &Tree) -> Option<Profile> {
    let value = |name| tree.get(Key::of(name)?);
    let (profile, method) = (value("profile")?, value("method")?);
    let response = value("ppo.response")?.as_u64()? as usize;
    recipe(profile.as_str()?, method.as_str()?, response).ok()
}

/// [`Config::recipe`](super::Config::recipe).
pub fn recipe(profile: &str, method: &str, response: usize) -> Result<Profile, ConfigError> {
    let mut recipe = Profile::by_name(profile)
        .map_err(|e| ConfigError::setting("profile", format!("{profile:?}: {e}")))?;
    recipe.supervised = recipe.supervised.or(Profile::instructgpt().supervised);
    recipe.ppo.batch = Some(recipe.ppo.responses_per_iteration());
    let longest = u32::try_from(response).unwrap_or(u32::MAX);
    recipe
        .with_method(method, longest)
        .map_err(|e| ConfigError::setting("method", format!("{method:?}: {e}")))
}
