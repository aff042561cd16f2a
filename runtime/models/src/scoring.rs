//! The files that turn a reward model's outputs into rewards.

#[cfg(feature = "write")]
use crate::write_json;
use crate::{Files, FormatError};
use rlhf_core::rewards::{EnsembleRule, RewardScale, StepScore};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// The scale of a reward model's outputs: `reward.json` in its folder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scoring {
    /// The factor of a score.
    pub gain: f64,
    /// The summand after the gain, in units of reward.
    pub bias: f64,
    /// The rule of a process reward model that turns the scores of steps into one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steps: Option<StepRule>,
}

/// The rule by which a process reward model scores a text: see [`rlhf_core::rewards::Steps`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepRule {
    /// The token that ends a step.
    pub end: u32,
    /// The tokens after which an answer begins.
    pub after: Vec<u32>,
    /// The way in which the scores of steps become one.
    pub how: StepScore,
}

/// An ensemble of reward models: `ensemble.json` in the folder that holds their folders.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Members {
    /// The rule that makes one score of theirs.
    pub how: EnsembleRule,
    /// The names of their folders.
    pub members: Vec<String>,
}

const SCORING: &str = "reward.json";
const MEMBERS: &str = "ensemble.json";
/// The most members that are read.
const MOST: usize = 64;

impl Default for Scoring {
    fn default() -> Self {
        Self::new(RewardScale::default(), None)
    }
}

impl Scoring {
    /// A gain and a bias, and of a process reward model how steps make a score.
    pub fn new(scale: RewardScale, steps: Option<StepRule>) -> Self {
        Self { gain: scale.gain, bias: scale.bias, steps }
    }

    /// Returns gain and bias.
    pub fn scale(&self) -> RewardScale {
        RewardScale { gain: self.gain, bias: self.bias }
    }

    /// Reads a reward model's folder; without `reward.json`, scores are rewards.
    ///
    /// # Errors
    /// [`FormatError`] names the file, and what in it is no finite number.
    pub fn read(files: &Files) -> Result<Self, FormatError> {
        let path = files.path(SCORING);
        let Some(scoring) = read::<Self>(files, SCORING)? else { return Ok(Self::default()) };
        if scoring.gain.is_finite() && scoring.bias.is_finite() {
            Ok(scoring)
        } else {
            Err(FormatError::content(&path, "gain and bias", "not finite"))
        }
    }

    /// Writes `reward.json` into a reward model's folder.
    ///
    /// # Errors
    /// [`FormatError`] names the file.
    #[cfg(feature = "write")]
    pub fn write(&self, folder: &Path) -> Result<(), FormatError> {
        write_json(&folder.join(SCORING), self)
    }
}

impl Members {
    /// Reads an ensemble's folder; `None` where it is none.
    ///
    /// # Errors
    /// [`FormatError`] names the file, and the member that is no folder's name.
    pub fn read(files: &Files) -> Result<Option<Self>, FormatError> {
        let path = files.path(MEMBERS);
        let Some(all) = read::<Self>(files, MEMBERS)? else { return Ok(None) };
        let fault = |reason: String| FormatError::content(&path, "members", reason);
        if all.members.is_empty() || all.members.len() > MOST {
            return Err(fault(format!("want 1 to {MOST}, got {}", all.members.len())));
        }
        // A file from elsewhere must not lead out of its folder.
        let plain = |name: &&String| Path::new(name).components().count() != 1 || name.starts_with('.');
        match all.members.iter().find(plain) {
            Some(name) => Err(fault(format!("{name:?} is no folder's name"))),
            None => Ok(Some(all)),
        }
    }

    /// Writes `ensemble.json`.
    ///
    /// # Errors
    /// [`FormatError`] names the file.
    #[cfg(feature = "write")]
    pub fn write(&self, folder: &Path) -> Result<(), FormatError> {
        write_json(&folder.join(MEMBERS), self)
    }
}

/// A small file, if it is there.
fn read<T: DeserializeOwned>(files: &Files, name: &str) -> Result<Option<T>, FormatError> {
    if !files.has(name) {
        return Ok(None);
    }
    let fault = |e: serde_json::Error| FormatError::content(&files.path(name), "content", e.to_string());
    serde_json::from_str(&files.text(name, 1 << 16)?).map(Some).map_err(fault)
}

#[cfg(all(test, feature = "write"))]
mod tests {
    use super::*;

    #[test]
    fn what_is_saved_is_read_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let (scoring, path) = (|| Scoring::read(&Files::folder(folder.path())), folder.path().join(SCORING));
        assert_eq!(scoring().unwrap(), Scoring::default());
        let scale = RewardScale { gain: 0.1 + 0.2, bias: -1e-7 };
        for steps in [None, Some(StepRule { end: 10, after: vec![7, 8], how: StepScore::Min })] {
            let saved = Scoring::new(scale, steps);
            saved.write(folder.path()).unwrap();
            assert_eq!((scoring().unwrap(), saved.scale()), (saved, scale));
        }
        for text in [
            "{}",
            "",
            r#"{"gain": "1", "bias": 0}"#,
            r#"{"gain": 1, "bias": null}"#,
            r#"{"gain": 1, "bias": 0, "a": 1}"#,
        ] {
            std::fs::write(&path, text).unwrap();
            assert!(scoring().unwrap_err().to_string().contains(SCORING), "{text}");
        }
    }

    #[test]
    fn members_are_folders_within() {
        let folder = tempfile::tempdir().unwrap();
        let members = || Members::read(&Files::folder(folder.path()));
        assert_eq!(members().unwrap(), None);
        let name = |name: &str| Members { how: EnsembleRule::Min, members: vec!["1".into(), name.into()] };
        name("2").write(folder.path()).unwrap();
        assert_eq!(members().unwrap(), Some(name("2")));
        for bad in ["../2", ".", "a/b", "/etc", ""] {
            name(bad).write(folder.path()).unwrap();
            assert!(members().unwrap_err().to_string().contains("no folder's name"), "{bad}");
        }
    }
}
