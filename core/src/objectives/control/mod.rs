//! Learning from people before language models: objectives for control tasks.
//!
//! | method | objective | reads |
//! |---|---|---|
//! | TAMER (Knox and Stone, K-CAP 2009) | [`Tamer`] | values |
//! | Deep TAMER (Warnell et al., arXiv:1709.10163) | [`DeepTamer`] | values |
//! | COACH (MacGlashan et al., arXiv:1701.06049) | [`Coach`] | log-probabilities |
//! | segment preferences (Christiano et al., arXiv:1706.03741) | [`SegmentPreferences`] | values |
//!
//! A state is a token or a few, an action is the token after it; the value at an action's token is what
//! is predicted of that action in that state. Slices are laid out as the batch's tokens, so a state's
//! tokens have no credit, no weight, or are masked out.

mod coach;
mod deep_tamer;
mod segments;
mod tamer;

pub use coach::Coach;
pub use deep_tamer::DeepTamer;
pub use segments::SegmentPreferences;
pub use tamer::Tamer;
