//! The result of step 2.

#[cfg(feature = "run")]
use super::FileError;
use super::{Device, EngineError, Model};
use rlhf_core::Ragged;
#[cfg(feature = "run")]
use rlhf_core::model::tokenizer::AnyTokenizer;
use rlhf_core::rewards::{Disagreement, Ensemble, EnsembleRule, RewardScale, Steps};
use rlhf_core::roles::Reward;
use rlhf_models::{Files, FormatError, Members, Opened, Scoring, StepRule, huggingface};
use rlhf_train::NormalizedReward;
use std::path::Path;

/// A reward model of whole answers, or of their steps.
#[derive(Clone, Debug)]
pub enum Member {
    /// A model that scores after the last token.
    Whole(Model),
    /// A process reward model, which scores by the logits at the ends of steps.
    Steps(Steps<Model>),
}

impl Member {
    /// A network, and of a process reward model how its steps make a score.
    pub fn new(model: Model, steps: Option<StepRule>) -> Self {
        match steps {
            None => Self::Whole(model),
            Some(StepRule { end, after, how }) => Self::Steps(Steps { critic: model, end, after, how }),
        }
    }

    /// Its network.
    pub fn model(&self) -> &Model {
        match self {
            Self::Whole(model) | Self::Steps(Steps { critic: model, .. }) => model,
        }
    }

    /// Returns the network for scoring.
    pub fn model_mut(&mut self) -> &mut Model {
        match self {
            Self::Whole(model) | Self::Steps(Steps { critic: model, .. }) => model,
        }
    }

    #[cfg(feature = "run")]
    fn rule(&self) -> Option<StepRule> {
        match self {
            Self::Whole(_) => None,
            Self::Steps(Steps { end, after, how, .. }) => {
                Some(StepRule { end: *end, after: after.clone(), how: *how })
            }
        }
    }
}

impl Reward for Member {
    type Error = EngineError;

    async fn score(&mut self, sequences: Ragged<'_>, out: &mut [f32]) -> Result<(), EngineError> {
        match self {
            Self::Whole(model) => model.score(sequences, out).await,
            Self::Steps(steps) => steps.score(sequences, out).await,
        }
    }
}

/// The reward of step 3: a reward model, or several as one, in units of reward.
#[derive(Clone, Debug)]
pub struct Scorer {
    ensemble: Ensemble<NormalizedReward<Member>>,
    how: EnsembleRule,
}

impl Scorer {
    /// Creates a scorer of one or more members.
    ///
    /// # Errors
    /// [`rlhf_core::Error::TooFew`] without a member; [`rlhf_core::Error::Range`] for the rule's setting.
    pub fn new(members: Vec<NormalizedReward<Member>>, how: EnsembleRule) -> Result<Self, rlhf_core::Error> {
        Ok(Self { ensemble: Ensemble::new(members, how)?, how })
    }

    /// Opens a reward model: a folder as a run leaves it, with several models or one, or a single file.
    ///
    /// # Errors
    /// [`FormatError`] names the file.
    pub fn open(path: &Path, device: &Device) -> Result<Self, FormatError> {
        if path.is_dir() {
            return Self::open_in(&Files::folder(path), device);
        }
        let only = member(&rlhf_models::open(path)?, Scoring::default(), device)?;
        let invalid = |e: rlhf_core::Error| FormatError::content(path, "members", e.to_string());
        Self::new(vec![only], EnsembleRule::Mean).map_err(invalid)
    }

    /// Opens a reward model's folder, on disk or in memory.
    ///
    /// # Errors
    /// [`FormatError`] names the file.
    pub fn open_in(files: &Files, device: &Device) -> Result<Self, FormatError> {
        let one = |files: &Files| member(&huggingface::open(files)?, Scoring::read(files)?, device);
        let all = Members::read(files)?;
        let how = all.as_ref().map_or(EnsembleRule::Mean, |all| all.how);
        let members: Vec<_> = match all {
            None => vec![one(files)?],
            Some(all) => all.members.iter().map(|name| one(&files.within(name))).collect::<Result<_, _>>()?,
        };
        Self::new(members, how).map_err(|e| FormatError::content(&files.root(), "members", e.to_string()))
    }

    /// Writes a Hugging Face folder with `reward.json`; of several members, such folders `1`, `2`, … and
    /// `ensemble.json`. `place`: writes a folder within.
    ///
    /// # Errors
    /// [`FileError`] names the file.
    #[cfg(feature = "run")]
    pub fn save(
        &self,
        folder: &Path,
        tokenizer: &AnyTokenizer,
        place: impl Fn(&Path, &dyn Fn(&Path) -> Result<(), FileError>) -> Result<(), FileError>,
    ) -> Result<(), FileError> {
        let write = |at: &Path, member: &NormalizedReward<Member>| {
            member.reward.model().save(at, tokenizer)?;
            Ok(Scoring::new(member.scale, member.reward.rule()).write(at)?)
        };
        if let [only] = self.ensemble.members() {
            return write(folder, only);
        }
        let members: Vec<String> = (1..=self.members()).map(|n| n.to_string()).collect();
        for (name, member) in members.iter().zip(self.ensemble.members()) {
            place(&folder.join(name), &|at| write(at, member))?;
        }
        rlhf_models::save_tokenizer_in(folder, tokenizer)?;
        Ok(Members { how: self.how, members }.write(folder)?)
    }

    /// The rule that makes one score of the members'.
    pub fn rule(&self) -> EnsembleRule {
        self.how
    }

    /// The number of members.
    pub fn members(&self) -> usize {
        self.ensemble.members().len()
    }

