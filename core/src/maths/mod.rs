//! The formulas, as pure functions on slices.

mod adamw;

pub use adamw::{Adam, Update};
