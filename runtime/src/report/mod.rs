//! Reports of a run: text for a terminal, and a page to read.

mod curves;
pub mod format;
mod number;
mod overrides;
pub mod page;
pub mod plot;
mod table;
mod write;

pub use curves::curves;
pub use number::number;
pub use overrides::overrides;
pub use table::table;
pub use write::write;
