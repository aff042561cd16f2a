//! The vocabulary head: log-probabilities and entropies of loss tokens, and gradients back through it.
//!
//! The head is no part of the graph. Its logits are made for a tile of rows, read for their scalars and
//! dropped; once the objective has said what each scalar is worth, they are made again and pulled back by
//! the formula, `∂ ln p(a)/∂z = 1ₐ − p` and `∂H/∂z = −p·(ln p + H)`. So no more than a tile of them is
//! ever held.

use crate::Device;
use crate::engine::padded::{indices, matrix};
use crate::tensor::{IndexingUpdateOp, Int, Tensor, log_softmax};
use core::ops::Range;

/// The most logits that are held at once: 64 MiB of them.
const TILE: usize = 1 << 24;

/// The head of a pass: the rows that predict loss tokens, and what is needed to compute their logits.
pub(crate) struct Head {
    device: Device,
    /// The rows of the body's output that loss tokens are predicted from, `[loss tokens]`.
    rows: Tensor<1, Int>,
    /// The hidden states, `[loss tokens, width]`.
    hidden: Tensor<2>,
    /// `[vocabulary, width]`.
    weight: Tensor<2>,
    temperature: f64,
    positions: usize,
    /// Rows whose logits are held at once.
    tile: usize,
    /// The log-probabilities of a pass that is a single tile, which need not be computed twice.
    kept: Option<Tensor<2>>,
}

/// Gradients on the other side of the head.
pub(crate) struct HeadGradients {
    /// The rows of the body's output that have one, `[loss tokens]`.
    pub(crate) rows: Tensor<1, Int>,
    /// The gradient of the hidden states, `[loss tokens, width]`.
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
        let (positions, tile, temperature) = (rows.len(), (TILE / vocabulary).max(1), temperature.into());
        let rows = indices(device, rows);
        let hidden = output.select(0, rows.clone());
        Self { device: device.clone(), rows, hidden, weight, temperature, positions, tile, kept: None }
    }

    /// Ranges of the loss tokens, of which each is a tile.
    pub(crate) fn tiles(&self) -> impl Iterator<Item = Range<usize>> + use<> {
        let (rows, positions) = (self.tile, self.positions);
        (0..positions.div_ceil(rows)).map(move |tile| tile * rows..((tile + 1) * rows).min(positions))
    }

    /// Logits of a tile, as the network gives them, `[rows, vocabulary]`.
    pub(crate) fn logits(&self, tile: &Range<usize>) -> Tensor<2> {
        self.hidden_of(tile).matmul(self.weight.clone().transpose())
    }

    fn hidden_of(&self, tile: &Range<usize>) -> Tensor<2> {
        self.hidden.clone().narrow(0, tile.start, tile.len())
    }

    /// Returns the log-probabilities of every id, `[rows, vocabulary]`.
    pub(crate) fn log_softmax(&self, tile: &Range<usize>) -> Tensor<2> {
        if let Some(kept) = &self.kept {
            return kept.clone();
        }
        log_softmax(self.logits(tile).div_scalar(self.temperature), 1)
    }

    /// Returns the log-probabilities of `k` given ids a row, `[loss tokens · k]`, and entropies where `entropy` is
    /// true, `[loss tokens]`.
    pub(crate) fn scalars(&mut self, ids: &[u32], k: usize, entropy: bool) -> (Tensor<1>, Option<Tensor<1>>) {
        let (mut log_probs, mut entropies) = (Vec::new(), Vec::new());
        for tile in self.tiles() {
            let all = self.log_softmax(&tile);
            let ids = self.ids(ids, k, &tile);
            log_probs.push(all.clone().gather(1, ids).reshape([tile.len() * k]));
            if entropy {
                entropies.push(entropy_of(&all).reshape([tile.len()]));
            }
            self.kept = (tile.len() == self.positions).then_some(all);
        }
        (Tensor::cat(log_probs, 0), entropy.then(|| Tensor::cat(entropies, 0)))
    }

    fn ids(&self, ids: &[u32], k: usize, tile: &Range<usize>) -> Tensor<2, Int> {
        let of_tile = ids[tile.start * k..tile.end * k].iter().map(|&id| id as usize);
        indices(&self.device, of_tile).reshape([tile.len(), k])
    }

    /// Pulls the gradients of [`Self::scalars`] back: `[loss tokens · k]`, and `[loss_mask]` or nothing.
    pub(crate) fn pull_scalars(
        &self,
        ids: &[u32],
        k: usize,
        log_probs: &[f32],
        entropy: &[f32],
    ) -> HeadGradients {
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
    pub(crate) fn pull(&self, mut d_logits: impl FnMut(&Range<usize>) -> Tensor<2>) -> HeadGradients {
        let mut hidden = Vec::new();
        let mut weight = self.weight.zeros_like();
        for tile in self.tiles() {
            let d = d_logits(&tile);
            hidden.push(d.clone().matmul(self.weight.clone()));
            weight = weight + d.transpose().matmul(self.hidden_of(&tile));
        }
        HeadGradients { rows: self.rows.clone(), hidden: Tensor::cat(hidden, 0), weight }
    }
}

