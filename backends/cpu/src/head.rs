//! The language head: log-probabilities and entropies of loss tokens, tile by tile of rows, and the
//! pull of their gradients. `[tokens, vocabulary]` is never held.

use crate::Cpu;
use crate::product::{Matrix, Shape, Start, gemm};
use crate::threads::{ELEMENT, Parts};
use crate::weights::Weights;
use alloc::vec;
use alloc::vec::Vec;
use rlhf_core::{CandidateObjective, Coupling, Error, Objective, RowObjective};
use rlhf_kernels::softmax::{Row, pull, row};

/// Logits that a tile may hold: 32 MiB.
const TILE: usize = 1 << 23;

/// The loss tokens of a batch: `positions` rise, and row `i` of the head reads the last norm's output
/// one token before `positions[i]`.
pub(crate) struct HeadInputs<'a> {
    pub(crate) positions: &'a [usize],
    pub(crate) tokens: &'a [u32],
    pub(crate) temperature: f32,
    /// The last norm's output, `[tokens, width]`.
    pub(crate) out: &'a [f32],
}

/// A tile's rows, their logits and what those say.
#[derive(Default)]
struct Tile {
    inputs: Vec<f32>,
    logits: Vec<f32>,
    rows: Vec<Row>,
}

impl HeadInputs<'_> {
    fn tile_rows(&self, weights: &Weights) -> usize {
        (TILE / weights.architecture.vocabulary).clamp(16, 1024)
    }

    /// A tile's logits and what they say of their targets.
    fn read(&self, cpu: &Cpu, weights: &Weights, positions: &[usize], tile: &mut Tile) {
        self.read_logits(cpu, weights, positions, tile);
        let vocabulary = weights.architecture.vocabulary;
        tile.rows.resize(positions.len(), Row::default());
        let logits = &tile.logits;
        let out = Parts::new(&mut tile.rows);
        cpu.rows(positions.len(), vocabulary * ELEMENT, &|range| {
            for i in range {
                let logits = &logits[i * vocabulary..(i + 1) * vocabulary];
                let target = self.tokens[positions[i]];
                // SAFETY: each row is its own.
                unsafe {
                    out.get(i..i + 1)[0] = row(cpu.processor(), logits, 1.0 / self.temperature, target)
                };
            }
        });
    }

    fn read_logits(&self, cpu: &Cpu, weights: &Weights, positions: &[usize], tile: &mut Tile) {
        let (width, vocabulary) = (weights.architecture.width, weights.architecture.vocabulary);
        let rows = positions.len();
        tile.inputs.clear();
        for &t in positions {
            tile.inputs.extend_from_slice(&self.out[(t - 1) * width..t * width]);
        }
        tile.logits.resize(rows * vocabulary, 0.0);
        let head = Matrix::rows(weights.at(&weights.layout.head), width).transposed();
        gemm(
            cpu,
            Shape { m: rows, k: width, n: vocabulary },
            Matrix::rows(&tile.inputs, width),
            head,
            Start::Zero,
            &mut tile.logits,
        );
    }

    /// Computes the row of every loss token.
    pub(crate) fn rows(&self, cpu: &Cpu, weights: &Weights) -> Vec<Row> {
        let mut tile = Tile::default();
        let mut all = Vec::with_capacity(self.positions.len());
        for positions in self.positions.chunks(self.tile_rows(weights)) {
            self.read(cpu, weights, positions, &mut tile);
            all.extend_from_slice(&tile.rows);
        }
        all
    }

    /// Logits of every loss token's row, `[loss_mask, vocabulary]`.
    pub(crate) fn logits(&self, cpu: &Cpu, weights: &Weights) -> Vec<f32> {
        let mut tile = Tile::default();
        let mut all = Vec::new();
        for positions in self.positions.chunks(self.tile_rows(weights)) {
            self.read(cpu, weights, positions, &mut tile);
            all.extend_from_slice(&tile.logits);
        }
        all
    }

    /// Shows the rows to the objective and pulls its gradient back, to `d_out` and to the head's
    /// gradient. Returns the loss.
    pub(crate) fn learn<O: Objective>(
        &self,
        cpu: &Cpu,
        weights: &Weights,
        objective: &mut O,
        d_out: &mut [f32],
        d_head: &mut [f32],
    ) -> Result<f64, Error> {
        let mut tile = Tile::default();
        let each = self.tile_rows(weights);
        if objective.coupling() == Coupling::Token || self.positions.len() <= each {
            let mut loss = 0.0;
            // An objective is called once for an empty batch, whose loss may not be 0.
            let mut shown = false;
            for positions in self.positions.chunks(each) {
                self.read(cpu, weights, positions, &mut tile);
                let (part, g, h) = show(objective, positions, &tile.rows)?;
                loss += part;
                shown = true;
                self.pull(cpu, weights, positions, &mut tile, &g, &h, d_out, d_head);
            }
            if !shown {
                loss += show(objective, &[], &[])?.0;
            }
            return Ok(loss);
        }
        let rows = self.rows(cpu, weights);
        let (loss, g, h) = show(objective, self.positions, &rows)?;
        for (i, positions) in self.positions.chunks(each).enumerate() {
            self.read(cpu, weights, positions, &mut tile);
            let span = i * each..i * each + positions.len();
            let h = if h.is_empty() { &h } else { &h[span.clone()] };
            self.pull(cpu, weights, positions, &mut tile, &g[span], h, d_out, d_head);
        }
        Ok(loss)
    }

    /// Calls `visit` with the logits of every loss token's row.
    pub(crate) fn visit(&self, cpu: &Cpu, weights: &Weights, visit: &mut dyn FnMut(usize, &[f32])) {
        let mut tile = Tile::default();
        for positions in self.positions.chunks(self.tile_rows(weights)) {
            self.read_logits(cpu, weights, positions, &mut tile);
            for (&t, logits) in
                positions.iter().zip(tile.logits.chunks_exact(weights.architecture.vocabulary))
            {
                visit(t, logits);
            }
        }
    }

    /// [`Self::learn`] from whole rows.
    pub(crate) fn learn_rows<O: RowObjective>(
        &self,
        cpu: &Cpu,
        weights: &Weights,
        objective: &mut O,
        d_out: &mut [f32],
        d_head: &mut [f32],
    ) -> Result<f64, Error> {
        let (mut tile, mut loss) = (Tile::default(), 0.0);
        let vocabulary = weights.architecture.vocabulary;
        let mut gradient = vec![0.0; vocabulary];
        for positions in self.positions.chunks(self.tile_rows(weights)) {
            self.read_logits(cpu, weights, positions, &mut tile);
            for (&t, logits) in positions.iter().zip(tile.logits.chunks_exact_mut(vocabulary)) {
                // NaN, so that a gradient that is not written is seen.
                gradient.fill(f32::NAN);
                loss += objective.row(t, logits, &mut gradient)?;
                logits.copy_from_slice(&gradient);
            }
            self.pull_logits(cpu, weights, positions, &tile, d_out, d_head);
        }
        Ok(loss)
    }

    /// The log-probabilities of `ids`, `[loss tokens, k]`.
    pub(crate) fn candidates(&self, cpu: &Cpu, weights: &Weights, k: usize, ids: &[u32], out: &mut [f32]) {
        let (mut tile, each) = (Tile::default(), self.tile_rows(weights));
        let tiles = ids.chunks(each * k).zip(out.chunks_mut(each * k));
        for (positions, (ids, out)) in self.positions.chunks(each).zip(tiles) {
            self.read(cpu, weights, positions, &mut tile);
            self.read_candidates(weights, k, ids, &tile, out);
        }
    }

    fn read_candidates(&self, weights: &Weights, k: usize, ids: &[u32], tile: &Tile, out: &mut [f32]) {
        let logits = tile.logits.chunks_exact(weights.architecture.vocabulary);
        for ((row, logits), (ids, out)) in
            tile.rows.iter().zip(logits).zip(ids.chunks_exact(k).zip(out.chunks_exact_mut(k)))
        {
            for (&id, out) in ids.iter().zip(out) {
                *out = row.log_prob_of(logits[id as usize], 1.0 / self.temperature);
            }
        }
    }

    /// [`Self::learn`] from the log-probabilities of `ids`, `[loss tokens, k]`.
    pub(crate) fn learn_candidates<O: CandidateObjective>(
        &self,
        cpu: &Cpu,
        weights: &Weights,
        k: usize,
        ids: &[u32],
        objective: &mut O,
        d_out: &mut [f32],
        d_head: &mut [f32],
    ) -> Result<f64, Error> {
        let (mut tile, mut loss) = (Tile::default(), 0.0);
        let (each, inverse) = (self.tile_rows(weights), 1.0 / self.temperature);
        for (positions, ids) in self.positions.chunks(each).zip(ids.chunks(each * k)) {
            self.read(cpu, weights, positions, &mut tile);
            let mut log_probs = vec![0.0; ids.len()];
            self.read_candidates(weights, k, ids, &tile, &mut log_probs);
            let mut slopes = vec![f32::NAN; ids.len()];
            loss += objective.candidates(positions, &log_probs, &mut slopes)?;
            let rows = tile.logits.chunks_exact_mut(weights.architecture.vocabulary).zip(&tile.rows);
            for ((logits, &row), (ids, slopes)) in rows.zip(ids.chunks_exact(k).zip(slopes.chunks_exact(k))) {
                pull(cpu.processor(), logits, inverse, row, slopes.iter().sum(), 0.0);
                for (&id, slope) in ids.iter().zip(slopes) {
                    logits[id as usize] += slope * inverse;
                }
            }
            self.pull_logits(cpu, weights, positions, &tile, d_out, d_head);
        }
        Ok(loss)
    }

    fn pull(
        &self,
        cpu: &Cpu,
        weights: &Weights,
        positions: &[usize],
        tile: &mut Tile,
        g: &[f32],
        h: &[f32],
        d_out: &mut [f32],
        d_head: &mut [f32],
    ) {
        let vocabulary = weights.architecture.vocabulary;
        let rows = &tile.rows;
        cpu.map_rows(&mut tile.logits, vocabulary, ELEMENT, &|range, logits| {
            for (logits, i) in logits.chunks_exact_mut(vocabulary).zip(range) {
                let (target, row, g) = (self.tokens[positions[i]], rows[i], g[i]);
                let h = h.get(i).copied().unwrap_or(0.0);
                let inverse = 1.0 / self.temperature;
                pull(cpu.processor(), logits, inverse, row, g, h);
                logits[target as usize] += g * inverse;
            }
        });
        self.pull_logits(cpu, weights, positions, tile, d_out, d_head);
    }

    /// Pulls a tile's gradient of logits, which has taken their place.
    fn pull_logits(
        &self,
        cpu: &Cpu,
        weights: &Weights,
        positions: &[usize],
        tile: &Tile,
        d_out: &mut [f32],
        d_head: &mut [f32],
    ) {
        let (width, vocabulary) = (weights.architecture.width, weights.architecture.vocabulary);
        let rows = positions.len();
        let head = Matrix::rows(weights.at(&weights.layout.head), width);
        let mut d_inputs = vec![0.0; rows * width];
        gemm(
            cpu,
            Shape { m: rows, k: vocabulary, n: width },
            Matrix::rows(&tile.logits, vocabulary),
            head,
            Start::Zero,
            &mut d_inputs,
        );
        for (&t, d) in positions.iter().zip(d_inputs.chunks_exact(width)) {
            for (to, d) in d_out[(t - 1) * width..t * width].iter_mut().zip(d) {
                *to += d;
            }
        }
        gemm(
            cpu,
            Shape { m: vocabulary, k: rows, n: width },
            Matrix::rows(&tile.logits, vocabulary).transposed(),
            Matrix::rows(&tile.inputs, width),
            Start::Add,
            d_head,
        );
    }
}

/// The objective's loss and gradients on some rows.
fn show<O: Objective>(
    objective: &mut O,
    positions: &[usize],
    rows: &[Row],
) -> Result<(f64, Vec<f32>, Vec<f32>), Error> {
    let log_probs: Vec<f32> = rows.iter().map(|row| row.log_prob).collect();
    let wants_entropy = objective.needs().entropy;
    let entropy: Vec<f32> =
        if wants_entropy { rows.iter().map(|row| row.entropy).collect() } else { Vec::new() };
    // NaN, so that a gradient that is not written is seen.
    let mut g = vec![f32::NAN; log_probs.len()];
    let mut h = vec![f32::NAN; entropy.len()];
    let loss = objective.tokens(positions, &log_probs, &entropy, &mut g, &mut h)?;
    Ok((loss, g, h))
}
