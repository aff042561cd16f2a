//! The names of devices.

/// Burn's devices, whose names are this crate's features, and which of them this build has.
pub(super) const BURN: [(&str, bool); 6] = [
    ("cuda", cfg!(feature = "cuda")),
    ("metal", cfg!(feature = "metal")),
    ("vulkan", cfg!(feature = "vulkan")),
    ("wgpu", cfg!(feature = "wgpu")),
    ("flex", cfg!(feature = "flex")),
    ("ndarray", cfg!(feature = "ndarray")),
];

/// The names of all devices there are, and whether this build has them.
pub(super) fn known() -> impl Iterator<Item = (&'static str, bool)> {
    [("cpu", true)].into_iter().chain(BURN)
}
