//! Sampling of many sequences at once, with cached keys and values. A sequence that has ended leaves
//! the batch.

use crate::attention::{Cache, Heads, forward_cached};
use crate::elementary::exp;
use crate::embedding::embed;
use crate::lanes::{Lanes, WIDTH, kernel};
use crate::product::{Matrix, Packed, Start, gemm_packed};
use crate::slices::{get, put};
use crate::threads::Parts;
use crate::weights::{Pair, Weights};
use crate::{Cpu, activation, head, norm};
use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;
use rlhf_core::random::Key;
use rlhf_core::sampling::{Finish, Responses, Sampling, Stopping, greedy};
use rlhf_core::{Error, Ragged};

/// Weights in the order that products with few rows read them.
pub(crate) struct PackedWeights {
    layers: Vec<[Packed; 4]>,
    head: Packed,
}

impl PackedWeights {
    pub(crate) fn new(cpu: &Cpu, weights: &Weights) -> Self {
        let a = &weights.architecture;
        let pack = |pair: &Pair, rows: usize, columns: usize| {
            Packed::new(cpu, Matrix::rows(weights.at(&pair.first), columns), rows, columns)
        };
        let mut layers: Vec<Option<[Packed; 4]>> = Vec::new();
        layers.resize_with(a.layers, || None);
        let parts = Parts::new(&mut layers);
        cpu.pool().run(a.layers, &|n| {
            let layer = &weights.layout.layers[n];
            let packed = [
                pack(&layer.qkv, a.width, a.qkv()),
                pack(&layer.attention_out, a.heads * a.head_width, a.width),
                pack(&layer.mlp_in, a.width, a.mlp_columns()),
                pack(&layer.mlp_out, a.hidden, a.width),
            ];
            // SAFETY: each layer is its own part.
            unsafe { parts.get(n..n + 1)[0] = Some(packed) };
        });
        let head = Matrix::rows(weights.at(&weights.layout.head), a.width).transposed();
        Self {
            layers: layers.into_iter().flatten().collect(),
            head: Packed::new(cpu, head, a.width, a.vocabulary),
        }
    }
}

/// What every sequence of a call shares.
pub(crate) struct Request<'a> {
    pub(crate) weights: &'a Weights,
    pub(crate) packed: &'a PackedWeights,
    pub(crate) prompts: Ragged<'a>,
    pub(crate) sampling: &'a Sampling,
    pub(crate) stopping: &'a Stopping<'a>,
    pub(crate) key: Key,
    pub(crate) first: u32,
}

/// One response while it grows.
#[derive(Clone, Default)]
struct Response {
    tokens: Vec<u32>,
    log_probs: Vec<f32>,
    finish: Option<Finish>,
    error: Option<Error>,
}

/// A sequence in the batch.
struct Live {
    prompt: usize,
    /// How many tokens are cached.
    length: usize,
    /// `[layer][key head]`.
    caches: Vec<Cache>,
}

