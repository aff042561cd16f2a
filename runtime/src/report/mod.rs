//! What a run shows of itself.

pub mod plot;
mod table;

pub use table::table;
