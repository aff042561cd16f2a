//! Diagnostics of a policy that learns: named values with units.
//!
//! Statistics are sums over what was seen, so that parts of a batch merge; [`Diagnose`] turns them into
//! the values of [`DIAGNOSTICS`]. What could not be measured is left out, never 0 or NaN.

mod importance;
mod kl;
mod learning;
mod response;
mod reward;
mod table;

pub use importance::Importance;
pub use kl::KlStats;
pub use response::ResponseStats;
pub use reward::RewardParts;
pub use table::{DIAGNOSTICS, Diagnostic};

/// Statistics that have values to show.
pub trait Diagnose {
    /// Calls `visit` with the name, one of [`DIAGNOSTICS`], and the value of all that was measured.
    fn diagnose(&self, visit: &mut dyn FnMut(&'static str, f64));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::loss::{Comparisons, PolicyStats, ValueStats};
    use crate::rewards::Disagreement;
    use crate::sampling::FinishReason;
    use std::collections::BTreeSet;
    use std::vec::Vec;

    fn names(all: &[&dyn Diagnose]) -> Vec<&'static str> {
        let mut names = Vec::new();
        for one in all {
            one.diagnose(&mut |name, value| {
                assert!(value.is_finite(), "{name}: {value}");
                names.push(name);
            });
        }
        names
    }

    #[test]
    fn every_value_has_its_own_name_in_the_table_and_every_name_a_value() {
        let (mut kl, mut importance) = (KlStats::default(), Importance::default());
        let (mut response, mut reward) = (ResponseStats::default(), RewardParts::default());
        let shaping = crate::advantage::Shaping::PLAIN;
        for x in [-1.0f64, -0.5] {
            kl.record(&[x], &[-0.7]).unwrap();
            kl.see_exact(x.abs(), 1);
            importance.record(x).unwrap();
            response.record(&[x], FinishReason::Eos);
            reward.record(&shaping, x, FinishReason::Eos, 0.1, &[x]);
        }
        let policy =
            PolicyStats { tokens: 1, ratio_min: 1.0, ratio_max: 1.0, entropy: 1.0, ..PolicyStats::default() };
        let value = ValueStats { steps: 2, target: 1.0, squared_target: 1.0, ..ValueStats::default() };
        let comparisons = Comparisons { loss: 0.5, pairs: 2, correct: 1 };
        let disagreement = Disagreement { texts: 1, ..Disagreement::default() };
        let all: [&dyn Diagnose; 8] =
            [&kl, &importance, &response, &reward, &policy, &value, &comparisons, &disagreement];
        let all_names = names(&all);
        let unique: BTreeSet<_> = all_names.iter().copied().collect();
        assert_eq!(all_names.len(), unique.len(), "a name for two things");
        assert_eq!(unique, DIAGNOSTICS.iter().map(|d| d.name).collect(), "the table");
    }

    #[test]
    fn nothing_seen_is_nothing_shown() {
        let all: [&dyn Diagnose; 8] = [
            &KlStats::default(),
            &Importance::default(),
            &ResponseStats::default(),
            &RewardParts::default(),
            &PolicyStats::default(),
            &ValueStats::default(),
            &Comparisons::default(),
            &Disagreement::default(),
        ];
        assert_eq!(names(&all), [""; 0]);
    }
}
