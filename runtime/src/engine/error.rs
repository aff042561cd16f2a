//! Why an engine refuses.

use super::Precision;
use super::known::known;
use core::fmt;
use rlhf_core::Error;
use rlhf_cpu::EngineError;

/// Why an engine refuses.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum EngineError {
    /// No device has that name.
    UnknownDevice {
        /// What was asked for.
        name: String,
    },
    /// The device is known, but this build leaves it out.
    NotBuilt {
        /// The device.
        name: String,
        /// The feature that brings it.
        feature: &'static str,
    },
    /// The device does not compute in it.
    Precision {
        /// The device.
        name: String,
        /// What was asked for.
        precision: Precision,
    },
    /// An objective's or an architecture's error.
    Core(Error),
    /// The CPU engine's.
    Cpu(EngineError),
    /// Burn's.
    #[cfg(feature = "burn")]
    Burn(rlhf_burn::BurnError),
}

/// The names of devices, those of this build or all, separated by commas.
fn names(all: bool) -> String {
    let names = known().filter(|(_, built)| all || *built).map(|(name, _)| name);
    names.collect::<Vec<_>>().join(", ")
}

impl fmt::Display for EngineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownDevice { name } => {
                let all = names(true);
                write!(
                    f,
                    "no device is called {name:?}: want one of {all}; of several cards cuda:1 is the second"
                )
            }
            Self::NotBuilt { name, feature } => write!(
                f,
                "device {name:?} is not in this build: build it with `--features {feature}`, or take one of: {}",
                names(false)
            ),
            Self::Precision { name, precision } => write!(
                f,
                "device {name:?} does not compute in {}: want --precision f32 there",
                precision.name()
            ),
            Self::Core(error) => error.fmt(f),
            Self::Cpu(error) => error.fmt(f),
            #[cfg(feature = "burn")]
            Self::Burn(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for EngineError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Core(error) => Some(error),
            Self::Cpu(error) => Some(error),
            #[cfg(feature = "burn")]
            Self::Burn(error) => Some(error),
            _ => None,
        }
    }
}

impl From<Error> for EngineError {
    fn from(error: Error) -> Self {
        Self::Core(error)
    }
}

impl From<EngineError> for EngineError {
    fn from(error: EngineError) -> Self {
        Self::Cpu(error)
    }
}

#[cfg(feature = "burn")]
impl From<rlhf_burn::BurnError> for EngineError {
    fn from(error: rlhf_burn::BurnError) -> Self {
        Self::Burn(error)
    }
}
