//! Devices by name.

use crate::BurnError;
use burn_tensor::Tensor;
use core::panic::AssertUnwindSafe;
use std::panic::catch_unwind;

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
    inner: burn_tensor::Device,
    /// Times are padded to a multiple of this.
    multiple: usize,
}

/// What a build may have. The name is the feature's too.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Flex,
    NdArray,
    Wgpu,
    Vulkan,
    Metal,
    Cuda,
}

const KINDS: [(&str, Kind, bool); 6] = [
    ("flex", Kind::Flex, cfg!(feature = "flex")),
    ("ndarray", Kind::NdArray, cfg!(feature = "ndarray")),
    ("wgpu", Kind::Wgpu, cfg!(feature = "wgpu")),
    ("vulkan", Kind::Vulkan, cfg!(feature = "vulkan")),
    ("metal", Kind::Metal, cfg!(feature = "metal")),
    ("cuda", Kind::Cuda, cfg!(feature = "cuda")),
];

/// What to ask for.
pub(crate) const KNOWN: &str =
    "flex, ndarray, wgpu, vulkan, metal or cuda, and for a card of several its number, as in cuda:1";

/// New shapes compile new shaders, so that few shapes are better than small ones.
const SHADER_MULTIPLE: usize = 32;

impl Device {
    /// Opens the device of that name, and computes something on it.
    ///
    /// ```
    /// use rlhf_burn::{BurnError, Device};
    /// assert!(matches!(Device::named("abacus"), Err(BurnError::UnknownDevice { .. })));
    /// # #[cfg(feature = "flex")]
    /// assert_eq!(Device::named("flex")?.name(), "flex");
    /// # Ok::<(), BurnError>(())
    /// ```
    ///
    /// # Errors
    /// [`BurnError::UnknownDevice`], [`BurnError::NotBuilt`] or [`BurnError::NoDevice`], which say what
    /// would do instead.
    pub fn named(name: &str) -> Result<Self, BurnError> {
        let unknown = || BurnError::UnknownDevice { name: name.into() };
        let (kind, index) = match name.split_once(':') {
            None => (name, None),
            Some((kind, index)) => (kind, Some(index.parse::<usize>().map_err(|_| unknown())?)),
        };
        let &(feature, kind, built) = KINDS.iter().find(|(known, ..)| *known == kind).ok_or_else(unknown)?;
        if matches!(kind, Kind::Flex | Kind::NdArray) && index.is_some() {
            return Err(unknown());
        }
        if !built {
            return Err(BurnError::NotBuilt { name: name.into(), feature, built: Self::built().join(", ") });
        }
        let none = |reason: String| {
            let others: Vec<_> = Self::built().into_iter().filter(|other| *other != feature).collect();
            BurnError::NoDevice { name: name.into(), reason, instead: others.join(", ") }
        };
        // Drivers that are missing make Burn panic.
        let opened = catch_unwind(AssertUnwindSafe(|| {
            let device = open(kind, index)?;
            let two = Tensor::<1>::ones([1], &device).add_scalar(1.0);
            two.try_into_data().map_err(|error| error.to_string())?;
            Ok(device)
        }));
        let inner = opened.unwrap_or_else(|panic| Err(said(panic.as_ref()))).map_err(none)?;
        let multiple = if matches!(kind, Kind::Flex | Kind::NdArray) { 1 } else { SHADER_MULTIPLE };
        Ok(Self { name: name.into(), inner, multiple })
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

    pub(crate) fn inner(&self) -> &burn_tensor::Device {
        &self.inner
    }

    /// The least length of `time` or more that suits the device.
    pub(crate) fn padded(&self, time: usize) -> usize {
        time.next_multiple_of(self.multiple)
    }
}

/// What a panic said.
fn said(panic: &(dyn core::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no reason was given").into()
}

fn open(kind: Kind, index: Option<usize>) -> Result<burn_tensor::Device, String> {
    match kind {
        #[cfg(feature = "flex")]
        Kind::Flex => Ok(burn_tensor::Device::flex()),
        #[cfg(feature = "ndarray")]
        #[allow(deprecated)]
        Kind::NdArray => Ok(burn_tensor::Device::ndarray()),
        #[cfg(feature = "wgpu")]
        Kind::Wgpu => found(burn_tensor::DeviceType::Wgpu, index),
        #[cfg(feature = "vulkan")]
        Kind::Vulkan => found(burn_tensor::DeviceType::Vulkan, index),
        #[cfg(feature = "metal")]
        Kind::Metal => found(burn_tensor::DeviceType::Metal, index),
        #[cfg(feature = "cuda")]
        Kind::Cuda => found(burn_tensor::DeviceType::Cuda, index),
        #[allow(unreachable_patterns)]
        _ => Err(format!("{kind:?} {index:?} is not in this build")),
    }
}

/// The `index`-th device of a type, the first where none is asked for.
#[cfg(any(feature = "wgpu", feature = "cuda"))]
fn found(of: burn_tensor::DeviceType, index: Option<usize>) -> Result<burn_tensor::Device, String> {
    let devices = burn_tensor::Device::enumerate(of).into_vec();
    let count = devices.len();
    devices.into_iter().nth(index.unwrap_or(0)).ok_or_else(|| format!("{count} were found"))
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
                Err(BurnError::NotBuilt { feature, .. }) => assert!(!built && feature == name),
                // A card that this machine does not have.
                Err(error) => assert!(built && matches!(error, BurnError::NoDevice { .. }), "{error}"),
            }
        }
    }

    #[cfg(any(feature = "wgpu", feature = "cuda"))]
    #[test]
    fn a_card_beyond_the_last_is_an_error_and_no_panic() {
        let cards = Device::built().into_iter().filter(|name| !["flex", "ndarray"].contains(name));
        for kind in cards {
            let error = Device::named(&format!("{kind}:999")).unwrap_err();
            assert!(matches!(error, BurnError::NoDevice { .. }), "{error}");
        }
    }
}
