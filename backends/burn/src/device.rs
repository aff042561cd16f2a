//! Devices by name.

use crate::EngineError;
use crate::engine::guard::catch_panic;
use crate::tensor::{self, Tensor};

/// A device that was found to work when it was opened.
///
/// | name | feature | what it is |
/// |---|---|---|
/// | `flex` | `flex` | Burn's engine on the processor |
/// | `ndarray` | `ndarray` | Burn's older engine on the processor |
/// | `wgpu`, `wgpu:1` | `wgpu` | a graphics card by WGSL, through whatever driver there is |
/// | `vulkan`, `vulkan:1` | `vulkan` | the same by SPIR-V |
/// | `metal`, `metal:1` | `metal` | Apple's |
/// | `cuda`, `cuda:1` | `cuda` | NVIDIA's |
#[derive(Clone, Debug)]
pub struct Device {
    name: String,
    kind: Kind,
    inner: tensor::Device,
}

/// A device that a build may have. The name is the feature's too.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Flex,
    NdArray,
    Wgpu,
    Vulkan,
    Metal,
    Cuda,
}

impl Kind {
    fn is_processor(self) -> bool {
        matches!(self, Self::Flex | Self::NdArray)
    }
}

const KINDS: [(&str, Kind, bool); 6] = [
    ("flex", Kind::Flex, cfg!(feature = "flex")),
    ("ndarray", Kind::NdArray, cfg!(feature = "ndarray")),
    ("wgpu", Kind::Wgpu, cfg!(feature = "wgpu")),
    ("vulkan", Kind::Vulkan, cfg!(feature = "vulkan")),
    ("metal", Kind::Metal, cfg!(feature = "metal")),
    ("cuda", Kind::Cuda, cfg!(feature = "cuda")),
];

/// The known devices, for messages.
const KNOWN: &str =
    "flex, ndarray, wgpu, vulkan, metal or cuda, and for a card of several its number, as in cuda:1";

/// The multiple that shapes are padded to: new shapes compile new shaders, so that few shapes are better than small
/// ones.
const SHADER_MULTIPLE: usize = 32;

impl Device {
    /// Opens the device of that name, and computes something on it.
    ///
    /// ```
    /// use rlhf_burn::{EngineError, Device};
    /// assert!(matches!(Device::named("abacus"), Err(EngineError::UnknownDevice { .. })));
    /// # #[cfg(feature = "flex")]
    /// assert_eq!(Device::named("flex")?.name(), "flex");
    /// # Ok::<(), EngineError>(())
    /// ```
    ///
    /// # Errors
    /// [`EngineError::UnknownDevice`], [`EngineError::NotBuilt`] or [`EngineError::NoDevice`], which say what
    /// would do instead.
    pub fn named(name: &str) -> Result<Self, EngineError> {
        let unknown = || EngineError::UnknownDevice { name: name.into(), known: KNOWN.into() };
        let (kind, index) = match name.split_once(':') {
            None => (name, None),
            Some((kind, index)) => (kind, Some(index.parse::<usize>().map_err(|_| unknown())?)),
        };
        let &(feature, kind, built) = KINDS.iter().find(|(known, ..)| *known == kind).ok_or_else(unknown)?;
        if kind.is_processor() && index.is_some() {
            return Err(unknown());
        }
        if !built {
            return Err(EngineError::NotBuilt {
                name: name.into(),
                feature,
                instead: Self::built().join(", "),
            });
        }
        let none = |reason: String| {
            let others: Vec<_> = Self::built().into_iter().filter(|other| *other != feature).collect();
            EngineError::NoDevice { name: name.into(), reason, instead: others.join(", ") }
        };
        let inner = open(kind, index).map_err(none)?;
        // A driver that is broken is seen only in use.
        let failed = |error| EngineError::Device { reason: format!("{error}") };
        let two = || Tensor::<1>::ones([1], &inner).add_scalar(1.0).try_into_data().map_err(failed);
        catch_panic(two).map_err(|error| none(error.to_string()))?;
        Ok(Self { name: name.into(), kind, inner })
    }

