//! Sampling of many sequences at once, with cached keys and values. Ids and their log-probabilities leave
//! the device, logits do not; sequences that have ended leave the batch.

use crate::engine::layer::causal;
use crate::engine::network::{Network, cached};
use crate::engine::padded::{indices, matrix};
use crate::engine::read::{fetch, numbers};
use crate::engine::sampler::{BELOW_ONE, Sampler};
use crate::tensor::{Bool, Int, Tensor, TensorData, Transaction, select_rows};
use crate::{Device, EngineError, Model};
use rlhf_core::random::Key;
use rlhf_core::sampling::{FinishReason, Responses, SamplingParams, StopCriteria};
use rlhf_core::{Error, Ragged};

/// Columns by which a cache grows.
const GROWTH: usize = 32;

/// The request of a call.
pub(crate) struct Request<'a> {
    pub(crate) model: &'a Model,
    pub(crate) network: Network<'a>,
    pub(crate) prompts: Ragged<'a>,
    pub(crate) sampling: &'a SamplingParams,
    pub(crate) stopping: &'a StopCriteria<'a>,
    pub(crate) key: Key,
    pub(crate) first: u32,
}

/// A response while it grows.
#[derive(Clone, Default)]
struct Response {
    tokens: Vec<u32>,
    log_probs: Vec<f32>,
    finish: Option<FinishReason>,
}

/// The sequences that are still being written, and what the device holds of them. A sequence's keys lie
/// in the columns of its prompt, then there may be padding, and from `start` on all responses are level.
struct Live {
    prompts: Vec<usize>,
    /// Keys and values of each layer, `[live, kv_heads, columns, head_width]`.
    caches: Vec<[Tensor<4>; 2]>,
    /// The longest prompt's columns.
    start: usize,
    columns: usize,
}

