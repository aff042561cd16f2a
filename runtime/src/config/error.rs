//! Errors of configurations.

use core::fmt;
use std::path::PathBuf;

/// A configuration that does not serve.
#[derive(Debug)]
#[non_exhaustive]
pub enum ConfigError {
    /// The configuration cannot be read, or does not parse.
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong, with the line and the key.
        reason: String,
    },
    /// A key does not exist.
    Unknown {
        /// Where it stands: the file and line, or the command line.
        place: String,
        /// Its name.
        key: String,
        /// The name that was meant, if one is near.
        nearest: Option<String>,
        /// The names that there are in its section.
        known: String,
    },
    /// A key or setting has a value that does not serve.
    Key {
        /// Where it stands: the file and line, or the command line.
        place: String,
        /// Its name.
        key: String,
        /// What is wrong, and what to do.
        reason: String,
    },
    /// A setting is unknown or out of range.
    Setting {
        /// Its name.
        setting: String,
        /// What is wrong, and what to do.
        reason: String,
    },
}

impl ConfigError {
    pub(crate) fn setting(setting: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Setting { setting: setting.into(), reason: reason.into() }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, reason } => write!(f, "{}: {reason}", path.display()),
            Self::Unknown { place, key, nearest: Some(near), .. } => {
                write!(f, "{place}: unknown key `{key}`: did you mean `{near}`?")
            }
            Self::Unknown { place, key, nearest: None, known } => {
                write!(f, "{place}: unknown key `{key}`; there are {known}")
            }
            Self::Key { place, key, reason } => write!(f, "{place}, {key}: {reason}"),
            Self::Setting { setting, reason } => write!(f, "setting {setting}: {reason}"),
        }
    }
}

impl core::error::Error for ConfigError {}
