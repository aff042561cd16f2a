//! Sums of products of small integers, on every processor.
//!
//! Sums are exact: a block's are below 2²⁰ in magnitude, so that f32 holds them too.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512_vnni;
#[cfg(target_arch = "x86_64")]
mod avx_vnni;
mod halves;
#[cfg(target_arch = "aarch64")]
mod neon;
#[cfg(target_arch = "aarch64")]
mod neon_dot;
mod portable;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod simd128;
mod sums;

#[cfg(target_arch = "x86_64")]
pub(super) use avx_vnni::AvxVnni;
#[cfg(target_arch = "x86_64")]
pub(super) use avx2::Avx2Integers;
#[cfg(target_arch = "x86_64")]
pub(super) use avx512_vnni::Avx512Vnni;
pub(crate) use halves::halves;
#[cfg(target_arch = "aarch64")]
pub(super) use neon::NeonIntegers;
#[cfg(target_arch = "aarch64")]
pub(super) use neon_dot::NeonDot;
pub(super) use portable::PortableIntegers;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
pub(super) use simd128::Simd128Integers;
pub(super) use sums::{Integers, Rows};
