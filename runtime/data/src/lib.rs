//! Readers of public human-feedback data: JSON, CSV and TSV, plain, gzipped or packed by Zstandard, and Parquet.
//!
//! Files may have any name: a file's [`Format`] is recognized by the fields of its rows; [`formats`] lists them.
//! Everything becomes one transcript form, `"\n\nHuman: …\n\nAssistant: …"`: a prompt ends with
//! [`ASSISTANT`], a response begins with its space, and their concatenation is the transcript.
//!
//! ```no_run
//! # fn main() -> Result<(), rlhf_data::DataError> {
//! use rlhf_data::{Kind, comparisons, discover, held_out, Options};
//! for (path, format) in discover("data".as_ref())?.files {
//!     if format.kind() == Kind::Comparisons {
//!         for comparison in comparisons(&path, Options::default())? {
//!             let comparison = comparison?;
//!             if !held_out(&comparison.prompt, 0.1) { /* train on it */ }
//!         }
//!     }
//! }
//! # Ok(())
//! # }
//! ```

mod argilla;
mod array;
mod catch_panic;
mod chat_template;
pub mod check;
mod comparison;
mod demonstration;
mod discover;
mod error;
mod export;
mod feedback;
mod fields;
mod flaws;
mod format;
mod identity;
mod json;
mod judgment;
mod layout;
mod lines;
mod messages;
mod mixed;
mod open;
mod packed;
mod parquet;
pub mod personal;
mod plain;
mod prompt;
mod ranked;
mod recognition;
mod records;
#[cfg(test)]
mod round_trip;
mod rows;
mod solution;
mod source;
mod split;
mod table;
mod testing;
mod transcript;
mod truncate;
mod turn;
mod value;
mod vote;
mod words;

pub use comparison::comparisons_of;
pub use comparison::{Comparison, Options, comparisons};
pub use demonstration::demonstrations_of;
pub use demonstration::{Demonstration, demonstrations};
pub use discover::{Found, discover};
pub use error::DataError;
pub use feedback::feedback_of;
pub use feedback::{Feedback, feedback};
pub use fields::{Fields, formats};
pub use flaws::{Flaw, Flaws};
pub use format::{Format, Kind};
pub use lines::json_lines;
pub use mixed::Mixed;
pub use open::text;
pub use prompt::{Prompt, groups, prompts};
pub use prompt::{groups_of, prompts_of, user_field};
pub use recognition::recognize;
pub use records::{Records, rows};
pub use rows::{Origin, Row, Rows};
pub use solution::solutions_of;
pub use solution::{Solution, solutions};
pub use source::Source;
pub use split::{Group, Sides, held_out};
pub use testing::for_testing;
pub use transcript::{ASSISTANT, HUMAN};
pub use transcript::{prompt as as_prompt, response as as_response, trimmed_prompt};
pub use truncate::Truncation;
pub use vote::Vote;
