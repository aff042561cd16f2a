//! The name of weights.

use sha2::{Digest, Sha256};

/// Returns the SHA-256 of weights as little-endian f32, in the order of
/// [`Architecture::tensors`](rlhf_core::model::Architecture::tensors), in hexadecimal.
pub fn weights_sha256(weights: &[f32]) -> String {
    let mut hash = Sha256::new();
    weights.iter().for_each(|w| hash.update(w.to_le_bytes()));
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
