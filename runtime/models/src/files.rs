//! The files of a model: a folder on disk, or bytes in memory by name.

use crate::FormatError;
use crate::bytes::{Source, read_at_most};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The files of a model: a folder on disk, or bytes in memory by name, where there is no file system.
///
/// ```
/// let files = rlhf_models::Files::memory([("config.json", b"{}".as_slice())]);
/// assert!(files.has("config.json") && !files.has("model.safetensors"));
/// // An error names the file, as on disk.
/// let error = rlhf_models::huggingface::open(&files).err().unwrap().to_string();
/// assert!(error.starts_with("config.json"), "{error}");
/// ```
#[derive(Clone, Debug)]
pub struct Files {
    place: Place,
}

#[derive(Clone, Debug)]
enum Place {
    Folder(PathBuf),
    /// All files in memory, and the prefix of the names that are meant.
    Memory(Arc<BTreeMap<String, Arc<[u8]>>>, String),
}

impl Files {
    /// The files in a folder.
    pub fn folder(path: &Path) -> Self {
        Self { place: Place::Folder(path.into()) }
    }

    /// Files in memory by their names, as they are in the folder; those of a folder within it have names
    /// such as `1/config.json`.
    pub fn memory<N: Into<String>, B: Into<Arc<[u8]>>>(files: impl IntoIterator<Item = (N, B)>) -> Self {
        let files = files.into_iter().map(|(name, bytes)| (name.into(), bytes.into())).collect();
        Self { place: Place::Memory(Arc::new(files), String::new()) }
    }

    /// The files in the folder `name` within this one.
    pub fn within(&self, name: &str) -> Self {
        let place = match &self.place {
            Place::Folder(path) => Place::Folder(path.join(name)),
            Place::Memory(files, prefix) => Place::Memory(files.clone(), format!("{prefix}{name}/")),
        };
        Self { place }
    }

    /// The path of the file `name`, for messages.
    pub fn path(&self, name: &str) -> PathBuf {
        match &self.place {
            Place::Folder(path) => path.join(name),
            Place::Memory(_, prefix) => format!("{prefix}{name}").into(),
        }
    }

    /// The path of the folder, for messages.
    pub fn root(&self) -> PathBuf {
        match &self.place {
            Place::Folder(path) => path.clone(),
            Place::Memory(_, prefix) if prefix.is_empty() => "files in memory".into(),
            Place::Memory(_, prefix) => prefix.into(),
        }
    }

    /// Returns whether there is a file `name`.
    pub fn has(&self, name: &str) -> bool {
        match &self.place {
            Place::Folder(path) => path.join(name).exists(),
            Place::Memory(files, prefix) => files.contains_key(&format!("{prefix}{name}")),
        }
    }

    /// Reads the file `name`, of at most `most` bytes.
    ///
    /// # Errors
    /// [`FormatError`] names the file: it is not there, cannot be read, or is larger.
    pub fn read(&self, name: &str, most: u64) -> Result<Vec<u8>, FormatError> {
        match self.bytes(name)? {
            None => read_at_most(&self.path(name), most),
            Some(bytes) if bytes.len() as u64 > most => {
                Err(FormatError::content(&self.path(name), "size", format!("want at most {most} bytes")))
            }
            Some(bytes) => Ok(bytes.to_vec()),
        }
    }

    /// Reads the file `name` as text of at most `most` bytes, without the mark (U+FEFF) that some editors put before
    /// it.
    ///
    /// # Errors
    /// As [`Self::read`]; or it is no UTF-8.
    pub fn text(&self, name: &str, most: u64) -> Result<String, FormatError> {
        let mut text = String::from_utf8(self.read(name, most)?).map_err(|e| {
            let place = format!("byte {}", e.utf8_error().valid_up_to());
            FormatError::content(&self.path(name), place, "it is no UTF-8")
        })?;
        if text.starts_with('\u{feff}') {
            text.drain(..'\u{feff}'.len_utf8());
        }
        Ok(text)
    }

    /// Opens the file `name`, to be read in parts.
    pub(crate) fn source(&self, name: &str) -> Result<Source, FormatError> {
        match self.bytes(name)? {
            None => Source::open(&self.path(name)),
            Some(bytes) => Ok(Source::memory(bytes)),
        }
    }

    /// The file's bytes, where they are in memory.
    fn bytes(&self, name: &str) -> Result<Option<Arc<[u8]>>, FormatError> {
        let Place::Memory(files, prefix) = &self.place else { return Ok(None) };
        match files.get(&format!("{prefix}{name}")) {
            Some(bytes) => Ok(Some(bytes.clone())),
            None => Err(FormatError::io(&self.path(name), std::io::ErrorKind::NotFound.into())),
        }
    }
}
