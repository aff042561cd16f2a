//! A profile with a method.

use super::error::ConfigError;
use rlhf_train::profile::Profile;

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
