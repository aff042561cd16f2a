//! A backend of one's own, whole: a policy that is a table of which token follows which. It draws, scores, learns and keeps
//! the average of its weights; what it leaves out it declares. It passes the conformance kit, and is then trained by PPO:
//! `cargo run --release -p rlhf-examples --example your_own_backend`.

use rlhf_core::capabilities::{Candidates, Rows};
use rlhf_core::conformance::{Skip, Subject};
use rlhf_core::log_probs::{log_prob, log_prob_pull};
use rlhf_core::optim::{AdamW, MovingAverage, Update};
use rlhf_core::random::{Key, Stream};
use rlhf_core::roles::{Averaged, Learner, Policy, Reference};
use rlhf_core::sampling::{Request, Responses, SamplingParams, StopCriteria, sample_by};
use rlhf_core::{Batch, Error, Objective, Ragged, conformance, testing};
use rlhf_train::{Examples, Models, Ppo, now, profile};

const VOCABULARY: usize = 9;
const CONTEXT: usize = 16;

/// Logits of the next token, a row for each token, with what AdamW keeps of them and their moving average.
#[derive(Clone)]
struct Bigrams {
    logits: Vec<f32>,
    gradient: Vec<f32>,
    adamw: AdamW<f32>,
    average: MovingAverage<f32>,
}

impl Bigrams {
    fn learn<O: Objective>(&mut self, batch: Batch<'_>, objective: &mut O) -> Result<f64, Error> {
        let (tokens, temperature) = (batch.sequences().tokens(), batch.temperature().into());
        batch.sequences().check(VOCABULARY, CONTEXT)?;
        let positions: Vec<usize> = batch.positions().collect();
        let output = |&t: &usize| log_prob(&self.logits[row(tokens[t - 1])], tokens[t] as usize, temperature);
        let outputs: Result<(Vec<_>, Vec<_>), _> = positions.iter().map(output).collect();
        let (log_probs, entropies) = outputs?;
        // The gradient of the loss by each log-probability and entropy, and its pull-back through the table.
        let n = if objective.needs().entropy { positions.len() } else { 0 };
        let (mut slopes, mut bends) = (vec![0.0; positions.len()], vec![0.0; positions.len()]);
        let loss = objective.tokens(&positions, &log_probs, &entropies[..n], &mut slopes, &mut bends[..n])?;
        for ((t, slope), bend) in positions.into_iter().zip(slopes).zip(bends) {
            let (target, row) = (tokens[t] as usize, row(tokens[t - 1]));
            let (logits, gradient) = (&self.logits[row.clone()], &mut self.gradient[row]);
            log_prob_pull(logits, target, temperature, slope, bend, gradient)?;
        }
        Ok(loss)
    }
}

/// The row that follows a token.
fn row(token: u32) -> core::ops::Range<usize> {
    token as usize * VOCABULARY..(token as usize + 1) * VOCABULARY
}

impl Reference for Bigrams {
    type Error = Error;

    async fn log_probs(&mut self, batch: Batch<'_>, out: &mut [f32]) -> Result<(), Error> {
        let (tokens, temperature) = (batch.sequences().tokens(), batch.temperature().into());
        batch.sequences().check(VOCABULARY, CONTEXT)?;
        out.fill(0.0);
        for t in batch.positions() {
            out[t] = log_prob(&self.logits[row(tokens[t - 1])], tokens[t] as usize, temperature)?.0;
        }
        Ok(())
    }
}

impl Rows for Bigrams {
    fn row_len(&self) -> usize {
        VOCABULARY
    }

    async fn rows(&mut self, batch: Batch<'_>, visit: &mut dyn FnMut(usize, &[f32])) -> Result<(), Error> {
        let tokens = batch.sequences().tokens();
        batch.sequences().check(VOCABULARY, CONTEXT)?;
        batch.positions().for_each(|t| visit(t, &self.logits[row(tokens[t - 1])]));
        Ok(())
    }
}

impl Candidates for Bigrams {}

