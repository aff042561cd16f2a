//! Memory of a size that is known at run time.

use alloc::vec;
use alloc::vec::Vec;
use core::ops::{Deref, DerefMut};
use rlhf_kernels::memory::{Sixteen, bytes, bytes_mut};

/// Bytes that begin at a multiple of 16: a model file that was read, or an arena.
///
/// ```
/// use rlhf_scorer::{Buffer, Model, Scorer, arena_bytes};
/// # let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tiny.rlhf");
/// let file = Buffer::from(&std::fs::read(path)?[..]);
/// let model = Model::new(&file)?;
/// let context = model.shape().context as usize;
/// let mut arena = Buffer::zeros(arena_bytes(&model.shape(), context));
/// let score = Scorer::of(model, context, &mut arena)?.score("Thank you.")?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Buffer {
    blocks: Vec<Sixteen>,
    len: usize,
}

impl Buffer {
    /// Creates one of `len` zeros.
    pub fn zeros(len: usize) -> Self {
        Self { blocks: vec![Sixteen::default(); len.div_ceil(16)], len }
    }
}

impl From<&[u8]> for Buffer {
    fn from(from: &[u8]) -> Self {
        let mut buffer = Self::zeros(from.len());
        buffer.copy_from_slice(from);
        buffer
    }
}

impl Deref for Buffer {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &bytes(&self.blocks)[..self.len]
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut bytes_mut(&mut self.blocks)[..self.len]
    }
}
