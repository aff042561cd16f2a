//! The record that a run keeps while it works: its place and its measurements.

mod events;
mod line;
mod metrics;
mod offending;
mod phase;
pub(crate) mod snapshot;
mod warning;
mod warning_summary;

pub use events::Events;
pub use line::{FIGURES, Figure, Line};
pub use metrics::Metrics;
pub use offending::offending;
pub use phase::{Phase, Progress};
pub use snapshot::{Manifest, Sum};
pub use warning::RunWarning;
pub use warning_summary::WarningSummary;
