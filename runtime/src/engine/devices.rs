//! Devices by name.

use super::{Device, EngineError, Precision};
use core::fmt;
use rlhf_core::network::Engine;
use rlhf_cpu::Cpu;

/// A request for a device.
#[derive(Clone, Debug)]
pub struct DeviceRequest<'a> {
    /// The whole name: `mine:1`.
    pub name: &'a str,
    /// Its number among several of a kind: the 1 of `mine:1`.
    pub number: Option<usize>,
    /// The precision of products. An engine whose [`Engine::precision`] differs is refused.
    pub precision: Precision,
    /// The requested threads and instruction set.
    pub cpu: Cpu,
}

type Opener = Box<dyn Fn(&DeviceRequest<'_>) -> Result<Device, EngineError> + Send + Sync>;

/// The devices that there are, by name: the built-in ones and one's own.
///
/// ```
/// use rlhf::engine::{Devices, Precision};
/// use rlhf_cpu::Cpu;
/// // Any `Engine`: here the processor's, under another name.
/// let devices = Devices::default().with("mine", |request| Ok(request.cpu.clone()));
/// assert!(devices.open("mine", Cpu::default(), Precision::F32)?.in_memory());
/// let error = devices.open("yours", Cpu::default(), Precision::F32).unwrap_err();
/// assert!(error.to_string().contains("mine"), "names those that there are: {error}");
/// # Ok::<(), rlhf::engine::EngineError>(())
/// ```
pub struct Devices(Vec<Entry>);

struct Entry {
    name: String,
    /// True if this build has it.
    built: bool,
    open: Opener,
}

/// Burn's devices, whose names are this crate's features, each with whether this build has it.
const BURN: [(&str, bool); 6] = [
    ("cuda", cfg!(feature = "cuda")),
    ("metal", cfg!(feature = "metal")),
    ("vulkan", cfg!(feature = "vulkan")),
    ("wgpu", cfg!(feature = "wgpu")),
    ("flex", cfg!(feature = "flex")),
    ("ndarray", cfg!(feature = "ndarray")),
];

impl Default for Devices {
    /// The built-in ones.
    fn default() -> Self {
        let mut devices = Self(Vec::new()).with("cpu", |request| match request.number {
            None => request.cpu.clone().with_precision(request.precision),
            Some(_) => Err(unknown(request.name)),
        });
        for (feature, built) in BURN {
            let open: Opener = Box::new(move |request| match built {
                true => burn(request),
                // Which there are is added where all are known.
                false => {
                    let (name, instead) = (request.name.into(), String::new());
                    Err(EngineError::NotBuilt { name, feature, instead })
                }
            });
            devices.0.push(Entry { name: feature.into(), built, open });
        }
        devices
    }
}

fn unknown(name: &str) -> EngineError {
    EngineError::UnknownDevice { name: name.into(), known: String::new() }
}

#[cfg(feature = "burn")]
fn burn(request: &DeviceRequest<'_>) -> Result<Device, EngineError> {
    let device = rlhf_burn::Device::named(request.name)?;
    Ok(Device::new(rlhf_burn::Engine::new(device, request.precision)?))
}

#[cfg(not(feature = "burn"))]
fn burn(request: &DeviceRequest<'_>) -> Result<Device, EngineError> {
    Err(unknown(request.name))
}

impl Devices {
    /// Adds a device, which replaces another one of that name. `name:1` opens it too.
    pub fn with<E: Engine>(
        mut self,
        name: &str,
        open: impl Fn(&DeviceRequest<'_>) -> Result<E, EngineError> + Send + Sync + 'static,
    ) -> Self {
        self.0.retain(|entry| entry.name != name);
        let open = Box::new(move |request: &DeviceRequest<'_>| open(request).map(Device::new));
        self.0.push(Entry { name: name.into(), built: true, open });
        self
    }

    /// Opens the device of that name. `cpu`: the threads and the instruction set of what is computed on the
    /// processor.
    ///
    /// # Errors
    /// [`EngineError`] names what is missing, and the alternatives.
    pub fn open(&self, name: &str, cpu: Cpu, precision: Precision) -> Result<Device, EngineError> {
        let device = self.opened(name, cpu, precision).map_err(|error| self.completed(error))?;
        if device.engine().precision() != precision {
            return Err(EngineError::Precision { name: name.into(), precision });
        }
        Ok(device)
    }

    fn opened(&self, name: &str, cpu: Cpu, precision: Precision) -> Result<Device, EngineError> {
        let (kind, number) = match name.split_once(':') {
            None => (name, None),
            Some((kind, number)) => (kind, Some(number.parse().map_err(|_| unknown(name))?)),
        };
        let entry = self.0.iter().find(|entry| entry.name == kind).ok_or_else(|| unknown(name))?;
        (entry.open)(&DeviceRequest { name, number, precision, cpu })
    }

    /// The error with the names of all devices in the place of those that its engine knows.
    fn completed(&self, error: EngineError) -> EngineError {
        match error {
            EngineError::UnknownDevice { name, .. } => {
                let known = format!("one of {}; of several cards cuda:1 is the second", self.names(|_| true));
                EngineError::UnknownDevice { name, known }
            }
            EngineError::NotBuilt { name, feature, .. } => {
                EngineError::NotBuilt { name, feature, instead: self.names(|entry| entry.built) }
            }
            EngineError::NoDevice { name, reason, .. } => {
                let kind = name.split(':').next().unwrap_or_default();
                let instead = self.names(|entry| entry.built && entry.name != kind);
                EngineError::NoDevice { name, reason, instead }
            }
            error => error,
        }
    }

    fn names(&self, which: impl Fn(&Entry) -> bool) -> String {
        let names = self.0.iter().filter(|entry| which(entry)).map(|entry| entry.name.as_str());
        names.collect::<Vec<_>>().join(", ")
    }
}

impl fmt::Debug for Devices {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Devices({})", self.names(|_| true))
    }
}

impl Device {
    /// Opens the built-in device of that name, as [`Devices::open`] does.
    ///
    /// # Errors
    /// As [`Devices::open`].
    pub fn named(name: &str, cpu: Cpu, precision: Precision) -> Result<Self, EngineError> {
        Devices::default().open(name, cpu, precision)
    }

    /// The names of all built-in devices, and whether this build has them.
    pub fn known() -> impl Iterator<Item = (&'static str, bool)> {
        [("cpu", true)].into_iter().chain(BURN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str, precision: Precision) -> Result<Device, EngineError> {
        Device::named(name, Cpu::default(), precision)
    }

    #[test]
    fn the_processor_is_always_there_in_f32_and_bf16() {
        let device = named("cpu", Precision::F32).unwrap();
        assert_eq!(device.to_string(), format!("cpu {}", rlhf_cpu::Isa::best().name()));
        let device = named("cpu", Precision::Bf16).unwrap();
        assert!(device.to_string().contains("bf16") && device.engine().precision() == Precision::Bf16);
        let error = named("cpu", Precision::F16).unwrap_err().to_string();
        assert!(error.contains("f16") && error.contains("--precision f32"), "{error}");
    }

    #[test]
    fn what_is_not_there_says_what_would_do() {
        for name in ["", "gpu", "cpu:0", "cpu:x", "CUDA"] {
            let error = named(name, Precision::F32).unwrap_err().to_string();
            assert!(error.contains(&format!("{name:?}")) && error.contains("cuda"), "{error}");
        }
        for (name, built) in Device::known() {
            match named(name, Precision::F32) {
                Ok(device) => assert!(built && device.to_string().starts_with(name)),
                Err(error @ EngineError::NotBuilt { .. }) => {
                    assert!(!built);
                    assert!(error.to_string().contains(&format!("--features {name}")), "{error}");
                    assert!(error.to_string().contains("cpu"), "{error}");
                }
                // A card that this machine does not have.
                Err(error) => assert!(built && error.to_string().contains(name), "{error}"),
            }
        }
    }

    #[test]
    fn an_own_device_gets_what_was_asked_for() {
        let devices = Devices::default().with("mine", |request| {
            assert_eq!((request.name, request.number), ("mine:3", Some(3)));
            Ok(request.cpu.clone())
        });
        let cpu = || Cpu::new(2, rlhf_cpu::Isa::Portable);
        let opened = devices.open("mine:3", cpu(), Precision::F32).unwrap();
        assert_eq!(opened.cpu().map(|cpu| (cpu.threads(), cpu.isa())), Some((2, rlhf_cpu::Isa::Portable)));
        let error = devices.open("mine:3", cpu(), Precision::F16).unwrap_err();
        assert!(matches!(error, EngineError::Precision { precision: Precision::F16, .. }), "{error}");
        // A name that is taken means what it was given last.
        let again = devices.with("cpu", |request| Ok(Cpu::new(7, request.cpu.isa())));
        let opened = again.open("cpu", cpu(), Precision::F32).unwrap();
        assert_eq!(opened.cpu().map(Cpu::threads), Some(7));
    }
}
