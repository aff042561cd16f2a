//! Errors of configurations.

use core::fmt;
use std::path::PathBuf;

/// An error of a configuration.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The configuration cannot be read, or does not parse.
    #[error("{}: {reason}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The problem, with the line and the key.
        reason: String,
    },
    /// A key does not exist.
    #[error("{place}: unknown key `{key}`{}", hint(nearest.as_deref(), known))]
    Unknown {
        /// The place of the key: the file and line, or the command line.
        place: String,
        /// Its name.
        key: String,
        /// The name that was meant, if one is near.
        nearest: Option<String>,
        /// The names that there are in its section.
        known: String,
    },
    /// A key or setting has a value that is not allowed.
    #[error("{place}, {key}: {reason}")]
    Key {
        /// The place of the key: the file and line, or the command line.
        place: String,
        /// Its name.
        key: String,
        /// The problem, and the remedy.
        reason: String,
    },
    /// A setting is unknown or out of range.
    #[error("setting {setting}: {reason}")]
    Setting {
        /// Its name.
        setting: String,
        /// The problem, and the remedy.
        reason: String,
    },
}

/// The message, as it is displayed: a program whose `main` returns the error ends with what went wrong and what to do.
impl fmt::Debug for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl ConfigError {
    pub(crate) fn setting(setting: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Setting { setting: setting.into(), reason: reason.into() }
    }
}

/// The end of the message about an unknown key: the name that was probably meant, or all names that exist.
fn hint(nearest: Option<&str>, known: &str) -> String {
    match nearest {
        Some(near) => format!(": did you mean `{near}`?"),
        None => format!("; there are {known}"),
    }
}
