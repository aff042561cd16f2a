//! The name that was meant.

/// The longest name that is compared: longer ones are no typing mistakes, and take long to compare.
const LONGEST: usize = 80;

/// The known name that takes the fewest slips (a letter added, left out, changed, or two swapped) to
/// become `name`; `None` where all are further away than half its length.
pub fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    if name.len() > LONGEST {
        return None;
    }
    let far = |other: &str| strsim::damerau_levenshtein(name, other);
    let (slips, best) = known.map(|other| (far(other), other)).min()?;
    (2 * slips <= best.len()).then_some(best)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn slips_are_forgiven_and_strangers_are_not() {
        let known = ["ppo.iterations", "ppo.prompt", "seed"];
        let near = |name: &str| nearest(name, known.into_iter());
        assert_eq!(near("ppo.iteratons"), Some("ppo.iterations"));
        assert_eq!(near("ppo.promtp"), Some("ppo.prompt"));
        assert_eq!(near("iterations"), Some("ppo.iterations"));
        assert_eq!(near("color"), None);
        assert_eq!(near(&"x".repeat(1 << 20)), None);
    }
}
