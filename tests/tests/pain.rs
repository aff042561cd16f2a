//! Problems that users of other systems report, row by row of `../shared/reference/PAIN.md`: each test is
//! named after a complaint, and its documentation has the public issues.
//!
//! | row | complaint | where |
//! |---|---|---|
//! | 1 | sampler and trainer disagree | `pain/sampler.rs` |
//! | 2 | negative or exploding KL | `pain/sampler.rs`; the guard in `guards/rollout.rs` |
//! | 3 | reward hacking | `pain/training.rs`; the warning in `guards/warnings.rs` |
//! | 4 | out of memory from logits | `memory.rs`: a process of its own |
//! | 5 | the score lands on the wrong token | `pain/rewards.rs` |
//! | 6 | interfaces change | `pain/project.rs`: what a release promises, unknown keys refused by name |
//! | 7 | own reward functions refused | `pain/rewards.rs` |
//! | 8 | installing | `pain/project.rs` |
//! | 9 | resuming | `resume.rs` |
//! | 10 | not reproducible | `pain/training.rs` |
//! | 11 | scores depend on padding and company | `pain/rewards.rs` |
//! | 12 | wrong normalization under accumulation | `pain/splits.rs` |
//! | 13 | hangs | `pain/roles.rs` |
//! | 14 | slow rollouts | `pain/sampler.rs`; speed itself is `cargo bench`'s, for time is no test |
//! | 15 | texts are tokenized again | `pain/roles.rs` |
//! | + | unstable beyond one epoch; pretraining mix | `pain/training.rs` |
//! | + | the critic's NaN | `pain/training.rs`, `guards` |
//! | + | no Metal | no test: `metal` is linked, and needs one of Apple's cards |

mod project;
mod rewards;
mod roles;
mod sampler;
mod splits;
mod training;
