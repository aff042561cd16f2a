//! Trained models at work: text from a policy, rewards from a reward model.
//!
//! ```no_run
//! use rlhf::inference::{Loaded, Writing};
//! # fn main() -> Result<(), rlhf::inference::InferenceError> {
//! let mut policy = Loaded::open("runs/real/policy".as_ref(), None, &rlhf::engine::Device::default())?;
//! for response in policy.write("Once upon a time", &Writing::default())? {
//!     println!("{}", response.text);
//! }
//! # Ok(())
//! # }
//! ```

mod error;
mod loaded;
mod score;
mod write;

pub use error::InferenceError;
pub use loaded::Loaded;
pub use score::Worth;
pub use write::{Response, Writing};

pub use rlhf_data::as_prompt as transcript;

use rlhf_data::HUMAN;

/// A prompt as a run had it: a transcript without the white space after it, anything else as it is.
pub fn prompt(text: &str) -> &str {
    if text.starts_with(HUMAN) { text.trim_end() } else { text }
}
