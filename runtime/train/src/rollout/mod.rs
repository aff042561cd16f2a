//! The steps that all algorithms with rollouts share.
//!
//! | step | |
//! |---|---|
//! | [`sample`](sample()) | the policy responds to prompts |
//! | [`score`](score()) | the reward and the reference score the responses, the critic predicts their returns |
//! | [`credit`] | rewards become advantages: GAE, a group's baseline, or rewards to go |
//! | [`Epochs`] | the rollout is passed over several times, in minibatches |
//! | [`GradientPass`](crate::accumulation::GradientPass) | a loss's gradient on a minibatch |

pub(crate) mod credit;
mod epochs;
mod report;
mod sample;
mod score;

pub(crate) use epochs::{Epochs, IndexBatch, Minibatch};
pub use report::IterationReport;
pub(crate) use sample::{Sampler, examples, repeat_prompts, sample};
pub(crate) use score::{log_probs, score, values};
