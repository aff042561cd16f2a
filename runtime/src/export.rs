//! Reward models as files of `rlhf-scorer`.

use crate::engine::Member;
use crate::{Error, RewardModel};
use rlhf_scorer::{NewModel, WeightFormat, write};

impl RewardModel {
    /// Returns the model as a file of [`rlhf_scorer`], which scores it in memory that the caller owns: on a microcontroller,
    /// in an app, in a service. `context`: the longest text, in tokens; without one, that of the model.
    ///
    /// # Errors
    /// [`Error::Export`] for several models that score as one, a process reward model, a context that the model does not
    /// have, and weights that the format cannot hold.
    pub fn to_scorer(&self, weights: WeightFormat, context: Option<usize>) -> Result<Vec<u8>, Error> {
        let refused = |reason: &str| Error::Export { reason: reason.into() };
        let mut members = self.scorer().normalized();
        let (Some(member), None) = (members.next(), members.next()) else {
            return Err(refused("several models score as one: export one of its folders, 1, 2, ..."));
        };
        let Member::Whole(model) = &member.reward else {
            return Err(refused("it scores the steps of an answer, and a scorer whole texts"));
        };
        let architecture = model.architecture();
        let network = NewModel {
            architecture,
            weights: &model.weights()?,
            tokenizer: Some(self.tokenizer()),
            scale: member.scale,
        };
        write(&network, weights, context.unwrap_or(architecture.context))
            .map_err(|error| Error::Export { reason: error.to_string() })
    }
}
