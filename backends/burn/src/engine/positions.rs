//! Positions of a batch that outputs are read at.

use rlhf_core::{Batch, Ragged};

/// The positions of a batch's owed tokens, and their ids.
pub(crate) fn owed(batch: Batch<'_>) -> (Vec<usize>, Vec<u32>) {
    let tokens = batch.sequences().tokens();
    (0..tokens.len()).filter(|&t| batch.owed()[t]).map(|t| (t, tokens[t])).unzip()
}

/// The position of each sequence's last token.
pub(crate) fn last_tokens(sequences: Ragged<'_>) -> Vec<usize> {
    sequences.ends().iter().map(|end| end - 1).collect()
}
