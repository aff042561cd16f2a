//! Names of methods, for people.

use rlhf_train::profile::Profile;

/// Words of names that are no initials.
const WORDS: &[&str] = &[
    "alpha",
    "bandit",
    "best",
    "distillation",
    "down",
    "expert",
    "hard",
    "hinge",
    "iteration",
    "n",
    "nash",
    "of",
    "online",
    "pair",
    "rejection",
    "robust",
    "sampling",
    "unpaired",
    "zero",
];

/// The name of a method as its paper writes it: initials in capital letters.
///
/// ```
/// use rlhf::report::method_name;
/// let names = ["ppo", "dr_grpo", "online_dpo", "best_of_n", "nash_md"].map(method_name);
/// assert_eq!(names, ["PPO", "Dr. GRPO", "online DPO", "best of n", "Nash-MD"]);
/// ```
pub fn method_name(key: &str) -> String {
    match key {
        "dr_grpo" => return "Dr. GRPO".into(),
        "nash_md" => return "Nash-MD".into(),
        "reinforce_pp" => return "REINFORCE++".into(),
        "simpo" => return "SimPO".into(),
        "discopop" => return "DiscoPOP".into(),
        _ => {}
    }
    let word = |word: &str| if WORDS.contains(&word) { word.into() } else { word.to_uppercase() };
    key.split('_').map(word).collect::<Vec<String>>().join(" ")
}

/// The unit in which a method counts what it does: passes over stored data count optimizer steps.
pub(super) fn method_step(key: &str) -> &'static str {
    let passes =
        Profile::instructgpt().with_method(key, 1).is_ok_and(|recipe| recipe.method.passes().is_some());
    if passes { "optimizer step" } else { "iteration" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rlhf_train::profile::Method;

    #[test]
    fn every_method_has_a_name_and_a_unit() {
        for key in Method::names() {
            let name = method_name(key);
            assert!(!name.is_empty() && !name.contains('_'), "{key}: {name}");
        }
        assert_eq!(["ppo", "grpo", "best_of_n"].map(method_step), ["iteration"; 3]);
        assert_eq!(["dpo", "kto", "ilql", "bandit", "distillation"].map(method_step), ["optimizer step"; 5]);
    }
}
