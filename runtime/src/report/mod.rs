//! Reports of a run: text for a terminal, and a page to read.

mod curves;
pub mod format;
mod method;
mod number;
mod overrides;
pub mod page;
pub mod plot;
mod table;
mod verdict;
mod write;

pub use curves::{compared, curves};
pub use method::method_name;
pub use number::number;
pub use overrides::overrides;
pub use table::table;
pub use verdict::{verdict, warnings};
pub use write::write;
