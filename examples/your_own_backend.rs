//! A backend of one's own, whole: a policy that is a table of which token follows which. It passes the
//! conformance kit, and so every trainer can use it:
//! `cargo run --release -p rlhf-examples --example your_own_backend`.

use rlhf_core::conformance;
use rlhf_core::conformance::{Skip, Subject};
use rlhf_core::maths::{Update, adamw, clip_factor, global_norm, log_prob, log_prob_pull};
use rlhf_core::random::{Key, Stream};
use rlhf_core::roles::{Learner, Policy, Reference};
use rlhf_core::sampling::{Finish, Responses, Sampling, Stopping, draw, greedy};
use rlhf_core::{Batch, Error, Objective, Ragged};

const VOCABULARY: usize = 9;
const CONTEXT: usize = 16;

/// Logits of the next token, a row for each token, and what AdamW keeps of them.
#[derive(Default)]
struct Bigrams {
    logits: Vec<f32>,
    gradient: Vec<f32>,
    first: Vec<f32>,
    second: Vec<f32>,
    steps: u64,
}

impl Bigrams {
    /// The row that follows a token.
    fn row(&self, token: u32) -> &[f32] {
        &self.logits[token as usize * VOCABULARY..][..VOCABULARY]
    }

    /// Where the owed tokens are, once it is clear that all tokens and lengths are known.
    fn owed(&self, batch: Batch<'_>) -> Result<Vec<usize>, Error> {
        check(batch.sequences(), CONTEXT)?;
        Ok((0..batch.owed().len()).filter(|t| batch.owed()[*t]).collect())
    }
}

fn check(sequences: Ragged<'_>, longest: usize) -> Result<(), Error> {
    let high = VOCABULARY as f64 - 1.0;
    if let Some(&token) = sequences.tokens().iter().find(|token| **token as usize >= VOCABULARY) {
        return Err(Error::Range { name: "token", value: token.into(), low: 0.0, high });
    }
    match sequences.sequences().find(|(tokens, _)| tokens.len() > longest) {
        Some(_) => Err(Error::Full { capacity: longest }),
        None => Ok(()),
    }
}

impl Reference for Bigrams {
    type Error = Error;

    async fn log_probs(&mut self, batch: Batch<'_>, out: &mut [f32]) -> Result<(), Error> {
        let (owed, tokens) = (self.owed(batch)?, batch.sequences().tokens());
        out.fill(0.0);
        for t in owed {
            out[t] = log_prob(self.row(tokens[t - 1]), tokens[t] as usize, batch.temperature().into())?.0;
        }
        Ok(())
    }
}

impl Policy for Bigrams {
    async fn sample(
        &mut self,
        prompts: Ragged<'_>,
        sampling: &Sampling,
        stopping: &Stopping<'_>,
        key: Key,
        first: u32,
    ) -> Result<Responses, Error> {
        check(prompts, CONTEXT - 1)?;
        if stopping.max_new_tokens == 0 {
            return Err(Error::TooFew { name: "max_new_tokens", need: 1, got: 0 });
        }
        let mut out = Responses::default();
        for (sample, (prompt, _)) in (first..).zip(prompts.sequences()) {
            let (mut text, mut finish) = (prompt.to_vec(), None);
            while finish.is_none() {
                let (position, logits) = (text.len() - prompt.len(), self.row(text[text.len() - 1]));
                let token = match sampling {
                    Sampling::Greedy => greedy(logits)?,
                    Sampling::Draw(filters) => {
                        let mut kept = logits.to_vec();
                        filters.apply(&mut kept, &text, &mut [0; VOCABULARY])?;
                        draw(&kept, key.uniform(sample, position as u32))?
                    }
                };
                out.log_probs.push(log_prob(logits, token as usize, sampling.temperature().into())?.0);
                out.tokens.push(token);
                text.push(token);
                let full = (text.len() == CONTEXT).then_some(Finish::Length);
                finish = stopping.finish(token, position + 1).or(full);
            }
            out.ends.push(out.tokens.len());
            out.finish.extend(finish);
        }
        Ok(out)
    }
}

impl Bigrams {
    fn learn<O: Objective>(&mut self, batch: Batch<'_>, objective: &mut O) -> Result<f64, Error> {
        let (owed, tokens) = (self.owed(batch)?, batch.sequences().tokens());
        let temperature = f64::from(batch.temperature());
        let told = owed.iter().map(|&t| log_prob(self.row(tokens[t - 1]), tokens[t] as usize, temperature));
        let (log_probs, mut entropies): (Vec<f32>, Vec<f32>) =
            told.collect::<Result<Vec<_>, _>>()?.into_iter().unzip();
        if !objective.needs().entropy {
            entropies.clear();
        }
        // The objective's gradient, and its pull-back through the table.
        let (mut slopes, mut bends) = (vec![0.0; owed.len()], vec![0.0; entropies.len()]);
        let loss = objective.tokens(&owed, &log_probs, &entropies, &mut slopes, &mut bends)?;
        for (i, t) in owed.into_iter().enumerate() {
            let (row, bend) = (tokens[t - 1] as usize * VOCABULARY, bends.get(i).copied().unwrap_or(0.0));
            let (logits, pulled) =
                (&self.logits[row..][..VOCABULARY], &mut self.gradient[row..][..VOCABULARY]);
            log_prob_pull(logits, tokens[t] as usize, temperature, slopes[i], bend, pulled)?;
        }
        Ok(loss)
    }
}

impl Learner for Bigrams {
    type Error = Error;

    async fn accumulate<O: Objective>(&mut self, batch: Batch<'_>, objective: &mut O) -> Result<f64, Error> {
        let result = self.learn(batch, objective);
        if result.is_err() {
            self.gradient.fill(0.0);
        }
        result
    }

    async fn forget(&mut self) -> Result<(), Error> {
        self.gradient.fill(0.0);
        Ok(())
    }

    async fn step(&mut self, update: &Update) -> Result<f64, Error> {
        let norm = global_norm([&self.gradient[..]]);
        let scale = clip_factor(norm, update.max_grad_norm)?;
        self.steps += 1;
        let Self { logits, gradient, first, second, steps } = self;
        adamw(logits, gradient, first, second, *steps, update, scale)?;
        gradient.fill(0.0);
        Ok(norm)
    }
}

/// What the kit has to know.
struct Table;

impl Subject for Table {
    type Network = Bigrams;

    fn fresh(&self, seed: u64) -> Bigrams {
        let (key, zeros) = (Key::new(seed, Stream::Init, 0), vec![0.0; VOCABULARY * VOCABULARY]);
        let logits = (0..zeros.len() as u32).map(|i| key.normal(0, i) as f32).collect();
        Bigrams { logits, gradient: zeros.clone(), first: zeros.clone(), second: zeros, steps: 0 }
    }

    fn vocabulary(&self) -> usize {
        VOCABULARY
    }

    fn context(&self) -> usize {
        CONTEXT
    }

    fn skips(&self) -> &[Skip] {
        const HEADS: &[&str] = &["critic", "learn_values", "reward", "learn_scores"];
        const REST: &[&str] =
            &["averaged", "rows", "learn_rows", "candidates", "learn_candidates", "parameters", "saved"];
        &[
            Skip { what: HEADS, why: "a table of logits has no scalar head" },
            Skip { what: REST, why: "left to the reader" },
        ]
    }
}

fn main() {
    let report = conformance!(Table);
    println!("{report}");
    assert!(report.passed(), "{} checks failed", report.failures().count());
}
