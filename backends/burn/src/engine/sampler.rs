//! The next token of many sequences, chosen on the device: logits never leave it.
//!
//! Nothing is sorted, for a sort is what devices do worst, or not at all. What a filter keeps is bounded
//! by a logit or a probability, which bisection finds with sums alone; and a draw is the place where
//! partial sums pass a uniform number, which the host draws from the key.

use crate::tensor::{Bool, IndexingUpdateOp, Int, Tensor, log_softmax};
use rlhf_core::sampling::{Filters, SamplingParams};

/// Halvings of an interval of logits or probabilities: enough to tell neighboring f32 apart.
const HALVINGS: usize = 40;

/// Weights that are summed together. Some devices take n² steps for n partial sums, so that they are taken
/// over blocks, and within one of them.
const BLOCK: usize = 256;

/// The most that a uniform number may be, so that its product with a sum stays below the sum in f32.
pub(crate) const BELOW_ONE: f32 = 1.0 - 4.0 * f32::EPSILON;

/// The choice of tokens, with the counts for a repetition penalty.
pub(crate) struct Sampler<'a> {
    sampling: &'a SamplingParams,
    /// The count of each id so far, `[batch, vocabulary]`, where a penalty needs it.
    counts: Option<Tensor<2>>,
}

impl<'a> Sampler<'a> {
    /// `counts` counts each id in each prompt; it is only called where that matters.
    pub(crate) fn new(sampling: &'a SamplingParams, counts: impl FnOnce() -> Tensor<2>) -> Self {
        let penalizes = matches!(sampling, SamplingParams::Draw(filters) if filters.repetition != 1.0);
        Self { sampling, counts: penalizes.then(counts) }
    }

    /// Goes on with these sequences alone.
    pub(crate) fn keep(&mut self, rows: &Tensor<1, Int>) {
        self.counts = self.counts.take().map(|counts| counts.select(0, rows.clone()));
    }

    /// The next ids and their log-probabilities before any filter, `[batch]` each, from `logits`,
    /// `[batch, vocabulary]`, and `uniform` numbers below 1, `[batch, 1]`.
    pub(crate) fn choose(&mut self, logits: Tensor<2>, uniform: Tensor<2>) -> (Tensor<1, Int>, Tensor<1>) {
        let [batch, _] = logits.dims();
        let ids = match self.sampling {
            SamplingParams::Greedy => logits.clone().argmax(1),
            SamplingParams::Draw(filters) => {
                draw(weights(filters, logits.clone(), self.counts.as_ref()), uniform)
            }
        };
        self.counts = self.counts.take().map(|counts| {
            let once = Tensor::ones([batch, 1], &counts.device());
            counts.scatter(1, ids.clone(), once, IndexingUpdateOp::Add)
        });
        let all = log_softmax(logits.div_scalar(self.sampling.temperature()), 1);
        let log_probs = all.gather(1, ids.clone());
        (ids.reshape([batch]), log_probs.reshape([batch]))
    }
}

/// Returns the weights that ids are drawn in proportion to, `[batch, vocabulary]`; 0 for those filtered out.
fn weights(filters: &Filters, logits: Tensor<2>, counts: Option<&Tensor<2>>) -> Tensor<2> {
    let mut z = logits;
    if let Some(counts) = counts {
        let weaker = z.clone().clamp_min(0.0).div_scalar(filters.repetition)
            + z.clone().clamp_max(0.0).mul_scalar(filters.repetition);
        z = z.mask_where(counts.clone().greater_elem(0.0), weaker);
    }
    z = z.div_scalar(filters.temperature);
    let highest = z.clone().max_dim(1);
    let mut weights = (z.clone() - highest.clone()).exp();
    let [_, vocabulary] = z.dims();
    if filters.top_k != 0 && (filters.top_k as usize) < vocabulary {
        let many = |bound: &Tensor<2>| count(z.clone().greater_equal(expand(bound, &z)));
        let lowest = z.clone().min_dim(1);
        let least = bisect(lowest, highest, |bound| many(bound).greater_equal_elem(filters.top_k as f32));
        weights = weights.mask_fill(z.clone().lower(expand(&least, &z)), 0.0);
    }
    if filters.top_p < 1.0 {
        // What goes is as much as the mass below may be.
        let spare = weights.clone().sum_dim(1).mul_scalar(1.0 - f64::from(filters.top_p));
        let below = |bound: &Tensor<2>| {
            weights.clone().mask_fill(weights.clone().greater(expand(bound, &weights)), 0.0).sum_dim(1)
        };
        let (none, all) = (spare.zeros_like(), spare.ones_like());
        let most = bisect(none, all, |bound| below(bound).lower_equal(spare.clone()));
        weights = weights.clone().mask_fill(weights.clone().lower_equal(expand(&most, &weights)), 0.0);
    }
    if filters.min_p > 0.0 {
        // The best weighs 1.
        weights = weights.clone().mask_fill(weights.lower_elem(filters.min_p), 0.0);
    }
    weights
}

type Bools = Tensor<2, Bool>;

/// A column, `[batch, 1]`, as wide as `like`.
fn expand(column: &Tensor<2>, like: &Tensor<2>) -> Tensor<2> {
    column.clone().expand(like.dims())
}

/// Counts how many hold in each row, `[batch, 1]`.
fn count(hold: Bools) -> Tensor<2> {
    hold.float().sum_dim(1)
}

/// The highest bound between `low`, for which `holds`, and `high`, up to which it goes on to hold for a
/// while: `[batch, 1]` each.
fn bisect(mut low: Tensor<2>, mut high: Tensor<2>, holds: impl Fn(&Tensor<2>) -> Bools) -> Tensor<2> {
    for _ in 0..HALVINGS {
        let middle = (low.clone() + high.clone()).mul_scalar(0.5);
        let held = holds(&middle);
        high = middle.clone().mask_where(held.clone(), high);
        low = low.mask_where(held, middle);
    }
    low
}