impl Policy for Bigrams {
    async fn sample(
        &mut self,
        prompts: Ragged<'_>,
        sampling: &SamplingParams,
        stopping: &StopCriteria<'_>,
        key: Key,
        first: u32,
    ) -> Result<Responses, Error> {
        let request = Request { prompts, sampling, stopping, context: CONTEXT, key, first };
        sample_by(self, &mut (), &request).await
    }
}

impl Learner for Bigrams {
    type Error = Error;

    async fn accumulate<O: Objective>(&mut self, batch: Batch<'_>, objective: &mut O) -> Result<f64, Error> {
        self.learn(batch, objective).inspect_err(|_| self.gradient.fill(0.0))
    }

    async fn zero_grad(&mut self) -> Result<(), Error> {
        self.gradient.fill(0.0);
        Ok(())
    }

    async fn step(&mut self, update: &Update) -> Result<f64, Error> {
        self.adamw.step(&mut self.logits, &mut self.gradient, update)
    }
}

impl Averaged for Bigrams {
    async fn average(&mut self, decay: f64) -> Result<(), Error> {
        self.average.update(&self.logits, decay)
    }

    async fn swap_average(&mut self) -> Result<(), Error> {
        self.average.swap(&mut self.logits)
    }
}

/// The backend's description for the conformance kit.
struct Table;

impl Subject for Table {
    type Network = Bigrams;

    fn fresh(&self, seed: u64) -> Bigrams {
        let (key, len) = (Key::new(seed, Stream::Init, 0), VOCABULARY * VOCABULARY);
        let logits = (0..len as u32).map(|i| key.normal(0, i) as f32).collect();
        Bigrams { logits, gradient: vec![0.0; len], adamw: AdamW::new(len), average: MovingAverage::new() }
    }

    fn vocabulary(&self) -> usize {
        VOCABULARY
    }
    fn context(&self) -> usize {
        CONTEXT
    }
    fn skips(&self) -> &[Skip] {
        const HEADS: &[&str] = &["critic", "learn_values", "reward", "learn_scores"];
        const MORE: &[&str] = &["parameters", "saved", "learn_candidates", "learn_rows"];
        &[Skip { what: HEADS, why: "a table has no head" }, Skip { what: MORE, why: "left to the reader" }]
    }
}

fn main() -> Result<(), Box<dyn core::error::Error>> {
    let report = conformance!(Table);
    println!("{report}");
    assert!(report.passed(), "{} checks failed", report.failures().count());

    // PPO, for responses in which tokens rise. The critic is another network, here the kit's own table.
    let mut rising = |text: &[u32]| text.windows(2).filter(|pair| pair[1] > pair[0]).count() as f32;
    let (actor, critic) = (Table.fresh(1), testing::Table::new(VOCABULARY, 1));
    let models = Models::new(actor.clone()).with_reference(actor).with_critic(critic);
    let mut models = models.with_reward(&mut rising);
    let mut settings = profile::Ppo { batch: Some(64), average: Some(0.5), ..Default::default() };
    settings.pretraining = None;
    (settings.policy.learning_rate, settings.critic.learning_rate) = (0.05, 0.05);
    let mut ppo = Ppo::new(settings, 30, 1)?;
    let (tokens, ends) = ([4; 64], core::array::from_fn::<_, 64, _>(|i| i + 1));
    let (prompts, examples) = (Ragged::new(&tokens, &ends)?, Examples::default());
    let stopping = StopCriteria { max_new_tokens: 6, eos: &[], stop: &[] };
    let scores = (0..30).map(|_| Ok(now(ppo.iterate(&mut models, prompts, &stopping, &examples))?.score));
    let scores: Vec<f64> = scores.collect::<Result<_, rlhf_train::TrainError>>()?;
    println!("of 6 tokens {:.2} rose at first, {:.2} in the end", scores[0], scores[29]);
    assert!(scores[29] > scores[0] + 1.0, "it did not learn: {scores:?}");
    Ok(())
}
