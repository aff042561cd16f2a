//! Learning from the best of one's own responses.

use super::preference::{passes, rising};
use super::{Optimiser, WarmUpLength};
use crate::Error;
use crate::error::{positive, within};
use crate::maths::Shape;
use crate::maths::on_policy::Selection;

/// Expert iteration: several responses to each prompt, of which the best are imitated.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "alloc", derive(serde::Serialize, serde::Deserialize))]
pub struct ExpertIteration {
    /// Responses to each prompt.
    pub group: u32,
    /// Which of them are learnt from.
    pub selection: Selection,
    /// What logits are divided by in sampling. What is kept is learnt at temperature 1.
    pub temperature: f64,
    /// Passes over what was kept.
    pub epochs: u32,
    /// Optimiser steps in a pass, where as many responses are kept.
    pub minibatches: u32,
    /// Dropout in training, a probability.
    pub dropout: f64,
    /// The optimiser.
    pub optimiser: Optimiser,
}

impl ExpertIteration {
    /// The best of `group` responses to each prompt is imitated: RAFT (Dong et al., arXiv:2304.06767).
    ///
    /// **Filled in**: temperature 1, one pass of four steps, a constant rate of 1e-5 without a warm-up; a
    /// network of less than billions of weights wants a higher one.
    pub fn best_of(group: u32) -> Self {
        let optimiser = rising(1e-5, Shape::Constant, WarmUpLength::Steps(0));
        Self {
            group,
            selection: Selection::Best { count: 1 },
            temperature: 1.0,
            epochs: 1,
            minibatches: 4,
            dropout: 0.0,
            optimiser,
        }
    }

    /// Every one of `group` responses with a score of at least `score` is imitated: ReST (Gulcehre et al.,
    /// arXiv:2308.08998), and with 1 for right and 0 for wrong the rejection sampling of STaR (Zelikman et
    /// al., arXiv:2203.14465). The rest is as in [`Self::best_of`].
    pub fn at_least(group: u32, score: f64) -> Self {
        Self { selection: Selection::AtLeast { score }, ..Self::best_of(group) }
    }

    /// Optimiser steps an iteration.
    pub fn steps_per_iteration(&self) -> u64 {
        u64::from(self.epochs) * u64::from(self.minibatches)
    }

    /// Checks every range.
    ///
    /// # Errors
    /// [`Error::Range`] names the setting.
    pub fn validate(&self) -> Result<(), Error> {
        within("group", f64::from(self.group), 1.0, f64::MAX)?;
        self.selection.validate()?;
        positive("temperature", self.temperature)?;
        within("minibatches", f64::from(self.minibatches), 1.0, f64::MAX)?;
        passes(self.epochs, 1, self.dropout, &self.optimiser)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_setting_is_named() {
        let best = ExpertIteration::best_of(8);
        best.validate().unwrap();
        ExpertIteration::at_least(4, 1.0).validate().unwrap();
        let name = |x: ExpertIteration| match x.validate() {
            Err(Error::Range { name, .. }) => name,
            other => panic!("{other:?}"),
        };
        assert_eq!(name(ExpertIteration::best_of(0)), "group");
        assert_eq!(name(ExpertIteration::at_least(4, f64::NAN)), "score");
        assert_eq!(name(ExpertIteration { temperature: 0.0, ..best }), "temperature");
        assert_eq!(name(ExpertIteration { minibatches: 0, ..best }), "minibatches");
        assert_eq!(name(ExpertIteration { epochs: 0, ..best }), "epochs");
    }
}
