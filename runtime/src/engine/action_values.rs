//! Action values that guide a policy, beside its network.

#[cfg(feature = "run")]
use super::FileError;
use super::Model;
use rlhf_core::model::Architecture;
use rlhf_models::{Files, FormatError, Safetensors, read_numbers};
#[cfg(feature = "run")]
use rlhf_models::{write_json, write_numbers};
use serde::{Deserialize, Serialize};

/// The name of their settings in a policy's folder.
const SETTINGS: &str = "values.json";
/// The name of their weights in a policy's folder.
const WEIGHTS: &str = "values.safetensors";
/// The heads.
const HEADS: [&str; 2] = ["head-1", "head-2"];

/// ILQL's value of each next token, and how strongly it guides a policy.
#[derive(Clone, Debug)]
pub struct ActionValues {
    /// Networks whose logits are action values; the smaller counts.
    pub heads: [Model; 2],
    /// The strength of the guidance, in nats per unit of reward.
    pub beta: f64,
    /// The policy's so many likeliest tokens come into question; 0: all.
    pub top_k: u32,
}

/// The settings beside the weights.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    beta: f64,
    top_k: u32,
}

impl ActionValues {
    /// The shape of a head on a policy of that shape: its rows are its own, not the embedding's.
    pub fn architecture(policy: &Architecture) -> Architecture {
        Architecture { tied: false, scalar: false, dropout: 0.0, ..policy.clone() }
    }

    /// Writes them into a policy's folder, as `values.json` and `values.safetensors`.
    ///
    /// # Errors
    /// [`FileError`] names the file.
    #[cfg(feature = "run")]
    pub fn save(&self, folder: &std::path::Path) -> Result<(), FileError> {
        write_json(&folder.join(SETTINGS), &Settings { beta: self.beta, top_k: self.top_k })?;
        let [first, second] = HEADS;
        let path = folder.join(WEIGHTS);
        let [of_first, of_second] = &self.heads;
        Ok(write_numbers(&path, &[(first, &of_first.weights()?), (second, &of_second.weights()?)])?)
    }

    /// Reads those of a policy's folder; `None` where it has none.
    ///
    /// # Errors
    /// [`FormatError`] names the file, and what in it does not fit the policy.
    pub fn open(files: &Files, policy: &Model) -> Result<Option<Self>, FormatError> {
        let (settings_path, path) = (files.path(SETTINGS), files.path(WEIGHTS));
        if !files.has(SETTINGS) {
            return Ok(None);
        }
        let fault = |reason: String| FormatError::content(&settings_path, "beta and top_k", reason);
        let settings: Settings =
            serde_json::from_str(&files.text(SETTINGS, 1 << 16)?).map_err(|e| fault(e.to_string()))?;
        if !settings.beta.is_finite() {
            return Err(fault("not finite".into()));
        }
        let file = Safetensors::open_in(files, WEIGHTS)?;
        let architecture = Self::architecture(policy.architecture());
        let head = |name| {
            let weights = read_numbers(&file, &path, name, architecture.parameters())?;
            Model::from_weights(&policy.device(), architecture.clone(), weights)
                .map_err(|e| FormatError::content(&path, format!("list {name:?}"), e.to_string()))
        };
        let [first, second] = HEADS;
        let Settings { beta, top_k } = settings;
        Ok(Some(Self { heads: [head(first)?, head(second)?], beta, top_k }))
    }
}

#[cfg(all(test, feature = "run"))]
mod tests {
    use super::*;
    use crate::engine::Device;

    #[test]
    fn what_is_saved_is_read_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let files = Files::folder(folder.path());
        let of = |architecture, seed| Model::random(&Device::default(), architecture, seed).unwrap();
        let policy = of(Architecture::gpt2(7, 8, 4, 1, 2), 1);
        assert!(ActionValues::open(&files, &policy).unwrap().is_none());
        let head = |seed| of(ActionValues::architecture(policy.architecture()), seed);
        let saved = ActionValues { heads: [head(2), head(3)], beta: 1.5, top_k: 3 };
        saved.save(folder.path()).unwrap();
        let read = ActionValues::open(&files, &policy).unwrap().unwrap();
        assert_eq!((read.beta, read.top_k), (1.5, 3));
        for (a, b) in read.heads.iter().zip(&saved.heads) {
            assert_eq!(a.weights(), b.weights());
        }
        let wider = of(Architecture::gpt2(7, 8, 6, 1, 2), 1);
        let error = ActionValues::open(&files, &wider).unwrap_err().to_string();
        assert!(error.contains("head-1") && error.contains(WEIGHTS), "{error}");
        for text in ["{}", r#"{"beta": null, "top_k": 0}"#, r#"{"beta": 1, "top_k": 0, "more": 1}"#] {
            std::fs::write(folder.path().join(SETTINGS), text).unwrap();
            assert!(ActionValues::open(&files, &policy).unwrap_err().to_string().contains(SETTINGS));
        }
    }
}
