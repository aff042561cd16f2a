//! A backend of one's own, whole: a table of which token follows which. It scores text and learns, so that
//! every objective over given responses can train it; what it leaves out it declares. It passes the
//! conformance kit:
//! `cargo run --release -p rlhf-examples --example your_own_backend`.

use core::ops::Range;
use rlhf_core::conformance::{Skip, Subject};
use rlhf_core::maths::{Update, adamw, clip_factor, global_norm, log_prob, log_prob_pull};
use rlhf_core::random::{Key, Stream};
use rlhf_core::roles::{Learner, Reference};
use rlhf_core::{Batch, Error, Objective, Ragged, conformance};

const VOCABULARY: usize = 9;
const CONTEXT: usize = 16;

/// Logits of the next token, a row for each token, and what AdamW keeps of them.
struct Bigrams {
    logits: Vec<f32>,
    gradient: Vec<f32>,
    first: Vec<f32>,
    second: Vec<f32>,
    steps: u64,
}

/// Where the row that follows a token is.
fn row(token: u32) -> Range<usize> {
    let start = token as usize * VOCABULARY;
    start..start + VOCABULARY
}

fn check(sequences: Ragged<'_>) -> Result<(), Error> {
    let high = VOCABULARY as f64 - 1.0;
    if let Some(&token) = sequences.tokens().iter().find(|token| **token as usize >= VOCABULARY) {
        return Err(Error::Range { name: "token", value: token.into(), low: 0.0, high });
    }
    let fits = sequences.sequences().all(|(tokens, _)| tokens.len() <= CONTEXT);
    if fits { Ok(()) } else { Err(Error::Full { capacity: CONTEXT }) }
}

/// An owed token's position, its log-probability and the entropy of what it was drawn from.
type Told = (usize, (f32, f32));

impl Bigrams {
    /// The owed positions, each with its token's log-probability and the entropy there.
    fn owed(&self, batch: Batch<'_>) -> Result<Vec<Told>, Error> {
        let (sequences, temperature) = (batch.sequences(), batch.temperature().into());
        check(sequences)?;
        let tokens = sequences.tokens();
        let told = |t: usize| log_prob(&self.logits[row(tokens[t - 1])], tokens[t] as usize, temperature);
        let owed = (0..tokens.len()).filter(|t| batch.owed()[*t]);
        owed.map(|t| Ok((t, told(t)?))).collect()
    }

    fn learn<O: Objective>(&mut self, batch: Batch<'_>, objective: &mut O) -> Result<f64, Error> {
        let (tokens, temperature) = (batch.sequences().tokens(), batch.temperature().into());
        let (owed, told): (Vec<_>, Vec<_>) = self.owed(batch)?.into_iter().unzip();
        let (log_probs, mut entropies): (Vec<_>, Vec<_>) = told.into_iter().unzip();
        if !objective.needs().entropy {
            entropies.clear();
        }
        // The objective's gradient, and its pull-back through the table.
        let (mut slopes, mut bends) = (vec![0.0; owed.len()], vec![0.0; entropies.len()]);
        let loss = objective.tokens(&owed, &log_probs, &entropies, &mut slopes, &mut bends)?;
        bends.resize(owed.len(), 0.0);
        for (t, (slope, bend)) in owed.into_iter().zip(slopes.into_iter().zip(bends)) {
            let (target, row) = (tokens[t] as usize, row(tokens[t - 1]));
            let (logits, gradient) = (&self.logits[row.clone()], &mut self.gradient[row]);
            log_prob_pull(logits, target, temperature, slope, bend, gradient)?;
        }
        Ok(loss)
    }
}

impl Reference for Bigrams {
    type Error = Error;

    async fn log_probs(&mut self, batch: Batch<'_>, out: &mut [f32]) -> Result<(), Error> {
        out.fill(0.0);
        self.owed(batch)?.into_iter().for_each(|(t, (log_prob, _))| out[t] = log_prob);
        Ok(())
    }
}

impl Learner for Bigrams {
    type Error = Error;

    async fn accumulate<O: Objective>(&mut self, batch: Batch<'_>, objective: &mut O) -> Result<f64, Error> {
        self.learn(batch, objective).inspect_err(|_| self.gradient.fill(0.0))
    }

    async fn forget(&mut self) -> Result<(), Error> {
        self.gradient.fill(0.0);
        Ok(())
    }

    async fn step(&mut self, update: &Update) -> Result<f64, Error> {
        let Self { logits, gradient, first, second, steps } = self;
        let norm = global_norm([&gradient[..]]);
        let scale = clip_factor(norm, update.max_grad_norm)?;
        *steps += 1;
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
        const MORE: &[&str] = &["averaged", "parameters", "saved"];
        const TEXT: &[&str] = &["policy", "rows", "learn_rows", "candidates", "learn_candidates"];
        &[
            Skip { what: HEADS, why: "a table of logits has no scalar head" },
            Skip { what: MORE, why: "left to the reader" },
            Skip { what: TEXT, why: "it scores and learns, and draws nothing" },
        ]
    }
}

fn main() {
    let report = conformance!(Table);
    println!("{report}");
    assert!(report.passed(), "{} checks failed", report.failures().count());
}
