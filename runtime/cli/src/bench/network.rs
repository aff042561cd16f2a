//! The networks that are timed.

use rlhf::models::{FormatError, open};
use rlhf_core::model::Architecture;
use std::path::Path;

/// A shape and its name. Weights are random: the speed does not depend on their values.
#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    name: String,
    architecture: Architecture,
}

impl Network {
    /// The names of [`Network::named`], smallest first.
    pub const NAMES: [&str; 3] = ["tiny", "small", "124M"];

    /// A network of GPT-2's family with a context of 1,024 tokens: `tiny` (128 wide, 4 layers, 4 heads, 512
    /// ids: a million weights), `small` (384, 6, 6, 4,096: 13 million) or `124M` (768, 12, 12, 50,257:
    /// GPT-2's smallest).
    pub fn named(name: &str) -> Option<Self> {
        let (vocabulary, width, layers, heads) = match name {
            "tiny" => (512, 128, 4, 4),
            "small" => (4096, 384, 6, 6),
            "124M" => (50_257, 768, 12, 12),
            _ => return None,
        };
        Some(Self {
            name: name.into(),
            architecture: Architecture::gpt2(vocabulary, 1024, width, layers, heads),
        })
    }

    /// The shape of a model in a file or folder, as [`open`] reads it, called after its path.
    ///
    /// # Errors
    /// [`FormatError`] names the file and what is wrong with it.
    pub fn like(path: &Path) -> Result<Self, FormatError> {
        // A scalar head is added where the work wants one.
        let architecture = Architecture { scalar: false, ..open(path)?.architecture };
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        Ok(Self { name, architecture })
    }

    /// Returns the network's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its shape.
    pub fn architecture(&self) -> &Architecture {
        &self.architecture
    }
}
