//! Generation of text.

use super::LanguageModel;
use crate::Error;
use crate::transcript;
use rlhf_core::model::tokenizer::Tokenizer;
use rlhf_core::random::{Key, Stream};
use rlhf_core::roles::Policy;
use rlhf_core::sampling::{Filters, FinishReason, SamplingParams, StopCriteria};
use rlhf_core::{Ragged, ready};
use serde::Serialize;
use sha2::{Digest, Sha256};

/// Settings of writing: how tokens are chosen, how long and how many responses are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Writing {
    /// The settings of sampling.
    pub sampling: SamplingParams,
    /// The longest response, in tokens.
    pub longest: usize,
    /// The number of responses to a prompt.
    pub count: usize,
    /// The seed of every draw.
    pub seed: u64,
}

impl Default for Writing {
    fn default() -> Self {
        Self { sampling: SamplingParams::Draw(Filters::default()), longest: 128, count: 1, seed: 0 }
    }
}

/// A response.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Response {
    /// Its text: what a model wrote is data, never markup.
    pub text: String,
    /// Its length, in tokens.
    pub tokens: usize,
    /// The reason why it ended: `eos`, or `length`.
    pub finish: &'static str,
    /// The sum of ln p of its tokens, in nats, at the temperature and before the filters.
    pub log_prob: f64,
}

/// Responses drawn at once.
const TOGETHER: usize = 64;

impl LanguageModel {
    /// Writes responses to a prompt. Each depends on the prompt, the seed and its number among the `count`, and on
    /// nothing else.
    ///
    /// # Errors
    /// [`Error::Context`] for a prompt that leaves no room; [`Error::Engine`]
    /// names a setting of the sampling that is out of range.
    pub fn generate(&mut self, prompt: &str, writing: &Writing) -> Result<Vec<Response>, Error> {
        let tokens = transcript::prompt(&self.tokenizer, prompt);
        let policy = &mut self.policy;
        let context = policy.model.architecture().context;
        if tokens.is_empty() {
            return Err(Error::Empty);
        }
        if tokens.len() >= context {
            return Err(Error::Context { tokens: tokens.len() + 1, context });
        }
        let key = Key::new(seed(writing.seed, &tokens), Stream::Sampling, 0);
        let ends = self.tokenizer.ends();
        let stopping = StopCriteria { max_new_tokens: writing.longest, eos: &ends, stop: &[] };
        let mut out = Vec::new();
        while out.len() < writing.count {
            let together = TOGETHER.min(writing.count - out.len());
            let prompts = tokens.repeat(together);
            let ends: Vec<usize> = (1..=together).map(|i| i * tokens.len()).collect();
            let prompts = Ragged::new(&prompts, &ends)?;
            let first = out.len() as u32;
            let drawn = ready(policy.sample(prompts, &writing.sampling, &stopping, key, first));
            let drawn = drawn.ok_or(Error::Waited)??;
            for (i, finish) in drawn.finish.iter().enumerate() {
                let ids = drawn.response(i);
                let log_probs = drawn.log_probs.get(drawn.span(i)).unwrap_or_default();
                out.push(Response {
                    text: self.tokenizer.decode_continuation(ids),
                    tokens: ids.len(),
                    finish: if *finish == FinishReason::Length { "length" } else { "eos" },
                    log_prob: log_probs.iter().map(|p| f64::from(*p)).sum(),
                });
            }
        }
        Ok(out)
    }
}

/// A seed of the prompt's own, so that neither its company nor its place changes its responses.
fn seed(seed: u64, prompt: &[u32]) -> u64 {
    let mut hash = Sha256::new();
    hash.update(seed.to_le_bytes());
    prompt.iter().for_each(|token| hash.update(token.to_le_bytes()));
    hash.finalize().iter().take(8).fold(0, |all, byte| (all << 8) | u64::from(*byte))
}