impl Request<'_> {
    /// Continues every prompt. Threads share the prompts out; one prompt alone has all threads.
    pub(crate) fn run(&self, cpu: &Cpu) -> Result<Responses, Error> {
        let count = self.prompts.len();
        let mut all = vec![Response::default(); count];
        // A few sequences each, claimed as threads get free; enough to fill the inner loop's rows.
        let threads = cpu.pool().count();
        let each = count.div_ceil(threads).clamp(1, MOST_TOGETHER);
        if count == 1 || threads == 1 {
            for (i, part) in all.chunks_mut(each).enumerate() {
                self.group(cpu, i * each, part);
            }
        } else {
            let parts = Parts::new(&mut all);
            cpu.pool().run(count.div_ceil(each), &|i| {
                let range = i * each..((i + 1) * each).min(count);
                // SAFETY: ranges of prompts are disjoint.
                self.group(&cpu.alone(), range.start, unsafe { parts.get(range) });
            });
        }
        let mut out = Responses::default();
        for response in all {
            if let Some(error) = response.error {
                return Err(error);
            }
            out.tokens.extend(response.tokens);
            out.log_probs.extend(response.log_probs);
            out.ends.push(out.tokens.len());
            out.finish.push(response.finish.unwrap_or(Finish::Length));
        }
        Ok(out)
    }

    /// Continues the prompts from `first` on, one for each of `responses`.
    fn group(&self, cpu: &Cpu, first: usize, responses: &mut [Response]) {
        let a = &self.weights.architecture;
        let mut live: Vec<Live> = (first..first + responses.len())
            .map(|prompt| Live { prompt, length: 0, caches: vec![Cache::default(); a.layers * a.kv_heads] })
            .collect();
        let mut tokens = Vec::new();
        let mut spans = Vec::new();
        for sequence in &live {
            let span = self.prompts.span(sequence.prompt);
            spans.push(tokens.len()..tokens.len() + span.len());
            tokens.extend_from_slice(&self.prompts.tokens()[span]);
        }
        let mut body = Body::default();
        let mut choice = Choice::default();
        while !live.is_empty() {
            let logits = body.step(cpu, self, &mut live, &tokens, &spans);
            tokens.clear();
            let mut row = 0;
            live.retain(|sequence| {
                let logits = &logits[row * a.vocabulary..(row + 1) * a.vocabulary];
                row += 1;
                let response = &mut responses[sequence.prompt - first];
                let seen = &self.prompts.tokens()[self.prompts.span(sequence.prompt)];
                let sample = self.first.wrapping_add(sequence.prompt as u32);
                let uniform = self.key.uniform(sample, response.tokens.len() as u32);
                let token = match choice.choose(cpu, self.sampling, logits, seen, &response.tokens, uniform) {
                    Ok(token) => token,
                    Err(error) => {
                        response.error = Some(error);
                        return false;
                    }
                };
                let inverse = 1.0 / self.sampling.temperature();
                response.log_probs.push(head::row(cpu, logits, inverse, token).log_prob);
                response.tokens.push(token);
                response.finish = self.stopping.finish(token, response.tokens.len());
                // The scorer has to read the last token too.
                if response.finish.is_none() && sequence.length + 1 == a.context {
                    response.finish = Some(Finish::Length);
                }
                if response.finish.is_none() {
                    tokens.push(token);
                }
                response.finish.is_none()
            });
            spans.clear();
            spans.extend((0..live.len()).map(|i| i..i + 1));
        }
    }
}

/// Sequences that decode together on one thread: more would only make their caches colder.
const MOST_TOGETHER: usize = 64;

/// The buffers of a step.
#[derive(Default)]
struct Body {
    x: Vec<f32>,
    normed: Vec<f32>,
    statistics: Vec<f32>,
    qkv: Vec<f32>,
    attention: Vec<f32>,
    hidden: Vec<f32>,
    activated: Vec<f32>,
    positions: Vec<u32>,
    logits: Vec<f32>,
}

fn size(buffer: &mut Vec<f32>, len: usize) -> &mut [f32] {
    buffer.resize(len, 0.0);
    buffer
}

impl Body {
    /// Runs each sequence's new tokens, and returns the logits after each one's last.
    fn step(
        &mut self,
        cpu: &Cpu,
        request: &Request<'_>,
        live: &mut [Live],
        tokens: &[u32],
        spans: &[Range<usize>],
    ) -> &[f32] {
        let (weights, packed) = (request.weights, request.packed);
        let (a, layout) = (&weights.architecture, &weights.layout);
        let (rows, width, heads) = (tokens.len(), a.width, Heads::of(a));
        self.positions.clear();
        for (sequence, span) in live.iter_mut().zip(spans) {
            self.positions.extend((sequence.length..sequence.length + span.len()).map(|p| p as u32));
            sequence.length += span.len();
        }
        embed(cpu, weights, tokens, &self.positions, size(&mut self.x, rows * width));
        for (n, (layer, [qkv, attention_out, mlp_in, mlp_out])) in
            layout.layers.iter().zip(&packed.layers).enumerate()
        {
            let statistics = size(&mut self.statistics, rows * 2);
            let normed = size(&mut self.normed, rows * width);
            norm::forward(cpu, weights.norm(&layer.attention_norm), &self.x, normed, statistics);
            let start = weights.bias(&layer.qkv).map_or(Start::Zero, Start::Row);
            let out = size(&mut self.qkv, rows * a.qkv());
            gemm_packed(cpu, rows, Matrix::rows(normed, width), qkv, start, out);
            weights.rope.rotate(cpu, out, a.qkv(), a.heads + a.kv_heads, &self.positions, false);
            let span = n * a.kv_heads..(n + 1) * a.kv_heads;
            let mut caches: Vec<&mut [Cache]> =
                live.iter_mut().map(|sequence| &mut sequence.caches[span.clone()]).collect();
            let attention = size(&mut self.attention, rows * heads.out());
            forward_cached(cpu, heads, spans, &self.qkv, &mut caches, attention);
            add_bias(&mut self.x, weights.bias(&layer.attention_out));
            let attention = Matrix::rows(&self.attention, heads.out());
            gemm_packed(cpu, rows, attention, attention_out, Start::Add, &mut self.x);
            norm::forward(cpu, weights.norm(&layer.mlp_norm), &self.x, normed, statistics);
            let start = weights.bias(&layer.mlp_in).map_or(Start::Zero, Start::Row);
            let hidden = size(&mut self.hidden, rows * a.mlp_columns());
            gemm_packed(cpu, rows, Matrix::rows(normed, width), mlp_in, start, hidden);
            let activated = size(&mut self.activated, rows * a.hidden);
            activation::forward(cpu, a.family, a.hidden, hidden, activated);
            add_bias(&mut self.x, weights.bias(&layer.mlp_out));
            gemm_packed(cpu, rows, Matrix::rows(activated, a.hidden), mlp_out, Start::Add, &mut self.x);
        }
        for (i, span) in spans.iter().enumerate() {
            self.x.copy_within((span.end - 1) * width..span.end * width, i * width);
        }
        self.x.truncate(spans.len() * width);
        let normed = size(&mut self.normed, spans.len() * width);
        let statistics = size(&mut self.statistics, spans.len() * 2);
        norm::forward(cpu, weights.norm(&layout.norm), &self.x, normed, statistics);
        let logits = size(&mut self.logits, spans.len() * a.vocabulary);
        gemm_packed(cpu, spans.len(), Matrix::rows(normed, width), &packed.head, Start::Zero, logits);
        logits
    }
}

