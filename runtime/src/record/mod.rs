//! What a run leaves behind while it works: where it is, and what it measured.

mod line;
mod offending;
mod phase;

pub use line::{FIGURES, Figure, Line};
pub use offending::offending;
pub use phase::{Phase, Progress};