    /// Iterates over the members, each with what makes a reward of its score.
    pub fn normalized(&self) -> impl Iterator<Item = &NormalizedReward<Member>> {
        self.ensemble.members().iter()
    }

    /// Iterates over the networks, at least one.
    pub fn models(&self) -> impl Iterator<Item = &Model> {
        self.ensemble.members().iter().map(|member| member.reward.model())
    }

    /// Iterates over the networks, for scoring one by one.
    pub fn models_mut(&mut self) -> impl Iterator<Item = &mut Model> {
        self.ensemble.members_mut().iter_mut().map(|member| member.reward.model_mut())
    }

    /// The first member's network.
    pub fn model(&self) -> &Model {
        // `new` has seen to it that there is one.
        self.ensemble.members()[0].reward.model()
    }

    /// A critic that starts as the first member: its value after the last token of a text is the text's reward,
    /// by that member. A process reward model's reward, of one step, is a probability times the gain, which no
    /// scalar head says of a logit: its critic starts with the tangent at a probability of ½.
    ///
    /// # Errors
    /// The device's own.
    pub fn critic(&self) -> Result<Model, EngineError> {
        let NormalizedReward { reward, scale: RewardScale { gain, bias } } = &self.ensemble.members()[0];
        let scale = match reward {
            Member::Whole(_) => RewardScale { gain: *gain, bias: *bias },
            Member::Steps(_) => RewardScale { gain: gain / 4.0, bias: bias + gain / 2.0 },
        };
        reward.model().with_scaled_head(&scale)
    }

    /// Returns how far the members disagreed on the texts scored since the last call; nothing of a single member.
    pub fn take_disagreement(&mut self) -> Disagreement {
        let seen = core::mem::take(&mut self.ensemble.disagreement);
        if self.members() > 1 { seen } else { Disagreement::default() }
    }
}

impl Reward for Scorer {
    type Error = EngineError;

    async fn score(&mut self, sequences: Ragged<'_>, out: &mut [f32]) -> Result<(), EngineError> {
        self.ensemble.score(sequences, out).await
    }
}

fn member(
    opened: &Opened,
    scoring: Scoring,
    device: &Device,
) -> Result<NormalizedReward<Member>, FormatError> {
    let path = &opened.path;
    let architecture = opened.architecture.clone();
    if !architecture.scalar {
        let reason = "a language model, which gives no rewards: want a scalar head";
        return Err(FormatError::content(path, "network", reason));
    }
    let (weights, _) = opened.weights(&architecture)?;
    let model = Model::from_weights(device, architecture, weights)
        .map_err(|e| FormatError::content(path, "network", e.to_string()))?;
    let scale = scoring.scale();
    Ok(NormalizedReward { reward: Member::new(model, scoring.steps), scale })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::now;
    use rlhf_core::model::Architecture;
    use rlhf_core::rewards::StepScore;
    use rlhf_core::roles::Critic;

    /// A reward model of 11 tokens, in units of reward.
    fn scaled(seed: u64, scale: RewardScale, steps: Option<StepRule>) -> NormalizedReward<Member> {
        let body = Model::random(&Device::default(), Architecture::gpt2(11, 8, 8, 1, 2), seed).unwrap();
        let model = body.with_scalar_head(0.5, seed).unwrap();
        NormalizedReward { reward: Member::new(model, steps), scale }
    }

    /// The rewards of three texts, and a critic's values after their last tokens.
    fn rewards_and_values(scorer: &mut Scorer) -> [[f32; 3]; 2] {
        let texts = Ragged::new(&[3, 1, 4, 1, 5, 9, 2, 6], &[1, 4, 8]).unwrap();
        let (mut rewards, mut values) = ([0.0; 3], [0.0; 8]);
        let mut critic = scorer.critic().unwrap();
        now(async {
            scorer.score(texts, &mut rewards).await.unwrap();
            critic.values(texts, &mut values).await.unwrap();
            Ok(())
        })
        .unwrap();
        [rewards, [values[0], values[3], values[7]]]
    }

    #[test]
    fn a_critic_starts_with_the_rewards_of_the_reward_model() {
        let scale = RewardScale { gain: 1.7, bias: -2.3 };
        let mut one = Scorer::new(vec![scaled(1, scale, None)], EnsembleRule::Mean).unwrap();
        let [rewards, values] = rewards_and_values(&mut one);
        assert!(rewards.iter().zip(values).all(|(r, v)| (r - v).abs() < 1e-5), "{rewards:?} {values:?}");
        assert!(rewards.iter().any(|r| (r - rewards[0]).abs() > 0.1), "the texts differ");
        // Of several, the first one's.
        let other = scaled(2, RewardScale::default(), None);
        let both = vec![scaled(1, scale, None), other];
        let [_, of_first] = rewards_and_values(&mut Scorer::new(both, EnsembleRule::Mean).unwrap());
        assert_eq!(of_first, values);
    }

    #[test]
    fn a_critic_of_a_process_reward_model_starts_near_its_rewards() {
        let scale = RewardScale { gain: 2.0, bias: -0.5 };
        // The last token is the only step of each text.
        let rule = StepRule { end: 10, after: Vec::new(), how: StepScore::Min };
        let mut scorer = Scorer::new(vec![scaled(1, scale, Some(rule))], EnsembleRule::Mean).unwrap();
        let [rewards, values] = rewards_and_values(&mut scorer);
        for (reward, value) in rewards.iter().zip(values) {
            let logit = 2.0 * (value - 0.5);
            let curve = logit.powi(3) / 24.0;
            assert!((reward - value).abs() <= curve.abs() + 1e-5, "{reward} {value}");
        }
    }
}
