//! Positions of a batch that outputs are read at.

use rlhf_core::{Batch, Ragged};

/// The positions of a batch's loss tokens, and their ids.
pub(crate) fn loss_tokens(batch: Batch<'_>) -> (Vec<usize>, Vec<u32>) {
    let tokens = batch.sequences().tokens();
    (0..tokens.len()).filter(|&t| batch.loss_mask()[t]).map(|t| (t, tokens[t])).unzip()
}

/// The position of each sequence's last token.
pub(crate) fn last_tokens(sequences: Ragged<'_>) -> Vec<usize> {
    sequences.ends().iter().map(|end| end - 1).collect()
}
