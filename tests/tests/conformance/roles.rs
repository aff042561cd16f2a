//! Roles that read: reference, policy, critic, reward, rows, candidates.

use crate::conformance::faults::Fault;
use crate::conformance::tiny::{CONTEXT, SCORE, Tiny, VALUE, VOCABULARY};
use rlhf_core::capabilities::{Candidates, Rows};
use rlhf_core::log_probs::{log_prob, log_softmax};
use rlhf_core::random::{Key, Stream};
use rlhf_core::roles::{Critic, Policy, Reference, Reward};
use rlhf_core::sampling::{Filters, FinishReason, Responses, SamplingParams, StopCriteria, draw, greedy};
use rlhf_core::{Batch, Error, Ragged};

impl Reference for Tiny {
    type Error = Error;

    async fn log_probs(&mut self, batch: Batch<'_>, out: &mut [f32]) -> Result<(), Error> {
        self.stale(Fault::StaleScorer, |network| network.read_log_probs(batch, out))
    }
}

impl Tiny {
    fn read_log_probs(&mut self, batch: Batch<'_>, out: &mut [f32]) -> Result<(), Error> {
        let sequences = batch.sequences();
        self.check(sequences)?;
        let temperature = if self.has(Fault::ScoresAtOne) { 1.0 } else { batch.temperature().into() };
        if self.has(Fault::ReturnsEarly) && Self::positions(batch).is_empty() {
            return Ok(());
        }
        for (t, out) in out.iter_mut().enumerate() {
            *out = 0.0;
            let first = t == 0 || sequences.ends().contains(&t);
            if batch.loss_mask()[t] || self.has(Fault::WritesUnowed) && !first {
                let target = if self.has(Fault::ScoresEarlierToken) { t - 1 } else { t };
                let target = sequences.tokens()[target] as usize % VOCABULARY;
                let logits = self.logits(sequences, t);
                *out = log_prob(&logits, target, temperature)?.0;
                if self.has(Fault::NaiveSoftmax) {
                    let weight = |z: &f32| (z / temperature as f32).exp();
                    *out = (weight(&logits[target]) / logits.iter().map(weight).sum::<f32>()).ln();
                }
                if self.has(Fault::FloorsProbabilities) {
                    *out = out.max(-9.2);
                }
            }
        }
        if self.has(Fault::NotNormalized) {
            out.iter_mut().for_each(|x| *x *= 1.01);
        }
        Ok(())
    }
}

/// Returns the settings as the sampler's fault changes them.
fn filters(network: &Tiny, given: Filters) -> Filters {
    match network.fault {
        Fault::SamplesAtOne => Filters { temperature: 1.0, ..given },
        Fault::IgnoresRepetition => Filters { repetition: 1.0, ..given },
        Fault::IgnoresFilters => Filters { temperature: given.temperature, ..Filters::default() },
        _ => given,
    }
}

impl Policy for Tiny {
    async fn sample(
        &mut self,
        prompts: Ragged<'_>,
        sampling: &SamplingParams,
        stopping: &StopCriteria<'_>,
        key: Key,
        first: u32,
    ) -> Result<Responses, Error> {
        self.stale(Fault::StaleSampler, |network| network.write(prompts, sampling, stopping, key, first))
    }
}

