//! Instruction sets of integer products.

use crate::isa::Isa;

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
        #[cfg(target_arch = "x86_64")]
        {
            macro_rules! has {
                ($($feature:tt),+) => {{
                    #[cfg(feature = "std")]
                    { $(std::arch::is_x86_feature_detected!($feature))&&+ }
                    #[cfg(not(feature = "std"))]
                    { cfg!(all($(target_feature = $feature),+)) }
                }};
            }
            match self {
                Self::Avx512Vnni => has!("avx512f", "avx512bw", "avx512vnni"),
                Self::AvxVnni => has!("avx2", "fma", "f16c", "avxvnni"),
                Self::Avx2 => has!("avx2", "fma", "f16c"),
                Self::Portable => true,
                _ => false,
            }
        }
        #[cfg(target_arch = "aarch64")]
        {
            match self {
                #[cfg(feature = "std")]
                Self::NeonDot => std::arch::is_aarch64_feature_detected!("dotprod"),
                #[cfg(not(feature = "std"))]
                Self::NeonDot => cfg!(target_feature = "dotprod"),
                Self::Neon => cfg!(target_feature = "neon"),
                Self::Portable => true,
                _ => false,
            }
        }
        #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
        {
            match self {
                Self::Simd128 => cfg!(all(target_arch = "wasm32", target_feature = "simd128")),
                Self::Portable => true,
                _ => false,
            }
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

    /// Returns the fastest that goes with an instruction set for f32: none with wider registers than its own.
    pub(crate) fn best(isa: Isa) -> Self {
        let fits = |candidate: &Self| match (isa, candidate) {
            (Isa::Portable, candidate) => *candidate == Self::Portable,
            (Isa::Avx2, Self::Avx512Vnni) => false,
            _ => true,
        };
        Self::ALL.into_iter().filter(fits).find(|isa| isa.available()).unwrap_or(Self::Portable)
    }
}
