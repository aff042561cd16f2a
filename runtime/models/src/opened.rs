//! A model file that was opened.

use crate::FormatError;
use core::cell::RefCell;
use rlhf_core::model::{Architecture, Checkpoint, CheckpointError, flat};
use std::collections::BTreeSet;
use std::path::PathBuf;

/// A model file that has been opened and understood, its weights not yet read.
pub struct Opened {
    /// The model's file or folder.
    pub path: PathBuf,
    /// The network that it holds. Its dropout is 0: that is the trainer's choice.
    pub architecture: Architecture,
    /// Its tensors, under Hugging Face's names.
    pub checkpoint: Box<dyn Checkpoint>,
    /// The names of all tensors, where the file has names.
    pub(crate) names: Vec<String>,
}

/// Tensors that a network does without: masks and tables that are made anew, and heads that a task of another kind
/// needs.
const SPARE: [&str; 6] = [
    ".attn.bias",
    ".attn.masked_bias",
    ".rotary_emb.inv_freq",
    "lm_head.weight",
    "score.weight",
    "score.bias",
];

impl Opened {
    /// The weights for `architecture`, usually [`Self::architecture`] or the same
    /// [`Architecture::with_scalar`], and the tensors that the file does not hold; see
    /// [`rlhf_core::model::flat`].
    ///
    /// # Errors
    /// Names the file and the tensor: one that is missing, of another shape, not finite, or one that the network
    /// has no place for, so that the file holds another network than its configuration's.
    pub fn weights(&self, architecture: &Architecture) -> Result<(Vec<f32>, Vec<String>), FormatError> {
        let watched = Watched { checkpoint: self.checkpoint.as_ref(), read: RefCell::default() };
        let weights =
            flat(architecture, &watched).map_err(|error| FormatError::checkpoint(&self.path, error))?;
        let read = watched.read.into_inner();
        let spare = |name: &str| SPARE.iter().any(|end| name.ends_with(end)) || name.starts_with("v_head.");
        match self.names.iter().find(|name| !read.contains(*name) && !spare(name)) {
            Some(tensor) => {
                let reason = "the network of the configuration has no place for it: they are of two models";
                Err(FormatError::content(&self.path, format!("tensor {tensor:?}"), reason))
            }
            None => Ok(weights),
        }
    }
}

/// A checkpoint that knows what was read of it, and gives no number that is not finite.
struct Watched<'a> {
    checkpoint: &'a dyn Checkpoint,
    read: RefCell<BTreeSet<String>>,
}

impl Checkpoint for Watched<'_> {
    fn shape(&self, name: &str) -> Option<Vec<usize>> {
        self.checkpoint.shape(name)
    }

    fn read(&self, name: &str, out: &mut [f32]) -> Result<(), CheckpointError> {
        self.checkpoint.read(name, out)?;
        self.read.borrow_mut().insert(name.into());
        match out.iter().find(|x| !x.is_finite()) {
            Some(x) => {
                let reason = format!("it holds {x}: it is damaged, or its training diverged");
                Err(CheckpointError::Unreadable { tensor: name.into(), reason })
            }
            None => Ok(()),
        }
    }
}
