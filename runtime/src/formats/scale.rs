//! What turns a reward model's scores into rewards, beside the model.

use super::{FormatError, read_at_most, write_json};
use rlhf_core::maths::RewardScale;
use std::path::Path;

/// Its name in a reward model's folder.
const NAME: &str = "reward.json";

/// Writes gain and bias into a reward model's folder, as `reward.json`.
///
/// # Errors
/// [`FormatError`] names the file.
pub fn save_scale(folder: &Path, scale: &RewardScale) -> Result<(), FormatError> {
    write_json(&folder.join(NAME), scale)
}

/// Reads gain and bias from a reward model's folder; without `reward.json`, scores are rewards.
///
/// # Errors
/// [`FormatError`] names the file, and what in it is no finite number.
pub fn scale(folder: &Path) -> Result<RewardScale, FormatError> {
    let path = folder.join(NAME);
    if !path.exists() {
        return Ok(RewardScale::default());
    }
    let fault = |reason: String| FormatError::content(&path, "gain and bias", reason);
    let scale: RewardScale =
        serde_json::from_slice(&read_at_most(&path, 1 << 16)?).map_err(|e| fault(e.to_string()))?;
    if scale.gain.is_finite() && scale.bias.is_finite() { Ok(scale) } else { Err(fault("not finite".into())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_saved_is_read_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(scale(folder.path()).unwrap(), RewardScale::default());
        let saved = RewardScale { gain: 0.1 + 0.2, bias: -1e-7 };
        save_scale(folder.path(), &saved).unwrap();
        assert_eq!(scale(folder.path()).unwrap(), saved);
        for text in ["{}", "", r#"{"gain": "1", "bias": 0}"#, r#"{"gain": 1, "bias": null}"#] {
            std::fs::write(folder.path().join(NAME), text).unwrap();
            assert!(scale(folder.path()).unwrap_err().to_string().contains(NAME), "{text}");
        }
    }
}
