//! The recipe of a run whose configuration names none.

use super::RunError;
use super::base::fit;
use super::options::CONFIG;
use crate::config::Config;
use std::path::Path;

/// The configuration with the recipe that it names, that the run in `resumed` was begun with, or that the base's size
/// chooses; in the last case, with a note that says so. No weight is read.
///
/// # Errors
/// [`RunError`] names the file, or the setting that does not go with the recipe.
pub fn with_recipe(config: &Config, resumed: Option<&Path>) -> Result<(Config, Option<String>), RunError> {
    if config.names_recipe() {
        return Ok((config.clone(), None));
    }
    let weights = fit(config)?.0.parameters();
    chosen(config, weights, resumed)
}

/// [`with_recipe`] for a base of so many weights.
pub(super) fn chosen(
    config: &Config,
    weights: usize,
    resumed: Option<&Path>,
) -> Result<(Config, Option<String>), RunError> {
    if config.names_recipe() {
        return Ok((config.clone(), None));
    }
    let mut config = config.clone();
    if let Some(recorded) = resumed.map(|folder| folder.join(CONFIG)).filter(|path| path.is_file()) {
        config.profile = Config::read(&recorded)?.profile;
    }
    let note = (!config.names_recipe()).then(|| {
        let chosen = config.clone().for_weights(weights).profile;
        format!("a base of {} weights: recipe `{chosen}` (`profile` takes another)", grouped(weights))
    });
    config = config.for_weights(weights);
    config.check()?;
    Ok((config, note))
}

/// A number with its thousands set apart.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::grouped;

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!(["0", "999", "1,000", "260,032"], [0, 999, 1000, 260_032].map(grouped).map(String::leak));
    }
}
