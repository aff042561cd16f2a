//! The recipe of a run: the one that is named, chosen by the size of the base, or recorded.

use super::RunError;
use super::base::fit;
use super::options::CONFIG;
use crate::config::Config;
use crate::stage::recorded_settings;
use std::path::Path;

/// The configuration with its recipe: the one that it names, that the run in `resumed` was begun with, or that the base's
/// size chooses. What this version has other numbers for than the run in `resumed` recorded is as recorded. A note says
/// which recipe the size chose, or which numbers are not today's. No weight is read.
///
/// # Errors
/// [`RunError`] names the file, or the setting that does not go with the recipe.
pub fn with_recipe(config: &Config, resumed: Option<&Path>) -> Result<(Config, Option<String>), RunError> {
    let (config, note) = begun(config, resumed)?;
    if config.names_recipe() {
        return Ok((config, note));
    }
    let weights = fit(&config)?.0.parameters();
    sized(config, weights)
}

/// [`with_recipe`] for a base of so many weights.
pub(super) fn chosen(
    config: &Config,
    weights: usize,
    resumed: Option<&Path>,
) -> Result<(Config, Option<String>), RunError> {
    let (config, note) = begun(config, resumed)?;
    if config.names_recipe() { Ok((config, note)) } else { sized(config, weights) }
}

/// The configuration with the recipe, and the recipe's numbers, that the run in `resumed` was begun with, if there is one.
fn begun(config: &Config, resumed: Option<&Path>) -> Result<(Config, Option<String>), RunError> {
    let Some(folder) = resumed.filter(|folder| folder.join(CONFIG).is_file()) else {
        return Ok((config.clone(), None));
    };
    let (first, mut known) = (Config::read(&folder.join(CONFIG))?, config.clone());
    if !known.names_recipe() {
        known.profile = first.profile.clone();
    }
    let config = match recorded_settings(folder)? {
        Some(settings) => known.clone().with_recorded(&first, &settings)?,
        None => known.clone(),
    };
    config.check()?;
    let names: Vec<_> = config.recorded().map(|(setting, value)| format!("{setting} = {value}")).collect();
    let note = (!names.is_empty() && config != known).then(|| {
        format!(
            "recipe `{}` has other numbers since this run was begun; it keeps its own: {}",
            config.profile,
            names.join(", ")
        )
    });
    Ok((config, note))
}

/// The configuration with the recipe that a base of so many weights chooses, and a note that says so.
fn sized(config: Config, weights: usize) -> Result<(Config, Option<String>), RunError> {
    let config = config.for_weights(weights);
    config.check()?;
    let (weights, chosen) = (grouped(weights), &config.profile);
    let note = format!("a base of {weights} weights: recipe `{chosen}` (`profile` takes another)");
    Ok((config, Some(note)))
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
