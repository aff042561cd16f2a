//! What a run shows of itself.

pub mod plot;