/// Entropies of rows of log-probabilities, `[rows, 1]`, in nats.
fn entropy_of(all: &Tensor<2>) -> Tensor<2> {
    -(all.clone().exp() * all.clone()).sum_dim(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::read::floats;
    use rlhf_core::log_probs::{log_prob, log_prob_pull};
    use rlhf_core::random::{Key, Stream};
    use rlhf_core::ready;

    const SHAPE: [usize; 3] = [7, 5, 11];
    const TEMPERATURE: f32 = 0.7;

    fn numbers(n: usize, sample: u32) -> Vec<f32> {
        let mut draws = Key::new(3, Stream::Data, 0).draws(sample);
        (0..n).map(|_| draws.normal() as f32).collect()
    }

    /// A head of seven rows, of which a tile holds `tile`.
    fn head(device: &Device, tile: usize) -> Head {
        let [rows, width, vocabulary] = SHAPE;
        let hidden = matrix(device, numbers(rows * width, 1), width);
        let weight = matrix(device, numbers(vocabulary * width, 2), width);
        let head = Head::new(device, hidden, (0..rows).collect(), weight, TEMPERATURE);
        Head { tile, ..head }
    }

    fn list<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
        ready(floats(tensor)).unwrap().unwrap()
    }

    fn close(got: &[f32], want: &[f32]) {
        assert_eq!(got.len(), want.len());
        assert!(got.iter().zip(want).all(|(a, b)| (a - b).abs() < 1e-5), "{got:?} {want:?}");
    }

    #[test]
    fn scalars_and_gradients_are_core_s_in_any_tiles() {
        let [rows, width, vocabulary] = SHAPE;
        let ids: Vec<u32> = (0..rows as u32).map(|i| i * 3 % vocabulary as u32).collect();
        let (g, h) = (numbers(rows, 4), numbers(rows, 5));
        let (x, w) = (numbers(rows * width, 1), numbers(vocabulary * width, 2));
        let (mut log_probs, mut entropies) = (Vec::new(), Vec::new());
        let (mut d_hidden, mut d_weight) = (vec![0.0; rows * width], vec![0.0; vocabulary * width]);
        for (i, &id) in ids.iter().enumerate() {
            let row = &x[i * width..(i + 1) * width];
            let dot = |w: &[f32]| row.iter().zip(w).map(|(a, b)| a * b).sum::<f32>();
            let logits: Vec<f32> = w.chunks(width).map(dot).collect();
            let value = log_prob(&logits, id as usize, TEMPERATURE.into()).unwrap();
            log_probs.push(value.0);
            entropies.push(value.1);
            let mut d = vec![0.0; vocabulary];
            log_prob_pull(&logits, id as usize, TEMPERATURE.into(), g[i], h[i], &mut d).unwrap();
            for (v, d) in d.into_iter().enumerate() {
                for k in 0..width {
                    d_hidden[i * width + k] += d * w[v * width + k];
                    d_weight[v * width + k] += d * row[k];
                }
            }
        }
        for (device, tile) in Device::processors().iter().flat_map(|d| [1, 3, 7, 50].map(|tile| (d, tile))) {
            let mut head = head(device, tile);
            assert_eq!(head.tiles().count(), rows.div_ceil(tile));
            let (got, entropy) = head.scalars(&ids, 1, true);
            close(&list(got), &log_probs);
            close(&list(entropy.unwrap()), &entropies);
            let pulled = head.pull_scalars(&ids, 1, &g, &h);
            close(&list(pulled.hidden), &d_hidden);
            close(&list(pulled.weight), &d_weight);
        }
    }
}
