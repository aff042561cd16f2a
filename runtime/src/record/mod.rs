//! What a run leaves behind while it works: where it is, and what it measured.

mod line;
mod phase;

pub use line::{FIGURES, Figure, Line};
pub use phase::{Phase, Progress};
