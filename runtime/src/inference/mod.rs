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

use rlhf_data::{ASSISTANT, HUMAN};

/// A question in the form of the transcripts that runs train on: without white space around it, as they had
/// none, and as it is where it is a transcript already. An answer to it begins with a space.
pub fn transcript(question: &str) -> String {
    let text = question.trim_end();
    if text.starts_with(HUMAN) {
        let text = text.strip_suffix(ASSISTANT).unwrap_or(text);
        return format!("{text}{ASSISTANT}");
    }
    format!("{HUMAN} {}{ASSISTANT}", text.trim_start())
}

/// A prompt as a run had it: a transcript without the white space after it, anything else as it is.
pub fn prompt(text: &str) -> &str {
    if text.starts_with(HUMAN) { text.trim_end() } else { text }
}
