//! What networks are computed on.

use super::known::{BURN, known};
use super::{EngineError, Precision};
use core::fmt;
use rlhf_cpu::Cpu;

/// What networks are computed on.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Device {
    /// The processor, by this project's own engine.
    Cpu(Cpu),
    /// A processor or a graphics card, by Burn.
    #[cfg(feature = "burn")]
    Burn {
        /// Which.
        device: rlhf_burn::Device,
        /// What its products are computed in.
        precision: Precision,
    },
}

impl Device {
    /// The CPU engine, if it is that.
    pub fn cpu(&self) -> Option<&Cpu> {
        match self {
            Self::Cpu(cpu) => Some(cpu),
            #[cfg(feature = "burn")]
            Self::Burn { .. } => None,
        }
    }

    /// The most multiplications and additions a second, and the most bytes a second, measured for as long as
    /// `budget` each; `None` of the CPU engine, whose limits depend on its threads.
    ///
    /// # Errors
    /// The device's own.
    pub fn limits(&self, budget: core::time::Duration) -> Result<Option<(f64, f64)>, EngineError> {
        let _ = budget;
        match self {
            Self::Cpu(_) => Ok(None),
            #[cfg(feature = "burn")]
            Self::Burn { device, precision } => Ok(Some(device.limits((*precision).into(), budget)?)),
        }
    }

    /// Opens the device of that name. `cpu`: what the device `cpu` is.
    ///
    /// # Errors
    /// [`EngineError`] says what is missing, and what would do instead.
    pub fn named(name: &str, cpu: Cpu, precision: Precision) -> Result<Self, EngineError> {
        if name == "cpu" {
            return match precision {
                Precision::F32 => Ok(Self::Cpu(cpu)),
                _ => Err(EngineError::Precision { name: name.into(), precision }),
            };
        }
        let kind = name.split_once(':').map_or(name, |(kind, _)| kind);
        match BURN.into_iter().find(|(known, _)| *known == kind) {
            None => Err(EngineError::UnknownDevice { name: name.into() }),
            Some((feature, false)) => Err(EngineError::NotBuilt { name: name.into(), feature }),
            Some((_, true)) => Self::burn(name, precision),
        }
    }

    #[cfg(feature = "burn")]
    fn burn(name: &str, precision: Precision) -> Result<Self, EngineError> {
        let device = rlhf_burn::Device::named(name)?;
        device.computes_in(precision.into())?;
        Ok(Self::Burn { device, precision })
    }

    #[cfg(not(feature = "burn"))]
    fn burn(name: &str, _: Precision) -> Result<Self, EngineError> {
        Err(EngineError::UnknownDevice { name: name.into() })
    }

    /// The names of all devices there are, and whether this build has them.
    pub fn known() -> impl Iterator<Item = (&'static str, bool)> {
        known()
    }

    /// Whether networks lie in this machine's own memory.
    pub fn in_memory(&self) -> bool {
        match self {
            Self::Cpu(_) => true,
            #[cfg(feature = "burn")]
            Self::Burn { device, .. } => ["flex", "ndarray"].contains(&device.name()),
        }
    }
}

/// What the bits of a result depend on: `cpu avx512`, `cuda:0 bf16`.
impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cpu(cpu) => write!(f, "cpu {}", cpu.isa().name()),
            #[cfg(feature = "burn")]
            Self::Burn { device, precision } => write!(f, "{} {}", device.name(), precision.name()),
        }
    }
}

impl Default for Device {
    fn default() -> Self {
        Cpu::default().into()
    }
}

impl From<Cpu> for Device {
    fn from(cpu: Cpu) -> Self {
        Self::Cpu(cpu)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str, precision: Precision) -> Result<Device, EngineError> {
        Device::named(name, Cpu::default(), precision)
    }

    #[test]
    fn the_processor_is_always_there_in_f32() {
        let device = named("cpu", Precision::F32).unwrap();
        assert_eq!(device.to_string(), format!("cpu {}", rlhf_cpu::Isa::best().name()));
        let error = named("cpu", Precision::Bf16).unwrap_err().to_string();
        assert!(error.contains("bf16") && error.contains("--precision f32"), "{error}");
    }

    #[test]
    fn what_is_not_there_says_what_would_do() {
        for name in ["", "gpu", "cpu:0", "CUDA"] {
            let error = named(name, Precision::F32).unwrap_err().to_string();
            assert!(error.contains(&format!("{name:?}")) && error.contains("cuda"), "{error}");
        }
        for (name, built) in Device::known() {
            match named(name, Precision::F32) {
                Ok(device) => assert!(built && device.to_string().starts_with(name)),
                Err(error @ EngineError::NotBuilt { .. }) => {
                    assert!(!built);
                    assert!(error.to_string().contains(&format!("--features {name}")), "{error}");
                }
                // A card that this machine does not have.
                Err(error) => assert!(built && error.to_string().contains(name), "{error}"),
            }
        }
    }
}
