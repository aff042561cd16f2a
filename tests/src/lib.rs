//! Helpers for the tests across crates: the device that they run on, reference fixtures and their tolerances, data that a
//! clone may lack, the schemas of the commands' output, and a run small enough to inspect.

pub mod device;
pub mod fuzz;
pub mod golden;
pub mod process;
pub mod run_data;
pub mod schema;
pub mod shared;
pub mod small;
pub mod tolerance;

/// The guides, whose code is tested as documentation is.
#[cfg(doctest)]
mod guides {
    #[doc = include_str!("../../docs/write-a-backend.md")]
    struct WriteABackend;
    #[doc = include_str!("../../docs/embed-a-trainer.md")]
    struct EmbedATrainer;
    #[doc = include_str!("../../docs/score-replies.md")]
    struct ScoreReplies;
    #[doc = include_str!("../../docs/train-from-your-preferences.md")]
    struct TrainFromYourPreferences;
}