fn add_bias(x: &mut [f32], bias: Option<&[f32]>) {
    let Some(bias) = bias else { return };
    for row in x.chunks_exact_mut(bias.len()) {
        for (x, b) in row.iter_mut().zip(bias) {
            *x += b;
        }
    }
}

/// The buffers of a choice.
#[derive(Default)]
struct Choice {
    weights: Vec<f32>,
    seen: Vec<u32>,
    scratch: Vec<u32>,
}

impl Choice {
    /// The next token from a row of logits, or [`Error::NotFinite`] where they are no numbers.
    fn choose(
        &mut self,
        cpu: &Cpu,
        sampling: &Sampling,
        logits: &[f32],
        prompt: &[u32],
        response: &[u32],
        uniform: f64,
    ) -> Result<u32, Error> {
        let Sampling::Draw(settings) = sampling else { return greedy(logits) };
        let weights = size(&mut self.weights, logits.len());
        weights.copy_from_slice(logits);
        let mut inverse = 1.0 / settings.temperature;
        if sampling.scorable().is_none() {
            self.seen.clear();
            self.seen.extend_from_slice(prompt);
            self.seen.extend_from_slice(response);
            self.scratch.resize(logits.len(), 0);
            settings.apply(weights, &self.seen, &mut self.scratch)?;
            // The filters have divided by it.
            inverse = 1.0;
        }
        kernel!(cpu.isa(), exponentials(inverse: f32, weights: &mut [f32]));
        inverse_cdf(weights, uniform)
    }
}

/// The token at which the running sum of weights passes `uniform` of their total.
fn inverse_cdf(weights: &[f32], uniform: f64) -> Result<u32, Error> {
    let total: f64 = weights.iter().map(|&w| f64::from(w)).sum();
    if !total.is_finite() {
        return Err(Error::NotFinite { name: "logits", index: 0 });
    }
    let (mut sum, mut last) = (0.0, 0);
    for (i, &w) in weights.iter().enumerate() {
        if w > 0.0 {
            last = i;
            sum += f64::from(w);
            if sum > uniform * total {
                break;
            }
        }
    }
    Ok(last as u32)
}

/// Logits to exp((logit − greatest) · inverse), those of −∞ to 0.
#[inline(always)]
unsafe fn exponentials<L: Lanes>(inverse_temperature: f32, logits: &mut [f32]) {
    let greatest = logits.iter().fold(f32::NEG_INFINITY, |a, &b| a.max(b));
    for i in (0..logits.len()).step_by(WIDTH) {
        let n = logits.len() - i;
        // SAFETY: offsets stay inside.
        unsafe {
            let logit = get::<L>(logits.as_ptr().add(i), n);
            let shifted = L::mul(L::sub(logit, L::splat(greatest)), L::splat(inverse_temperature));
            put::<L>(logits.as_mut_ptr().add(i), n, exp::<L>(shifted));
        }
    }
}
