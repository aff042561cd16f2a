//! What a run leaves behind while it works: where it is, and what it measured.

mod events;
mod line;
mod metrics;
mod phase;

pub use events::Events;
pub use line::{FIGURES, Figure, Line};
pub use metrics::{METRICS, Metrics, read_metrics};
pub use phase::{Phase, Progress};
