//! Several reward models as one.

use crate::error::check;
use crate::rewards::{Disagreement, EnsembleRule};
use crate::roles::Reward;
use crate::{Error, Ragged};
use alloc::vec;
use alloc::vec::Vec;

/// Several reward models as one, more careful where they disagree (see [`EnsembleRule`]). Bring members
/// to one scale first ([`crate::rewards::RewardScale`]): comparisons fix neither gain nor bias.
///
/// ```
/// use rlhf_core::{Ragged, ready};
/// use rlhf_core::rewards::{Ensemble, EnsembleRule};
/// use rlhf_core::roles::Reward;
/// let by = |per_token: f32| move |text: &[u32]| per_token * text.len() as f32;
/// let mut careful = Ensemble::new(vec![by(1.0), by(3.0)], EnsembleRule::Min)?;
/// let mut scores = [0.0];
/// ready(careful.score(Ragged::new(&[7, 7], &[2])?, &mut scores)).unwrap()?;
/// assert_eq!((scores, careful.disagreement.mean_deviation()), ([2.0], 2.0));
/// # Ok::<(), rlhf_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Ensemble<R> {
    members: Vec<R>,
    rule: EnsembleRule,
    /// Statistics of the members' disagreement on all that was scored so far.
    pub disagreement: Disagreement,
}

impl<R> Ensemble<R> {
    /// An ensemble of `members`.
    ///
    /// # Errors
    /// [`Error::TooFew`] without a member; [`Error::Range`] for the rule's setting.
    pub fn new(members: Vec<R>, rule: EnsembleRule) -> Result<Self, Error> {
        if members.is_empty() {
            return Err(Error::TooFew { name: "members", need: 1, got: 0 });
        }
        rule.validate()?;
        Ok(Self { members, rule, disagreement: Disagreement::default() })
    }

    /// The members.
    pub fn members(&self) -> &[R] {
        &self.members
    }

    /// The members, to be asked one by one.
    pub fn members_mut(&mut self) -> &mut [R] {
        &mut self.members
    }
}

impl<R: Reward> Reward for Ensemble<R> {
    type Error = R::Error;

    /// # Errors
    /// A member's own; [`Error::NotFinite`] with the first member whose score of a text is not finite.
    async fn score(&mut self, sequences: Ragged<'_>, out: &mut [f32]) -> Result<(), Self::Error> {
        check("out", out.len(), sequences.len())?;
        let (texts, count) = (sequences.len(), self.members.len());
        // [texts, members]
        let mut all = vec![0.0; texts * count];
        for (m, member) in self.members.iter_mut().enumerate() {
            member.score(sequences, out).await?;
            all.iter_mut().skip(m).step_by(count).zip(&*out).for_each(|(to, from)| *to = *from);
        }
        for (score, members) in out.iter_mut().zip(all.chunks(count)) {
            let (combined, disagreement) = self.rule.combine(members)?;
            *score = combined as f32;
            self.disagreement.merge(&disagreement);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ready;

    fn scores(rule: EnsembleRule, gains: &[f32]) -> (Result<(), Error>, [f32; 2], Disagreement) {
        let members = gains.iter().map(|&gain| move |text: &[u32]| gain * text[0] as f32).collect();
        let mut ensemble = Ensemble::new(members, rule).unwrap();
        let mut out = [f32::NAN; 2];
        let texts = Ragged::new(&[1, 9, 4], &[2, 3]).unwrap();
        (ready(ensemble.score(texts, &mut out)).unwrap(), out, ensemble.disagreement)
    }

    #[test]
    fn every_text_gets_its_own_members_scores() {
        let (_, mean, disagreement) = scores(EnsembleRule::Mean, &[1.0, 3.0]);
        assert_eq!((mean, disagreement.texts, disagreement.deviation), ([2.0, 8.0], 2, 5.0));
        assert_eq!(scores(EnsembleRule::Min, &[1.0, 3.0]).1, [1.0, 4.0]);
        assert_eq!(scores(EnsembleRule::LowerBound { deviations: 1.0 }, &[1.0, 3.0]).1, [1.0, 4.0]);
        assert_eq!(scores(EnsembleRule::VariancePenalized { weight: 1.0 }, &[1.0, 3.0]).1, [1.0, -8.0]);
    }

    #[test]
    fn one_member_is_itself_and_none_is_an_error() {
        for rule in [EnsembleRule::Mean, EnsembleRule::Min, EnsembleRule::LowerBound { deviations: 2.0 }] {
            assert_eq!(scores(rule, &[0.7]).1, [0.7, 4.0 * 0.7]);
        }
        let none = Ensemble::<fn(&[u32]) -> f32>::new(Vec::new(), EnsembleRule::Mean);
        assert!(matches!(none, Err(Error::TooFew { name: "members", .. })));
        let nan = scores(EnsembleRule::Mean, &[1.0, f32::NAN]).0;
        assert_eq!(nan, Err(Error::NotFinite { name: "scores", index: 1 }));
    }
}
