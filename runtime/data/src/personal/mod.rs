//! Personal data in texts: found, counted and masked.
//!
//! E-mail addresses (of any alphabet, also `ann [at] example [dot] org`), telephone numbers (international,
//! and the national forms of North America and of countries that write a 0 before the area), payment cards
//! (whose check digit is right), bank accounts (IBAN, whose check digits are right), streets with a house's
//! number in some fifteen languages, IP addresses, and names of a list in any case. It goes by form alone:
//! what looks like none of these is not found, and a number in the form of a telephone number is taken for
//! one. Time is linear in the text.
//!
//! On 68 forms of 30 countries and 20 texts that only look like them, a set of this crate's own tests, 66 of
//! the 68 are found (recall 97 %) and 66 of 67 findings are right (precision 99 %). The forms were known when
//! the patterns were written: on other people's data expect less, above all of streets, of telephone numbers
//! that are written like any other number (`612 345 678`), and of names that are not in the list.
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