impl Tiny {
    fn write(
        &mut self,
        prompts: Ragged<'_>,
        sampling: &SamplingParams,
        stopping: &StopCriteria<'_>,
        key: Key,
        first: u32,
    ) -> Result<Responses, Error> {
        self.check(prompts)?;
        let mut out = Responses::default();
        if stopping.max_new_tokens == 0 && !self.has(Fault::AcceptsNoTokens) {
            return Err(Error::TooFew { name: "max_new_tokens", need: 1, got: 0 });
        }
        let first = if self.has(Fault::IgnoresFirst) { 0 } else { first };
        let key = match self.fault {
            Fault::IgnoresStep => Key { step: 0, ..key },
            Fault::IgnoresKeySeed => Key { seed: 1, ..key },
            Fault::IgnoresStream => Key { stream: Stream::Sampling, ..key },
            _ => key,
        };
        for (i, (prompt, _)) in prompts.sequences().enumerate() {
            if prompt.len() == CONTEXT && !self.has(Fault::AcceptsFullPrompt) {
                return Err(Error::Full { capacity: CONTEXT });
            }
            let mut text = prompt.to_vec();
            let mut finish = None;
            while finish.is_none() {
                let ends = [text.len()];
                let logits = self.logits(Ragged::new(&text, &ends)?, text.len());
                let position = text.len() - prompt.len();
                let index = if self.has(Fault::TilesOf64Prompts) { i % 64 } else { i };
                let sample = first + if self.has(Fault::IgnoresIndex) { 0 } else { index as u32 };
                let place = if self.has(Fault::IgnoresPosition) { 0 } else { position as u32 };
                let company = if self.has(Fault::DrawsInCompany) { prompts.len() as u32 } else { 0 };
                let mut kept = logits.clone();
                let token = match sampling {
                    SamplingParams::Greedy if self.has(Fault::GreedyDraws) => draw(&kept, 0.99)?,
                    SamplingParams::Greedy if self.has(Fault::LastOfTies) => {
                        let best = kept.iter().copied().fold(f32::NEG_INFINITY, f32::max);
                        kept.iter().rposition(|z| *z == best).unwrap_or(0) as u32
                    }
                    SamplingParams::Greedy => greedy(&kept)?,
                    SamplingParams::Draw(given) => {
                        let penalized = if self.has(Fault::PenalizesPromptAlone) { prompt } else { &text };
                        filters(self, *given).apply(&mut kept, penalized, &mut [0; VOCABULARY])?;
                        let uniform = key.uniform(sample + 1000 * company, place);
                        match self.fault {
                            Fault::DrawsFromTheEnd => draw(&kept, 1.0 - uniform)?,
                            _ => draw(&kept, uniform)?,
                        }
                    }
                };
                let temperature = f64::from(sampling.temperature());
                let own = match self.fault {
                    Fault::ReturnsFiltered => log_prob(&kept, token as usize, 1.0)?.0,
                    Fault::ReturnsAtOne => log_prob(&logits, token as usize, 1.0)?.0,
                    _ => log_prob(&logits, token as usize, temperature)?.0,
                };
                text.push(token);
                out.tokens.push(token);
                out.log_probs.push(own);
                finish = stopping.finish(token, position + 1);
                if self.has(Fault::RunsOnAfterStop) && finish == Some(FinishReason::Stop) {
                    finish = (position + 1 >= stopping.max_new_tokens).then_some(FinishReason::Length);
                }
                let room = CONTEXT - usize::from(self.has(Fault::StopsEarly));
                finish = finish.or((text.len() >= room).then_some(FinishReason::Length));
            }
            let finish = finish.unwrap_or(FinishReason::Length);
            let calls_it_length = self.has(Fault::CallsEosLength) && finish == FinishReason::Eos;
            out.finish.push(if calls_it_length { FinishReason::Length } else { finish });
            out.ends.push(out.tokens.len());
        }
        Ok(out)
    }
}

impl Critic for Tiny {
    type Error = Error;

    async fn values(&mut self, sequences: Ragged<'_>, out: &mut [f32]) -> Result<(), Error> {
        self.check(sequences)?;
        let values = self.stale(Fault::StaleCritic, |network| network.values_of(sequences, VALUE));
        out.copy_from_slice(&values);
        if self.has(Fault::Drifts) {
            self.calls += 1;
            out.iter_mut().for_each(|value| *value += 0.01 * self.calls as f32);
        }
        Ok(())
    }
}

impl Reward for Tiny {
    type Error = Error;