impl Request<'_> {
    pub(crate) async fn run(&self) -> Result<Responses, EngineError> {
        let mut responses = vec![Response::default(); self.prompts.len()];
        let (mut live, mut hidden) = self.read_prompts()?;
        let mut sampler = Sampler::new(self.sampling, || self.count_ids());
        for step in 0.. {
            let uniform = live.prompts.iter().map(|&prompt| self.uniform(prompt, step)).collect();
            let head = self.model.weights[self.model.layout.head].clone();
            let logits = hidden.matmul(head.transpose());
            let (ids, log_probs) = sampler.choose(logits, matrix(&self.model.device, uniform, 1));
            let data = fetch(Transaction::default().register(ids.clone()).register(log_probs)).await?;
            let going_on = self.write(&live, data, &mut responses)?;
            if going_on.is_empty() {
                break;
            }
            let ids = if going_on.len() < live.prompts.len() {
                let rows = indices(&self.model.device, going_on.iter().copied());
                live.keep(&going_on, &rows);
                sampler.keep(&rows);
                ids.select(0, rows)
            } else {
                ids
            };
            hidden = self.read_token(&mut live, ids, step as usize);
        }
        let mut out = Responses::default();
        for response in responses {
            out.tokens.extend(response.tokens);
            out.log_probs.extend(response.log_probs);
            out.ends.push(out.tokens.len());
            out.finish.push(response.finish.unwrap_or(FinishReason::Length));
        }
        Ok(out)
    }

    /// The number that decides a response's token.
    fn uniform(&self, prompt: usize, step: u32) -> f32 {
        (self.key.uniform(self.first.wrapping_add(prompt as u32), step) as f32).min(BELOW_ONE)
    }

    /// Counts each id in each prompt, `[prompts, vocabulary]`.
    fn count_ids(&self) -> Tensor<2> {
        let vocabulary = self.model.architecture.vocabulary;
        let mut counts = vec![0.0; self.prompts.len() * vocabulary];
        for ((prompt, _), counts) in self.prompts.sequences().zip(counts.chunks_exact_mut(vocabulary)) {
            for &id in prompt {
                counts[id as usize] += 1.0;
            }
        }
        matrix(&self.model.device, counts, vocabulary)
    }

    /// Fills the caches, and returns what the first tokens are predicted from, `[prompts, width]`.
    fn read_prompts(&self) -> Result<(Live, Tensor<2>), EngineError> {
        let model = self.model;
        let padded = model.padded(self.prompts)?;
        let mut caches = Vec::with_capacity(model.architecture.layers);
        let (tokens, positions) = (padded.tokens, padded.positions);
        let hidden = self.network.body(padded.batch, tokens, positions, |_, q, k, v| {
            caches.push([k.clone(), v.clone()]);
            causal(q, k, v)
        });
        let last = self.prompts.ends().iter().map(|end| padded.rows[end - 1]);
        let hidden = hidden.select(0, indices(&model.device, last));
        let prompts = (0..self.prompts.len()).collect();
        Ok((Live { prompts, caches, start: padded.time, columns: padded.time }, hidden))
    }

    /// Adds each sequence's token to its response, and returns the places of those that go on.
    fn write(
        &self,
        live: &Live,
        data: Vec<TensorData>,
        responses: &mut [Response],
    ) -> Result<Vec<usize>, EngineError> {
        let mut data = data.into_iter();
        let (ids, log_probs): (Vec<i32>, Vec<f32>) = (numbers(&mut data)?, numbers(&mut data)?);
        let mut going_on = Vec::new();
        for (place, ((&prompt, id), log_prob)) in live.prompts.iter().zip(ids).zip(log_probs).enumerate() {
            if !log_prob.is_finite() {
                return Err(Error::NotFinite { name: "logits", index: 0 }.into());
            }
            let response = &mut responses[prompt];
            response.tokens.push(id as u32);
            response.log_probs.push(log_prob);
            let length = response.tokens.len();
            response.finish = self.stopping.finish(id as u32, length);
            // The scorer has to read the last token too.
            let full = self.prompts.span(prompt).len() + length == self.model.architecture.context;
            if response.finish.is_none() && full {
                response.finish = Some(FinishReason::Length);
            }
            if response.finish.is_none() {
                going_on.push(place);
            }
        }
        Ok(going_on)
    }

    /// Reads the responses' tokens number `step`, and returns what the next ones are predicted from,
    /// `[live, width]`.
    fn read_token(&self, live: &mut Live, ids: Tensor<1, Int>, step: usize) -> Tensor<2> {
        let model = self.model;
        let column = live.start + step;
        live.reserve(column);
        let lengths: Vec<usize> =
            live.prompts.iter().map(|&prompt| self.prompts.span(prompt).len()).collect();
        let hidden = live.hidden(&model.device, &lengths, column);
        let positions = indices(&model.device, lengths.iter().map(|length| length + step));
        let caches = &mut live.caches;
        self.network.body(lengths.len(), ids, positions, |layer, q, k, v| {
            let [keys, values] = &mut caches[layer];
            put(keys, column, k);
            put(values, column, v);
            cached(q, keys.clone(), values.clone(), hidden.clone())
        })
    }
}

impl Live {
    /// Goes on with the sequences at these places alone.
    fn keep(&mut self, places: &[usize], rows: &Tensor<1, Int>) {
        self.prompts = places.iter().map(|&place| self.prompts[place]).collect();
        for cache in self.caches.iter_mut().flatten() {
            cache.inplace(|cache| select_rows(cache, rows.clone()));
        }
    }

    /// Makes room for `column`.
    fn reserve(&mut self, column: usize) {
        if column < self.columns {
            return;
        }
        for cache in self.caches.iter_mut().flatten() {
            cache.inplace(|cache| {
                let [live, heads, _, width] = cache.dims();
                let more = Tensor::zeros([live, heads, GROWTH, width], &cache.device());
                Tensor::cat(vec![cache, more], 2)
            });
        }
        self.columns += GROWTH;
    }

    /// Returns the mask of columns that a token at `column` does not see: padding behind prompts, and later columns.
    fn hidden(&self, device: &Device, lengths: &[usize], column: usize) -> Tensor<2, Bool> {
        let columns = self.columns;
        let unseen = lengths
            .iter()
            .flat_map(|&length| (0..columns).map(move |c| (length <= c && c < self.start) || c > column));
        matrix(device, unseen.map(|unseen| f32::from(u8::from(unseen))).collect(), columns).greater_elem(0.0)
    }
}

/// Writes one column of a cache.
fn put(cache: &mut Tensor<4>, column: usize, new: Tensor<4>) {
    let [live, heads, _, width] = cache.dims();
    cache.inplace(|cache| cache.slice_assign([0..live, 0..heads, column..column + 1, 0..width], new));
}
