//! Learning from pairs, offline.

use super::names::{join, joined_len, text};
use super::optimizer::rising;
use super::{Passes, WarmUpLength};
use rlhf_core::Error;
use rlhf_core::loss::{Preference, PreferenceLoss};
use rlhf_core::optim::Shape;

/// Learning from pairs of a chosen and a rejected response.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PreferenceTraining {
    /// The loss of a pair.
    pub objective: Preference,
    /// Passes over the pairs.
    #[serde(flatten)]
    pub passes: Passes,
}

impl PreferenceTraining {
    /// The names that [`Self::by_name`] knows, joined by commas.
    pub(super) const LIST: &str = {
        const NAMES: [&str; PreferenceLoss::ALL.len()] = {
            let (mut names, mut i) = ([""; PreferenceLoss::ALL.len()], 0);
            while i < names.len() {
                names[i] = PreferenceLoss::ALL[i].0;
                i += 1;
            }
            names
        };
        const JOINED: [u8; joined_len(&NAMES)] = join(&NAMES);
        text(&JOINED)
    };

    /// The method of this name, one of [`Self::names`], with the loss's settings of
    /// [`Preference::new`].
    ///
    /// The optimizer is DPO's (Rafailov et al., arXiv:2305.18290, appendix B): batches of 64, and a
    /// rate that rises to 1e-6 in 150 steps; its RMSprop is Adam here. `simpo` and `alpha_po` have
    /// SimPO's (Meng et al., arXiv:2405.14734, §3): one pass, batches of 128, a cosine after a tenth of
    /// the run, and 5e-7, which is inside the range that it searches. Both are for networks of billions
    /// of weights; a smaller one wants a higher rate. **Not published** for DPO: the passes (1).
    ///
    /// `discopop` is not monotone: at the reference, where all pairs are alike, its slope points the wrong
    /// way. It is for a policy that another loss has taught already.
    ///
    /// ```
    /// use rlhf_train::profile::PreferenceTraining;
    /// assert_eq!(PreferenceTraining::by_name("dpo")?.objective.beta, 0.1);
    /// assert!(PreferenceTraining::by_name("dop").unwrap_err().to_string().contains("simpo"));
    /// # Ok::<(), rlhf_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Unknown`] lists the names.
    pub fn by_name(name: &str) -> Result<Self, Error> {
        let mut losses = PreferenceLoss::ALL.into_iter();
        let loss = losses.find(|(known, _)| *known == name).map(|(_, loss)| loss);
        loss.map(Self::new).ok_or(Error::Unknown { name: "preference method", known: Self::LIST })
    }

    fn new(loss: PreferenceLoss) -> Self {
        let passes = match loss {
            PreferenceLoss::Simpo | PreferenceLoss::AlphaPo => {
                Passes::once(128, rising(5e-7, Shape::Cosine { floor: 0.0 }, WarmUpLength::Share(0.1)))
            }
            _ => Passes::once(64, rising(1e-6, Shape::Constant, WarmUpLength::Steps(150))),
        };
        Self { objective: Preference::new(loss), passes }
    }

    /// The names that [`Self::by_name`] knows.
    pub fn names() -> impl Iterator<Item = &'static str> {
        Self::LIST.split(", ")
    }

    /// Checks every range.
    ///
    /// # Errors
    /// [`Error::Range`] names the setting, or what [`Preference::validate`] says.
    pub fn validate(&self) -> Result<(), Error> {
        self.objective.validate()?;
        self.passes.validate()
    }
}

impl Default for PreferenceTraining {
    /// DPO's.
    fn default() -> Self {
        Self::new(PreferenceLoss::Dpo)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_a_loss_of_its_own_and_valid() {
        let all = || PreferenceTraining::names().map(|name| PreferenceTraining::by_name(name).unwrap());
        assert_eq!(all().count(), 19);
        for x in all() {
            x.validate().unwrap();
            assert_eq!(all().filter(|y| y.objective.loss == x.objective.loss).count(), 1, "{x:?}");
        }
        assert!(PreferenceTraining::by_name("ppo").is_err());
    }

    #[test]
    fn a_wrong_setting_is_named() {
        let dpo = PreferenceTraining::by_name("dpo").unwrap();
        let name = |x: PreferenceTraining| match x.validate() {
            Err(Error::Range { name, .. }) => name,
            other => panic!("{other:?}"),
        };
        let with = |passes| name(PreferenceTraining { passes, ..dpo });
        assert_eq!(with(Passes { batch: 0, ..dpo.passes }), "batch");
        assert_eq!(with(Passes { epochs: 0, ..dpo.passes }), "epochs");
        assert_eq!(with(Passes { dropout: 1.5, ..dpo.passes }), "dropout");
        let objective = Preference { beta: -1.0, ..dpo.objective };
        assert_eq!(name(PreferenceTraining { objective, ..dpo }), "beta");
    }

    #[test]
    fn the_first_rate_of_dpo_is_a_150th_of_the_highest_or_less() {
        let o = PreferenceTraining::by_name("dpo").unwrap().passes.optimizer;
        let schedule = o.schedule(1000, 1);
        assert!(schedule.rate(0) <= 1e-6 / 150.0 && schedule.rate(150) == 1e-6);
    }
}
