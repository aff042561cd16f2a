//! What step 2 leaves.

#[cfg(feature = "run")]
use super::FileError;
use super::{Device, EngineError, Model};
use rlhf_core::Ragged;
use rlhf_core::maths::{Disagreement, EnsembleRule};
#[cfg(feature = "run")]
use rlhf_core::model::tokenizer::AnyTokenizer;
use rlhf_core::rewards::{Ensemble, Steps};
use rlhf_core::roles::Reward;
use rlhf_models::{Files, FormatError, Members, Opened, Scoring, StepRule, huggingface};
use rlhf_train::Scaled;
use std::path::Path;

/// A reward model of whole answers, or of their steps.
#[derive(Clone, Debug)]
pub enum Member {
    /// By the score after the last token.
    Whole(Model),
    /// By the logits at the ends of steps.
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

    /// The same, to be asked.
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

/// What scores answers in step 3: a reward model, or several as one, in units of reward.
#[derive(Clone, Debug)]
pub struct Scorer {
    ensemble: Ensemble<Scaled<Member>>,
    how: EnsembleRule,
}

impl Scorer {
    /// Of one member or more.
    ///
    /// # Errors
    /// [`rlhf_core::Error::TooFew`] without a member; [`rlhf_core::Error::Range`] for the rule's setting.
    pub fn new(members: Vec<Scaled<Member>>, how: EnsembleRule) -> Result<Self, rlhf_core::Error> {
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
        let write = |at: &Path, member: &Scaled<Member>| {
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
        rlhf_models::save_tokenizer(&folder.join("tokenizer.rlhf"), tokenizer)?;
        Ok(Members { how: self.how, members }.write(folder)?)
    }

    /// How the members' scores make one.
    pub fn rule(&self) -> EnsembleRule {
        self.how
    }

    /// How many members there are.
    pub fn members(&self) -> usize {
        self.ensemble.members().len()
    }

    /// Their networks, of which there is one at least.
    pub fn models(&self) -> impl Iterator<Item = &Model> {
        self.ensemble.members().iter().map(|member| member.reward.model())
    }

    /// The same, to be asked one by one.
    pub fn models_mut(&mut self) -> impl Iterator<Item = &mut Model> {
        self.ensemble.members_mut().iter_mut().map(|member| member.reward.model_mut())
    }

    /// The first member's network, which a critic may start from.
    pub fn model(&self) -> &Model {
        // `new` has seen to it that there is one.
        self.ensemble.members()[0].reward.model()
    }

    /// How far the members disagreed on what was scored since the last call; nothing of one alone.
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

fn member(opened: &Opened, scoring: Scoring, device: &Device) -> Result<Scaled<Member>, FormatError> {
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
    Ok(Scaled { reward: Member::new(model, scoring.steps), scale })
}
