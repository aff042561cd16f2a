//! Personal data in texts: found, counted and masked.
//!
//! E-mail addresses, telephone numbers, payment cards (whose check digit is right), IP addresses, and
//! names of a list. It goes by form alone: what looks like none of these is not found, and a number in
//! the form of a telephone number is taken for one. Time is linear in the text.
//!
//! ```
//! use rlhf_data::personal::{Finder, Kind};
//! let finder = Finder::default();
//! let (masked, counts) = finder.mask("Write to ann@example.org in 2024.").unwrap();
//! assert_eq!(masked, "Write to <email> in 2024.");
//! assert_eq!(counts.of(Kind::Email), 1);
//! assert!(finder.mask("Version 1.2.3 costs $1,299.00.").is_none());
//! ```

mod find;
mod kind;
mod mask;
mod names;
mod patterns;

pub use find::{Counts, Finder};
pub use kind::Kind;
pub use mask::{Masked, mask};
pub use names::Names;
