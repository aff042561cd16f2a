//! A change of the profile.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A setting of the profile that a configuration changes.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Its name, or that of a part of it, such as `ppo.controller.fixed.beta`.
    pub setting: String,
    /// Its new value, or those of some of its parts.
    pub value: Value,
    /// True if parts that the value does not name are removed.
    pub whole: bool,
}

/// A setting that is not the profile's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Override {
    /// The setting.
    pub setting: String,
    /// The profile's value; null where it gives none. Of a key of the configuration, which the
    /// command line changed: the file's, or its default.
    pub paper: Value,
    /// The value here.
    pub here: Value,
    /// The reason; empty where none is given.
    pub reason: String,
}
