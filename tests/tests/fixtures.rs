//! The library against numbers that the peers' own code computed.
//!
//! Every case and every output of every file is compared, in f64 and where it trains in f32; other
//! seeds and shapes of the same files are read from `RLHF_FIXTURES`. How close is close is
//! `rlhf_tests::tolerance`'s business.

mod models;
mod on_policy;
mod optimizer;
mod ppo;
mod preferences;
mod probabilities;
mod rewards;
mod sampling;
mod stats;
