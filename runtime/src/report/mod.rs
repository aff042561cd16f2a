//! What a run shows of itself.

mod overrides;
pub mod plot;
mod table;

pub use overrides::overrides;
pub use table::table;
