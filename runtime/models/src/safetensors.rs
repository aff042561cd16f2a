//! Safetensors: an 8-byte header length, a JSON header, and the numbers.

use crate::bytes::Source;
use crate::{Files, FormatError};
use ::safetensors::tensor::{Dtype, Metadata};
use half::{bf16, f16};
use rlhf_core::model::{Checkpoint, CheckpointError};
use std::path::Path;

/// The longest header that the format allows.
const LONGEST_HEADER: u64 = 100_000_000;

/// An open safetensors file. Tensors of f32, f16 and bf16 are read as f32, one at a time, so that a
/// model is in memory once.
pub struct Safetensors {
    source: Source,
    metadata: Metadata,
    /// The place of the first number.
    start: u64,
}

impl Safetensors {
    /// Opens a file and checks its header against its length.
    ///
    /// # Errors
    /// It cannot be read, or is no whole safetensors file.
    pub fn open(path: &Path) -> Result<Self, FormatError> {
        Self::new(Source::open(path)?, path)
    }

    /// Opens the file `name` among `files`.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_in(files: &Files, name: &str) -> Result<Self, FormatError> {
        Self::new(files.source(name)?, &files.path(name))
    }

    fn new(source: Source, path: &Path) -> Result<Self, FormatError> {
        let fault = |reason: String| FormatError::content(path, "safetensors header", reason);
        let mut length = [0; 8];
        source.read(0, &mut length).map_err(|e| fault(format!("the file is cut off ({e})")))?;
        let length = u64::from_le_bytes(length);
        if length > LONGEST_HEADER.min(source.len().saturating_sub(8)) {
            return Err(fault(format!("its length {length} is beyond the file or 100 MB")));
        }
        let mut header = vec![0; length as usize];
        source.read(8, &mut header).map_err(|e| FormatError::io(path, e))?;
        let metadata: Metadata = serde_json::from_slice(&header).map_err(|e| fault(e.to_string()))?;
        let start = 8 + length;
        let want = start.checked_add(metadata.data_len() as u64);
        if want != Some(source.len()) {
            return Err(fault(format!(
                "the file has {} bytes, its tensors need {}: was it cut off?",
                source.len(),
                want.unwrap_or(u64::MAX)
            )));
        }
        Ok(Self { source, metadata, start })
    }

    /// The names of all tensors.
    pub fn names(&self) -> Vec<String> {
        self.metadata.offset_keys()
    }
}

impl Checkpoint for Safetensors {
    fn shape(&self, name: &str) -> Option<Vec<usize>> {
        Some(self.metadata.info(name)?.shape.clone())
    }

    fn read(&self, name: &str, out: &mut [f32]) -> Result<(), CheckpointError> {
        let tensor = || name.to_string();
        let unreadable = |reason: String| CheckpointError::Unreadable { tensor: tensor(), reason };
        let info = self.metadata.info(name).ok_or_else(|| CheckpointError::Missing { tensor: tensor() })?;
        if info.shape.iter().product::<usize>() != out.len() {
            let (want, got) = (vec![out.len()], info.shape.clone());
            return Err(CheckpointError::Shape { tensor: tensor(), want, got });
        }
        let offset = self.start + info.data_offsets.0 as u64;
        match info.dtype {
            Dtype::F32 => self.source.numbers(offset, out, f32::from_le_bytes),
            Dtype::F16 => self.source.numbers(offset, out, |b| f16::from_le_bytes(b).to_f32()),
            Dtype::BF16 => self.source.numbers(offset, out, |b| bf16::from_le_bytes(b).to_f32()),
            other => {
                let reason = format!("numbers of type {other:?}; convert it to F32, F16 or BF16");
                return Err(unreadable(reason));
            }
        }
        .map_err(|e| unreadable(e.to_string()))
    }
}

#[cfg(all(test, feature = "write"))]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rlhf_core::model::Architecture;
    use rlhf_core::model::flat;

    fn write(folder: &Path) -> (Architecture, Vec<f32>, std::path::PathBuf) {
        let a = Architecture::gpt2(5, 4, 4, 1, 2).with_scalar();
        let weights: Vec<f32> = (0..a.parameters()).map(|i| i as f32 - 7.5).collect();
        let path = folder.join("model.safetensors");
        Safetensors::write(&path, &a, &weights).unwrap();
        (a, weights, path)
    }

    #[test]
    fn what_is_written_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let (a, weights, path) = write(folder.path());
        let file = Safetensors::open(&path).unwrap();
        assert_eq!(flat(&a, &file).unwrap(), (weights, vec![]));
        // Others may read it, as far as the umask lets them.
        let plain = folder.path().join("plain");
        std::fs::write(&plain, "").unwrap();
        let mode = |p: &Path| std::fs::metadata(p).unwrap().permissions();
        assert_eq!(mode(&path), mode(&plain));
        std::fs::remove_file(&plain).unwrap();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
    }

    #[test]
    fn short_floats_are_widened_and_integers_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.safetensors");
        let header = concat!(
            r#"{"a":{"dtype":"F16","shape":[2],"data_offsets":[0,4]},"#,
            r#""b":{"dtype":"BF16","shape":[1],"data_offsets":[4,6]},"#,
            r#""c":{"dtype":"I8","shape":[2],"data_offsets":[6,8]}}"#
        );
        let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
        bytes.extend_from_slice(header.as_bytes());
        for x in [f16::from_f32(1.5), f16::from_f32(-2.0)] {
            bytes.extend_from_slice(&x.to_le_bytes());
        }
        bytes.extend_from_slice(&bf16::from_f32(3.0).to_le_bytes());
        bytes.extend_from_slice(&[1, 2]);
        std::fs::write(&path, bytes).unwrap();
        let file = Safetensors::open(&path).unwrap();
        let mut two = [0.0; 2];
        file.read("a", &mut two).unwrap();
        assert_eq!(two, [1.5, -2.0]);
        file.read("b", &mut two[..1]).unwrap();
        assert_eq!(two[0], 3.0);
        assert_eq!(
            file.read("c", &mut two).unwrap_err().to_string(),
            r#"tensor "c": numbers of type I8; convert it to F32, F16 or BF16"#
        );
        assert!(file.read("b", &mut two).is_err());
        assert!(file.read("d", &mut two).is_err());
    }

    #[test]
    fn every_truncation_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let (_, _, path) = write(folder.path());
        let whole = std::fs::read(&path).unwrap();
        for end in (0..whole.len()).step_by(7) {
            std::fs::write(&path, &whole[..end]).unwrap();
            let error = Safetensors::open(&path).err().expect("a part is no whole").to_string();
            assert!(error.contains("model.safetensors"), "{error}");
        }
    }

    proptest! {
        #[test]
        fn damage_is_an_error_or_other_numbers(
            flips in prop::collection::vec((any::<prop::sample::Index>(), 0u8..8), 1..4),
        ) {
            let folder = tempfile::tempdir().unwrap();
            let (a, _, path) = write(folder.path());
            let mut bytes = std::fs::read(&path).unwrap();
            // The header is where damage can mislead.
            let header = 8 + u64::from_le_bytes(*bytes.first_chunk().unwrap()) as usize;
            for (at, bit) in flips {
                bytes[at.index(header)] ^= 1 << bit;
            }
            std::fs::write(&path, bytes).unwrap();
            if let Ok(file) = Safetensors::open(&path) {
                let _ = flat(&a, &file);
            }
        }
    }
}