/// The id at which partial sums of weights pass `uniform` of their total, `[batch, 1]`. What weighs
/// nothing is never drawn.
fn draw(weights: Tensor<2>, uniform: Tensor<2>) -> Tensor<2, Int> {
    let ([batch, vocabulary], device) = (weights.dims(), weights.device());
    let blocks = vocabulary.div_ceil(BLOCK);
    let missing = blocks * BLOCK - vocabulary;
    let padded = match missing {
        0 => weights,
        _ => Tensor::cat(vec![weights, Tensor::zeros([batch, missing], &device)], 1),
    };
    let rows = padded.reshape([batch * blocks, BLOCK]);
    let sums = rows.clone().sum_dim(1).reshape([batch, blocks]);
    let (block, rest) = pass(sums, uniform);
    let first = Tensor::<1, Int>::arange(0..batch as i64, &device).mul_scalar(blocks as i64);
    let row = first + block.clone().reshape([batch]);
    let (within, _) = pass(rows.select(0, row), rest);
    block.mul_scalar(BLOCK as i64) + within
}

/// Returns the column at which partial sums pass `part` of their total, `[batch, 1]`, and the part of that column's own
/// weight.
fn pass(weights: Tensor<2>, part: Tensor<2>) -> (Tensor<2, Int>, Tensor<2>) {
    let [_, columns] = weights.dims();
    let sums = weights.clone().cumsum(1);
    let target = sums.clone().narrow(1, columns - 1, 1) * part;
    let before = sums.clone().lower_equal(expand(&target, &sums));
    let place = before.int().sum_dim(1).clamp_max(columns as i64 - 1);
    let own = weights.gather(1, place.clone());
    let rest = (target - sums.gather(1, place.clone()) + own.clone()) / own;
    (place, rest.clamp(0.0, BELOW_ONE))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Device;
    use crate::engine::padded::matrix;
    use crate::tensor::list;
    use rlhf_core::random::{Key, Stream};
    use rlhf_core::sampling::draw as core_draw;

    const ROWS: usize = 400;

    /// Rows of logits of several blocks, the last of them not full.
    const VOCABULARY: usize = 3 * BLOCK - 5;

    fn logits() -> Vec<f32> {
        let mut draws = Key::new(5, Stream::Data, 0).draws(0);
        (0..ROWS * VOCABULARY).map(|_| 3.0 * draws.normal() as f32).collect()
    }

    fn uniform(row: usize) -> f64 {
        Key::new(5, Stream::Sampling, 0).uniform(row as u32, 0)
    }

    #[test]
    fn draws_are_core_s_under_every_filter() {
        let plain = Filters { temperature: 0.9, ..Filters::default() };
        let all = [
            plain,
            Filters { top_k: 1, ..plain },
            Filters { top_k: 40, ..plain },
            Filters { top_p: 0.8, ..plain },
            Filters { min_p: 0.1, ..plain },
            Filters { repetition: 3.0, ..plain },
            Filters { top_k: 60, top_p: 0.9, min_p: 0.01, repetition: 0.5, ..plain },
        ];
        for device in Device::processors() {
            for filters in all {
                draws_are_core_s(&device, filters);
            }
        }
    }

    fn draws_are_core_s(device: &Device, filters: Filters) {
        let present: Vec<u32> = (0..VOCABULARY as u32).step_by(2).collect();
        let counts: Vec<f32> = (0..ROWS * VOCABULARY).map(|i| ((i % VOCABULARY + 1) % 2) as f32).collect();
        let sampling = SamplingParams::Draw(filters);
        let mut sampler = Sampler::new(&sampling, || matrix(device, counts, VOCABULARY));
        let parts = (0..ROWS).map(|row| (uniform(row) as f32).min(BELOW_ONE)).collect();
        let rows = matrix(device, logits(), VOCABULARY);
        let (ids, log_probs) = sampler.choose(rows, matrix(device, parts, 1));
        let ids: Vec<i32> = list(ids.into_data()).unwrap();
        let log_probs: Vec<f32> = list(log_probs.into_data()).unwrap();
        let mut others = 0;
        for (row, logits) in logits().chunks(VOCABULARY).enumerate() {
            let mut filtered: Vec<f64> = logits.iter().map(|z| f64::from(*z)).collect();
            let want = rlhf_core::log_probs::log_prob(logits, ids[row] as usize, 0.9).unwrap().0;
            assert!((log_probs[row] - want).abs() < 1e-5);
            filters.apply(&mut filtered, &present, &mut [0; VOCABULARY]).unwrap();
            assert!(filtered[ids[row] as usize].is_finite(), "{filters:?}: {row} was filtered out");
            others += usize::from(core_draw(&filtered, uniform(row)).unwrap() != ids[row] as u32);
        }
        // A partial sum in f32 may lie on the other side of a uniform number.
        assert!(others <= 1, "{filters:?}: {others} of {ROWS} are not core's");
    }

    #[test]
    fn what_weighs_nothing_is_not_drawn_at_either_end() {
        let mut weights = vec![0.0; VOCABULARY];
        (weights[BLOCK + 3], weights[BLOCK + 9]) = (1e-30, 1e-30);
        for device in Device::processors() {
            for (part, want) in [(0.0, 3), (0.499, 3), (0.501, 9), (BELOW_ONE, 9)] {
                let row = matrix(&device, weights.clone(), VOCABULARY);
                let ids = draw(row, matrix(&device, vec![part], 1)).into_data();
                assert_eq!(list::<i32>(ids).unwrap(), [BLOCK as i32 + want], "{part}");
            }
        }
    }
}