    /// The names that this build can open, whether or not this machine has such a device.
    pub fn built() -> Vec<&'static str> {
        KINDS.iter().filter(|(.., built)| *built).map(|(name, ..)| *name).collect()
    }

    /// The processor's devices of this build, for tests.
    #[cfg(test)]
    pub(crate) fn processors() -> Vec<Self> {
        let names = Self::built().into_iter().filter(|name| ["flex", "ndarray"].contains(name));
        let devices: Vec<_> = names.map(|name| Self::named(name).unwrap()).collect();
        assert!(!devices.is_empty(), "tests need the feature flex or ndarray");
        devices
    }

    /// The name that it was opened by.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn inner(&self) -> &tensor::Device {
        &self.inner
    }

    pub(crate) fn is_card(&self) -> bool {
        !self.kind.is_processor()
    }

    /// Bytes that the device's allocator has taken, what it keeps for reuse included; `None` where it does
    /// not say, as processors do not.
    pub fn reserved(&self) -> Option<u64> {
        self.inner.memory_pool_usage().map(|usage| usage.bytes_reserved)
    }

    /// The least length of `time` or more that suits the device.
    pub(crate) fn padded(&self, time: usize) -> usize {
        if self.is_card() { time.next_multiple_of(SHADER_MULTIPLE) } else { time }
    }
}

fn open(kind: Kind, index: Option<usize>) -> Result<burn_tensor::Device, String> {
    match kind {
        #[cfg(feature = "flex")]
        Kind::Flex => Ok(burn_tensor::Device::flex()),
        #[cfg(feature = "ndarray")]
        #[allow(deprecated)]
        Kind::NdArray => Ok(burn_tensor::Device::ndarray()),
        #[cfg(feature = "wgpu")]
        Kind::Wgpu => found(burn_tensor::DeviceType::Wgpu, "a driver for Vulkan or OpenGL", index),
        #[cfg(feature = "vulkan")]
        Kind::Vulkan => found(burn_tensor::DeviceType::Vulkan, "a driver for Vulkan", index),
        #[cfg(feature = "metal")]
        Kind::Metal => found(burn_tensor::DeviceType::Metal, "Apple's Metal", index),
        #[cfg(feature = "cuda")]
        Kind::Cuda => found(burn_tensor::DeviceType::Cuda, "NVIDIA's driver (libcuda)", index),
        #[allow(unreachable_patterns)]
        _ => Err(format!("{kind:?} {index:?} is not in this build")),
    }
}

/// The `index`-th device of a type, the first where none is asked for. A driver that is missing is seen
/// here: Burn would panic when it is used.
#[cfg(any(feature = "wgpu", feature = "cuda"))]
fn found(
    of: burn_tensor::DeviceType,
    driver: &str,
    index: Option<usize>,
) -> Result<burn_tensor::Device, String> {
    let devices = burn_tensor::Device::enumerate(of).into_vec();
    let (count, index) = (devices.len(), index.unwrap_or(0));
    let device = devices.into_iter().nth(index).ok_or_else(|| match count {
        0 => format!("no card was found that has {driver}"),
        _ => format!("{count} were found, the first of which is number 0"),
    })?;
    #[cfg(feature = "vulkan")]
    if renders_in_software(&device) {
        return Err(
            "it is a software renderer, where SPIR-V crashes: build without the feature vulkan".into()
        );
    }
    Ok(device)
}

/// Returns whether the device is Mesa's lavapipe or a similar renderer. With SPIR-V in the build every Vulkan device
/// gets it.
#[cfg(feature = "vulkan")]
fn renders_in_software(device: &burn_tensor::Device) -> bool {
    use burn_tensor::{Device, DeviceKind};
    [Device::wgpu(DeviceKind::Cpu), Device::vulkan(DeviceKind::Cpu)].contains(device)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_there_says_what_would_do() {
        for name in ["", "cpu", "flex:0", "cuda:", "cuda:x", "cuda:-1", "wgpu:0:1"] {
            let unknown = Device::named(name).unwrap_err();
            assert!(unknown.to_string().contains("want flex, ndarray"), "{unknown}");
        }
        for (name, _, built) in KINDS {
            match Device::named(name) {
                Ok(device) => assert!(built && device.name() == name),
                Err(EngineError::NotBuilt { feature, .. }) => assert!(!built && feature == name),
                // A card that this machine does not have.
                Err(error) => assert!(built && matches!(error, EngineError::NoDevice { .. }), "{error}"),
            }
        }
    }

    #[cfg(any(feature = "wgpu", feature = "cuda"))]
    #[test]
    fn a_card_beyond_the_last_is_an_error_and_no_panic() {
        let cards = Device::built().into_iter().filter(|name| !["flex", "ndarray"].contains(name));
        for kind in cards {
            let error = Device::named(&format!("{kind}:999")).unwrap_err();
            assert!(matches!(error, EngineError::NoDevice { .. }), "{error}");
        }
    }
}
