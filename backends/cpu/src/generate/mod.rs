//! Sampling of many sequences at once, with cached keys and values. A sequence that has ended leaves
//! the batch.

mod body;
mod choice;
mod packed;
mod request;

pub(crate) use packed::PackedWeights;
pub(crate) use request::Request;

use crate::Cpu;
use crate::attention::{self, Cache};
use crate::threads::{ELEMENT, Parts, WAKE, WEIGHT};
use alloc::vec;
use alloc::vec::Vec;
use body::{Body, Live};
use choice::Choice;
use rlhf_core::Error;
use rlhf_core::sampling::{FinishReason, Responses};
use rlhf_kernels::softmax::row;

/// One response while it grows.
#[derive(Clone, Default)]
struct Response {
    tokens: Vec<u32>,
    log_probs: Vec<f32>,
    finish: Option<FinishReason>,
    error: Option<Error>,
}

impl Request<'_> {
    /// Continues every prompt.
    pub(crate) fn run(&self, cpu: &Cpu) -> Result<Responses, Error> {
        self.continued(cpu, self.packed.len() > SHARED)
    }

    /// Threads share the prompts out, and have every weight to read; or, where `columns` says so and of one prompt
    /// alone, they share each product's columns.
    fn continued(&self, cpu: &Cpu, columns: bool) -> Result<Responses, Error> {
        let count = self.prompts.len();
        let mut all = vec![Response::default(); count];
        let cost = self.cost();
        let threads = cpu.pool().sharing(cost);
        if count == 1 || threads == 1 || columns {
            // A network whose products are each too little work to wake a thread for stays on this one altogether.
            let alone = cpu.alone();
            let cpu = if self.packed.largest() * WEIGHT < WAKE {
                cpu.pool().pay(cost);
                &alone
            } else {
                cpu
            };
            for (i, part) in all.chunks_mut(MOST_TOGETHER).enumerate() {
                self.group(cpu, i * MOST_TOGETHER, part);
            }
        } else {
            // A few sequences each, claimed as threads get free; enough to fill the inner loop's rows.
            let each = count.div_ceil(threads).clamp(1, MOST_TOGETHER);
            let parts = Parts::new(&mut all);
            cpu.pool().run(count.div_ceil(each), cost, &|i| {
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
            out.finish.push(response.finish.unwrap_or(FinishReason::Length));
        }
        Ok(out)
    }

    /// The multiplications of all prompts and of the longest responses, of which few wait for weights.
    fn cost(&self) -> usize {
        let new = self.prompts.len().max(WEIGHT).saturating_mul(self.stopping.max_new_tokens);
        self.prompts.tokens().len().saturating_add(new).saturating_mul(self.packed.len())
    }

    /// Continues the prompts from `first` on, one for each of `responses`.
    fn group(&self, cpu: &Cpu, first: usize, responses: &mut [Response]) {
        let a = &self.weights.architecture;
        let mut live: Vec<Live> = (first..first + responses.len())
            .map(|prompt| {
                // The last token of a response is never read.
                let most = self.prompts.span(prompt).len().saturating_add(self.stopping.max_new_tokens);
                let room = || Cache::with_room(attention::heads(a), most.min(a.context));
                Live { prompt, length: 0, caches: (0..a.layers * a.kv_heads).map(|_| room()).collect() }
            })
            .collect();
        let mut tokens = Vec::new();
        let mut spans = Vec::new();
        for sequence in &live {
            let span = self.prompts.span(sequence.prompt);
            spans.push(tokens.len()..tokens.len() + span.len());
            tokens.extend_from_slice(&self.prompts.tokens()[span]);
        }
        let mut body = Body::default();
        let mut choices = vec![Choice::default(); cpu.pool().count().min(live.len())];
        while !live.is_empty() {
            let logits = body.step(cpu, self, &mut live, &tokens, &spans);
            let (rows, parts) = (live.len(), choices.len().min(live.len()));
            let (each_choice, each_response) = (Parts::new(&mut choices), Parts::new(responses));
            cpu.pool().run(parts, 2 * ELEMENT * logits.len(), &|part| {
                // SAFETY: each part has its own choice.
                let choice = unsafe { &mut each_choice.get(part..part + 1)[0] };
                for row in part * rows / parts..(part + 1) * rows / parts {
                    let logits = &logits[row * a.vocabulary..(row + 1) * a.vocabulary];
                    let i = live[row].prompt - first;
                    // SAFETY: each row has its own prompt.
                    let response = unsafe { &mut each_response.get(i..i + 1)[0] };
                    self.append(cpu, &live[row], logits, choice, response);
                }
            });
            tokens.clear();
            live.retain(|sequence| {
                let response = &responses[sequence.prompt - first];
                let goes_on = response.finish.is_none() && response.error.is_none();
                if goes_on {
                    tokens.extend(response.tokens.last());
                }
                goes_on
            });
            spans.clear();
            spans.extend((0..live.len()).map(|i| i..i + 1));
        }
    }

    /// The next token of a response, from its row of logits.
    fn append(
        &self,
        cpu: &Cpu,
        sequence: &Live,
        logits: &[f32],
        choice: &mut Choice,
        response: &mut Response,
    ) {
        let seen = &self.prompts.tokens()[self.prompts.span(sequence.prompt)];
        let sample = self.first.wrapping_add(sequence.prompt as u32);
        let uniform = self.key.uniform(sample, response.tokens.len() as u32);
        let token = match choice.choose(cpu, self.sampling, logits, seen, &response.tokens, uniform) {
            Ok(token) => token,
            Err(error) => {
                response.error = Some(error);
                return;
            }
        };
        let inverse = 1.0 / self.sampling.temperature();
        response.log_probs.push(row(cpu.processor(), logits, inverse, token).log_prob);
        response.tokens.push(token);
        response.finish = self.stopping.finish(token, response.tokens.len());
        // The scorer has to read the last token too.
        if response.finish.is_none() && sequence.length + 1 == self.weights.architecture.context {
            response.finish = Some(FinishReason::Length);
        }
    }
}

/// Weights above which threads read each once together: 64 MiB, more than most processors' last cache.
const SHARED: usize = 1 << 24;

/// Sequences that decode together: more would only make their caches colder.
const MOST_TOGETHER: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Model;
    use crate::testing::numbers;
    use rlhf_core::Ragged;
    use rlhf_core::model::Architecture;
    use rlhf_core::random::{Key, Stream};
    use rlhf_core::sampling::{SamplingParams, StopCriteria};

    #[test]
    fn who_shares_what_changes_no_bit() {
        let a = Architecture::gpt2(300, 64, 32, 2, 2);
        for threads in [1, 3] {
            let cpu = Cpu::new(threads, crate::Isa::best());
            let model = Model::random(&cpu, a.clone(), 1).unwrap();
            let packed = PackedWeights::new(&cpu, &model.weights);
            let tokens: Vec<u32> = numbers(60, 2).iter().map(|x| (x.abs() * 299.0) as u32 % 300).collect();
            let ends = [5, 6, 20, 21, 22, 40, 60];
            for sampling in [SamplingParams::Greedy, SamplingParams::at_temperature(0.7)] {
                let request = Request {
                    weights: &model.weights,
                    packed: &packed,
                    prompts: Ragged::new(&tokens, &ends).unwrap(),
                    sampling: &sampling,
                    stopping: &StopCriteria { max_new_tokens: 50, eos: &[7], stop: &[] },
                    key: Key::new(3, Stream::Sampling, 0),
                    first: 2,
                };
                let [prompts, columns] =
                    [false, true].map(|columns| request.continued(&cpu, columns).unwrap());
                assert_eq!(prompts.tokens, columns.tokens);
                assert_eq!(prompts.ends, columns.ends);
                assert_eq!(prompts.finish, columns.finish);
                let bits = |r: &Responses| r.log_probs.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
                assert_eq!(bits(&prompts), bits(&columns));
            }
        }
    }
}
