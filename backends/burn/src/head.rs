//! The vocabulary head: log-probabilities and entropies of owed tokens, and gradients back through it.
//!
//! The head is no part of the graph. Its logits are made for a tile of rows, read for their scalars and
//! dropped; once the objective has said what each scalar is worth, they are made again and pulled back by
//! the formula, `∂ ln p(a)/∂z = 1ₐ − p` and `∂H/∂z = −p·(ln p + H)`. So no more than a tile of them is
//! ever held.

use crate::Device;
use crate::padded::{indices, matrix};
use burn_tensor::activation::log_softmax;
use burn_tensor::{IndexingUpdateOp, Int, Tensor};
use core::ops::Range;

/// The most logits that are held at once: 64 MiB of them.
const TILE: usize = 1 << 24;

/// The rows of a pass that owe something.
pub(crate) struct Head {
    device: Device,
    /// The rows of the body's output that owed tokens are predicted from, `[owed]`.
    rows: Tensor<1, Int>,
    /// What lies there, `[owed, width]`.
    hidden: Tensor<2>,
    /// `[vocabulary, width]`.
    weight: Tensor<2>,
    temperature: f64,
    owed: usize,
    /// Rows whose logits are held at once.
    tile: usize,
    /// Log-probabilities of a pass that is one tile alone, which need not be made twice.
    kept: Option<Tensor<2>>,
}

/// Gradients on the other side of the head.
pub(crate) struct Pulled {
    /// The rows of the body's output that have one, `[owed]`.
    pub(crate) rows: Tensor<1, Int>,
    /// Theirs, `[owed, width]`.
    pub(crate) hidden: Tensor<2>,
    /// `[vocabulary, width]`.
    pub(crate) weight: Tensor<2>,
}

impl Head {
    /// The head `weight`, `[vocabulary, width]`, over `rows` of the body's output, `[.., width]`.
    pub(crate) fn new(
        device: &Device,
        output: Tensor<2>,
        rows: Vec<usize>,
        weight: Tensor<2>,
        temperature: f32,
    ) -> Self {
        let [vocabulary, _] = weight.dims();
        let (owed, tile, temperature) = (rows.len(), (TILE / vocabulary).max(1), temperature.into());
        let rows = indices(device, rows);
        let hidden = output.select(0, rows.clone());
        Self { device: device.clone(), rows, hidden, weight, temperature, owed, tile, kept: None }
    }

    /// Ranges of owed rows, of which each is a tile.
    pub(crate) fn tiles(&self) -> impl Iterator<Item = Range<usize>> + use<> {
        let (rows, owed) = (self.tile, self.owed);
        (0..owed.div_ceil(rows)).map(move |tile| tile * rows..((tile + 1) * rows).min(owed))
    }

    /// Logits of a tile, as the network gives them, `[rows, vocabulary]`.
    pub(crate) fn logits(&self, tile: &Range<usize>) -> Tensor<2> {
        self.hidden_of(tile).matmul(self.weight.clone().transpose())
    }

    fn hidden_of(&self, tile: &Range<usize>) -> Tensor<2> {
        self.hidden.clone().narrow(0, tile.start, tile.len())
    }

    /// Log-probabilities of every id, `[rows, vocabulary]`.
    pub(crate) fn log_softmax(&self, tile: &Range<usize>) -> Tensor<2> {
        if let Some(kept) = &self.kept {
            return kept.clone();
        }
        log_softmax(self.logits(tile).div_scalar(self.temperature), 1)
    }

    /// Log-probabilities of `k` given ids a row, `[owed · k]`, and entropies where they are asked for,
    /// `[owed]`.
    pub(crate) fn scalars(&mut self, ids: &[u32], k: usize, entropy: bool) -> (Tensor<1>, Option<Tensor<1>>) {
        let (mut log_probs, mut entropies) = (Vec::new(), Vec::new());
        for tile in self.tiles() {
            let all = self.log_softmax(&tile);
            let ids = self.ids(ids, k, &tile);
            log_probs.push(all.clone().gather(1, ids).reshape([tile.len() * k]));
            if entropy {
                entropies.push(entropy_of(&all).reshape([tile.len()]));
            }
            self.kept = (tile.len() == self.owed).then_some(all);
        }
        (Tensor::cat(log_probs, 0), entropy.then(|| Tensor::cat(entropies, 0)))
    }

    fn ids(&self, ids: &[u32], k: usize, tile: &Range<usize>) -> Tensor<2, Int> {
        let of_tile = ids[tile.start * k..tile.end * k].iter().map(|&id| id as usize);
        indices(&self.device, of_tile).reshape([tile.len(), k])
    }

    /// Pulls the gradients of [`Self::scalars`] back: `[owed · k]`, and `[owed]` or nothing.
    pub(crate) fn pull_scalars(&self, ids: &[u32], k: usize, log_probs: &[f32], entropy: &[f32]) -> Pulled {
        self.pull(|tile| {
            let all = self.log_softmax(tile);
            let probs = all.clone().exp();
            let g = matrix(&self.device, log_probs[tile.start * k..tile.end * k].to_vec(), k);
            let mut shared = g.clone().sum_dim(1).expand(all.dims());
            if !entropy.is_empty() {
                let of_entropy = matrix(&self.device, entropy[tile.clone()].to_vec(), 1);
                shared = shared + (all.clone() + entropy_of(&all)) * of_entropy;
            }
            let ids = self.ids(ids, k, tile);
            let d_logits = (-probs * shared).scatter(1, ids, g, IndexingUpdateOp::Add);
            d_logits.div_scalar(self.temperature)
        })
    }

    /// Pulls back what `d_logits` says of each tile's logits, `[rows, vocabulary]`.
    pub(crate) fn pull(&self, mut d_logits: impl FnMut(&Range<usize>) -> Tensor<2>) -> Pulled {
        let mut hidden = Vec::new();
        let mut weight = self.weight.zeros_like();
        for tile in self.tiles() {
            let d = d_logits(&tile);
            hidden.push(d.clone().matmul(self.weight.clone()));
            weight = weight + d.transpose().matmul(self.hidden_of(&tile));
        }
        Pulled { rows: self.rows.clone(), hidden: Tensor::cat(hidden, 0), weight }
    }
}

/// Entropies of rows of log-probabilities, `[rows, 1]`, in nats.
fn entropy_of(all: &Tensor<2>) -> Tensor<2> {
    -(all.clone().exp() * all.clone()).sum_dim(1)
}
