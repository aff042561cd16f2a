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

/// A question in the form of the transcripts that runs train on; an answer to it begins with a
/// space.
pub fn transcript(question: &str) -> String {
    format!("{HUMAN} {question}{ASSISTANT}")
}
