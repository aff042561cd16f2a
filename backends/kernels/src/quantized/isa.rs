//! Instruction sets of integer products.

use crate::features::x86;

/// An instruction set that products of integers run on. Their sums are exact, so it has no influence on results.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IntegerIsa {
    /// AVX-512 with `vpdpbusd`: 64 products an instruction.
    Avx512Vnni,
    /// AVX2 with `vpdpbusd`: 32 products an instruction.
    AvxVnni,
    /// AVX2: 32 products in two instructions.
    Avx2,
    /// NEON with `sdot`: 16 products an instruction.
    NeonDot,
    /// NEON: 16 products in four instructions.
    Neon,
    /// WebAssembly's 128-bit vectors.
    Simd128,
    /// Plain Rust.
    Portable,
}

impl IntegerIsa {
    /// All of them, the fastest of each processor first.
    pub const ALL: [Self; 7] = [
        Self::Avx512Vnni,
        Self::AvxVnni,
        Self::Avx2,
        Self::NeonDot,
        Self::Neon,
        Self::Simd128,
        Self::Portable,
    ];

    /// Returns whether this processor has it. Without the `std` feature, whether the target promises it.
    pub fn available(self) -> bool {
        match self {
            Self::Avx512Vnni => x86!("avx512f", "avx512bw", "avx512vnni"),
            Self::AvxVnni => x86!("avx2", "fma", "f16c", "avxvnni"),
            Self::Avx2 => x86!("avx2", "fma", "f16c"),
            #[cfg(all(target_arch = "aarch64", feature = "std"))]
            Self::NeonDot => std::arch::is_aarch64_feature_detected!("dotprod"),
            #[cfg(not(all(target_arch = "aarch64", feature = "std")))]
            Self::NeonDot => cfg!(all(target_arch = "aarch64", target_feature = "dotprod")),
            Self::Neon => cfg!(all(target_arch = "aarch64", target_feature = "neon")),
            Self::Simd128 => cfg!(all(target_arch = "wasm32", target_feature = "simd128")),
            Self::Portable => true,
        }
    }

    /// Returns its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Avx512Vnni => "avx512-vnni",
            Self::AvxVnni => "avx-vnni",
            Self::Avx2 => "avx2",
            Self::NeonDot => "neon-dotprod",
            Self::Neon => "neon",
            Self::Simd128 => "simd128",
            Self::Portable => "portable",
        }
    }
}
