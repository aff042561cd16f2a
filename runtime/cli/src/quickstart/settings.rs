//! The settings of the quickstart.

use rlhf::config::{CliOverride, Config, ConfigError};

/// The settings of the quickstart. Work is counted, never timed.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// The network, how much data is made and where the recipe leaves InstructGPT's, with reasons.
    pub config: Config,
    /// Samples of each test prompt that best-of-n chooses from.
    pub best_of: usize,
    /// The labels that the reward model learns from.
    pub labels: Labels,
}

/// The labels that the reward model learns from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Labels {
    /// The labelers'.
    Labelers,
    /// The labelers', dealt out anew among each prompt's answers: a control, from which nothing
    /// can be learnt.
    Shuffled,
}

impl Settings {
    /// The quickstart under a seed, some of whose keys are changed.
    ///
    /// # Errors
    /// [`ConfigError`] names the key.
    pub fn new(seed: u64, given: &[CliOverride]) -> Result<Self, ConfigError> {
        let text = include_str!("quickstart.toml");
        let config = Config::parse(text, "quickstart.toml".as_ref(), given)?.with_seed(seed);
        Ok(Self { config, best_of: 32, labels: Labels::Labelers })
    }
}
