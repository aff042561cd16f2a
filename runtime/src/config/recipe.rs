//! A profile with a method.

use super::error::ConfigError;
use rlhf_train::profile::{Profile, SMALL};

/// The recipe that the base's size chooses.
pub const AUTO: &str = "auto";

/// [`Config::recipe`](super::Config::recipe).
pub fn recipe(profile: &str, method: &str, response: usize) -> Result<Profile, ConfigError> {
    // Before the base is looked at, it is that of the most weights.
    let name = if profile == AUTO { Profile::for_weights(usize::MAX) } else { profile };
    let mut recipe =
        Profile::by_name(name).map_err(|e| ConfigError::setting("profile", format!("{profile:?}: {e}")))?;
    recipe.supervised = recipe.supervised.or(Profile::instructgpt().supervised);
    recipe.ppo.batch = Some(recipe.ppo.responses_per_iteration());
    let longest = u32::try_from(response).unwrap_or(u32::MAX);
    let recipe = recipe
        .with_method(method, longest)
        .map_err(|e| ConfigError::setting("method", format!("{method:?}: {e}")))?;
    Ok(if name == SMALL { recipe.small() } else { recipe })
}