    async fn score(&mut self, sequences: Ragged<'_>, out: &mut [f32]) -> Result<(), Error> {
        self.check(sequences)?;
        let all = self.stale(Fault::StaleReward, |network| network.values_of(sequences, SCORE));
        for (i, out) in out.iter_mut().enumerate() {
            let span = sequences.span(i);
            *out = all[if self.has(Fault::ScoresFirstToken) { span.start } else { span.end - 1 }];
        }
        Ok(())
    }
}

impl Rows for Tiny {
    fn row_len(&self) -> usize {
        VOCABULARY
    }

    async fn rows(&mut self, batch: Batch<'_>, visit: &mut dyn FnMut(usize, &[f32])) -> Result<(), Error> {
        self.check(batch.sequences())?;
        let mut positions = Self::positions(batch);
        if self.has(Fault::RowsBackwards) {
            positions.reverse();
        }
        for t in positions {
            let mut row = self.stale(Fault::StaleRows, |network| network.logits(batch.sequences(), t));
            if self.has(Fault::RowsDivided) {
                row.iter_mut().for_each(|z| *z /= batch.temperature());
            }
            visit(t, &row);
        }
        Ok(())
    }
}

impl Tiny {
    pub fn all_log_probs(&self, batch: Batch<'_>, t: usize) -> Result<Vec<f32>, Error> {
        let logits = self.logits(batch.sequences(), t);
        let mut out = vec![0.0; VOCABULARY];
        let temperature = if self.has(Fault::CandidatesAtOne) { 1.0 } else { batch.temperature().into() };
        log_softmax(&logits, temperature, &mut out)?;
        Ok(out)
    }

    pub fn check_candidates(&self, batch: Batch<'_>, k: usize, ids: &[u32], len: usize) -> Result<(), Error> {
        self.check(batch.sequences())?;
        let want = Self::positions(batch).len() * k;
        if ids.len() != want || len != want {
            return Err(Error::Shape { name: "ids", want, got: ids.len() });
        }
        if k == 0 && !self.has(Fault::AcceptsNoCandidates) || k > VOCABULARY {
            let high = VOCABULARY as f64;
            return Err(Error::Range { name: "k", value: k as f64, low: 1.0, high });
        }
        Ok(())
    }

    pub fn check_ids(&self, ids: &[u32]) -> Result<(), Error> {
        match ids.iter().find(|id| **id as usize >= VOCABULARY) {
            Some(_) => Err(Error::Range { name: "id", value: 0.0, low: 0.0, high: VOCABULARY as f64 }),
            None => Ok(()),
        }
    }
}

impl Candidates for Tiny {
    async fn top(
        &mut self,
        batch: Batch<'_>,
        k: usize,
        ids: &mut [u32],
        log_probs: &mut [f32],
    ) -> Result<(), Error> {
        self.check_candidates(batch, k, ids, log_probs.len())?;
        if k == 0 {
            return Ok(());
        }
        for (i, t) in Self::positions(batch).into_iter().enumerate() {
            let all = self.stale(Fault::StaleCandidates, |network| network.all_log_probs(batch, t))?;
            let mut order: Vec<usize> = (0..VOCABULARY).collect();
            order.sort_by(|a, b| all[*b].total_cmp(&all[*a]));
            if self.has(Fault::TopRises) {
                order.reverse();
            }
            for (j, id) in order.into_iter().take(k).enumerate() {
                (ids[i * k + j], log_probs[i * k + j]) = (id as u32, all[id]);
            }
        }
        Ok(())
    }

    async fn candidates(
        &mut self,
        batch: Batch<'_>,
        k: usize,
        ids: &[u32],
        log_probs: &mut [f32],
    ) -> Result<(), Error> {
        self.check_candidates(batch, k, ids, log_probs.len())?;
        self.check_ids(ids)?;
        for (i, t) in Self::positions(batch).into_iter().enumerate() {
            let all = self.all_log_probs(batch, t)?;
            for j in i * k..(i + 1) * k {
                log_probs[j] = all[ids[j] as usize];
            }
        }
        Ok(())
    }
}
