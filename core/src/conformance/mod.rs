//! The conformance kit: every promise that a backend makes, as a check that any backend can run.
//!
//! A backend's author writes a [`Subject`]: how to make a small network from a seed, how large its
//! vocabulary and its context are, and what it cannot do. [`conformance!`](crate::conformance!) finds
//! out which roles and capabilities the network has, runs the checks of each and returns a [`Report`].
//!
//! | family | needs | promises checked |
//! |---|---|---|
//! | `reference` | [`Reference`] | whole outputs, probabilities that sum to 1, temperature, causality, company, order, width, errors |
//! | `policy` | [`Policy`] | log-probabilities are the scorer's, keys, every draw, filters, endings, width, new weights after a step |
//! | `learner` | [`Learner`], [`Reference`] | gradients of log-probabilities and entropies, splits, couplings, norms, refusals, every setting of AdamW, learning |
//! | `critic`, `learn_values` | [`Critic`], [`Learner`] | as `reference` and `learner`, for values |
//! | `reward`, `learn_scores` | [`Reward`], [`Learner`] | as `reference` and `learner`, for scores |
//! | `averaged` | [`Averaged`], [`Reference`] | where the average starts, what a decay does, swaps for every role |
//! | `rows`, `learn_rows` | [`Rows`], [`LearnRows`] | order, raw logits, the same gradient as scalars give |
//! | `candidates`, `learn_candidates` | [`Candidates`], [`LearnCandidates`] | order, ties, the same numbers as the scorer's |
//! | `parameters` | [`Parameters`], [`Reference`] | round trips for every role, gradients weight by weight, AdamW weight by weight, large logits |
//! | `saved` | [`Saved`] | a loaded network scores and learns as the saved one would, with dropout too where there is [`WithDropout`] |
//!
//! [`checks`] lists every check with its promise and what its breach usually means; a failure prints both.
//! [`conformance_tests!`](crate::conformance_tests!) makes a `#[test]` of each. [`walkthrough`] goes through a backend step by
//! step.
//!
//! **What cannot be seen from outside.** With the five roles alone, two faults pass: weights that never learn while others
//! do (a network with frozen layers keeps every promise), and which of several equally probable ids greedy sampling takes.
//! [`Parameters`] shows both.
//!
//! **Without access to weights**, gradients are checked through [`Learner::step`]. AdamW without
//! moments and with an ε far above every gradient is plain descent, `θ ← θ − (η/ε)·g`; so the kit moves
//! two fresh networks by the same short way along `g` and against it, and the difference of their
//! losses has to be that way's length times the norm that `step` returned: `⟨∇L, g⟩ = ‖g‖²`. That holds
//! if `g` is the gradient, or its part along the weights that are trained at all. That nothing outside the loss mask is
//! left out is a check of its own. Where there is [`Parameters`], up to 300 weights are moved one by one.
//!
//! **A skip is a claim.** A check that fails for a reason may be declared in [`Subject::skips`], with the
//! reason; it runs all the same, and if it passes the declaration is stale, which is a failure. A family
//! whose traits the network lacks has to be declared as well, so that no capability is lost unnoticed.
//!
//! A panic is a failure too. Pass a writer that prints at once: each check's name is written before it
//! runs, so the last name is the culprit's.
//!
//! [`Reference`]: crate::roles::Reference
//! [`Policy`]: crate::roles::Policy
//! [`Learner`]: crate::roles::Learner
//! [`Learner::step`]: crate::roles::Learner::step
//! [`Critic`]: crate::roles::Critic
//! [`Reward`]: crate::roles::Reward
//! [`Averaged`]: crate::roles::Averaged
//! [`Rows`]: crate::capabilities::Rows
//! [`LearnRows`]: crate::capabilities::LearnRows
//! [`Candidates`]: crate::capabilities::Candidates
//! [`LearnCandidates`]: crate::capabilities::LearnCandidates
//! [`Parameters`]: crate::capabilities::Parameters

mod averaged;
mod candidates;
mod company;
mod continuation;
#[doc(hidden)]
pub mod detect;
mod exact;
mod extreme;
mod gradient;
mod learn;
mod learn_candidates;
mod learn_rows;
mod learner;
mod matrix;
mod measure;
mod parameters;
mod policy;
mod probe;
mod promises;
mod reference;
mod refusals;
mod report;
mod rows;
mod run;
mod sampling;
mod saved;
mod scalar;
mod state;
mod statistics;
mod steps;
mod stopping;
mod subject;
mod text;
mod tolerances;
mod updates;
#[doc = include_str!("walkthrough.md")]
pub mod walkthrough {}
mod weights;
mod wide;

pub use matrix::matrix;
pub use measure::{Fault, Measured};
pub use promises::{PROMISES, Promise, checks};
pub use report::{Outcome, Report, Status};
pub use run::{Run, Silent};
pub use subject::{Saved, Skip, Subject, WithDropout};
pub use tolerances::Tolerances;
