//! Instruction sets, and the proof that a processor has one.

use crate::features::x86;
use crate::quantized::IntegerIsa;

/// An instruction set that kernels run on. The bits of a result may differ between two of them, never on one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Isa {
    /// AVX-512F.
    Avx512,
    /// AVX2 with FMA.
    Avx2,
    /// NEON of aarch64.
    Neon,
    /// WebAssembly's relaxed-simd, whose bits depend on the processor below too: see [`Processor::rounds_once`].
    RelaxedSimd,
    /// WebAssembly's simd128.
    Simd128,
    /// Plain Rust.
    Portable,
}

impl Isa {
    /// All of them, those of one processor with the fastest first.
    pub const ALL: [Self; 6] =
        [Self::Avx512, Self::Avx2, Self::Neon, Self::RelaxedSimd, Self::Simd128, Self::Portable];

    /// Returns the best that this processor has. Without the `std` feature, the best that the target promises.
    pub fn best() -> Self {
        Self::ALL.into_iter().find(|isa| isa.available()).unwrap_or(Self::Portable)
    }

    /// Returns whether this processor has it. WebAssembly has what it was compiled for: other code would not load.
    pub fn available(self) -> bool {
        match self {
            Self::Avx512 => x86!("avx512f"),
            Self::Avx2 => x86!("avx2", "fma"),
            Self::Neon => cfg!(all(target_arch = "aarch64", target_feature = "neon")),
            Self::RelaxedSimd => cfg!(all(target_arch = "wasm32", target_feature = "relaxed-simd")),
            Self::Simd128 => cfg!(all(target_arch = "wasm32", target_feature = "simd128")),
            Self::Portable => true,
        }
    }

    /// Returns the fastest for products of integers that goes with it: none with wider registers than its own.
    fn integers(self) -> IntegerIsa {
        let fits = |candidate: &IntegerIsa| match (self, candidate) {
            (Self::Portable, candidate) => *candidate == IntegerIsa::Portable,
            (Self::Avx2, IntegerIsa::Avx512Vnni) => false,
            _ => true,
        };
        let mut candidates = IntegerIsa::ALL.into_iter().filter(fits);
        candidates.find(|candidate| candidate.available()).unwrap_or(IntegerIsa::Portable)
    }

    /// Returns its name, as it is asked for.
    pub fn name(self) -> &'static str {
        match self {
            Self::Avx512 => "avx512",
            Self::Avx2 => "avx2",
            Self::Neon => "neon",
            Self::RelaxedSimd => "relaxed-simd",
            Self::Simd128 => "simd128",
            Self::Portable => "portable",
        }
    }
}

/// An instruction set that this processor was found to have: what every kernel takes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Processor {
    isa: Isa,
    integers: IntegerIsa,
}

impl Processor {
    /// Plain Rust, which every processor has.
    pub const PORTABLE: Self = Self { isa: Isa::Portable, integers: IntegerIsa::Portable };

    /// Creates one of `isa`, or none where this processor lacks it.
    pub fn new(isa: Isa) -> Option<Self> {
        isa.available().then(|| Self { isa, integers: isa.integers() })
    }

    /// Creates one of the best instruction set there is.
    pub fn best() -> Self {
        let isa = Isa::best();
        Self { isa, integers: isa.integers() }
    }

    /// Returns it with another instruction set for products of integers, or none where this processor lacks it.
    pub fn with_integers(self, integers: IntegerIsa) -> Option<Self> {
        integers.available().then_some(Self { integers, ..self })
    }

    /// Returns one with the vectors that go with products of integers, for functions whose bits are the same on each.
    pub(crate) fn with_vectors_of_integers(self) -> Self {
        let isa = match self.integers {
            IntegerIsa::Avx512Vnni => Isa::Avx512,
            IntegerIsa::AvxVnni | IntegerIsa::Avx2 => Isa::Avx2,
            IntegerIsa::NeonDot | IntegerIsa::Neon => Isa::Neon,
            IntegerIsa::Simd128 => Isa::Simd128,
            IntegerIsa::Portable => Isa::Portable,
        };
        Self { isa, ..self }
    }

    /// Returns the instruction set.
    pub fn isa(self) -> Isa {
        self.isa
    }

    /// Returns the instruction set for products of integers, the fastest that goes with [`Self::isa`].
    pub fn integers(self) -> IntegerIsa {
        self.integers
    }

    /// Returns whether products of bf16 are an instruction here: AVX-512 BF16.
    pub fn multiplies_bf16(self) -> bool {
        self.isa == Isa::Avx512 && x86!("avx512bf16")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    #[test]
    fn every_instruction_set_has_a_name_of_its_own() {
        let mut names: Vec<_> = Isa::ALL.into_iter().map(Isa::name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Isa::ALL.len());
    }

    #[test]
    fn vector_instructions_are_used_where_they_are() {
        let promised = [
            cfg!(target_arch = "aarch64").then_some(Isa::Neon),
            cfg!(target_feature = "relaxed-simd").then_some(Isa::RelaxedSimd),
            cfg!(target_feature = "simd128").then_some(Isa::Simd128),
        ];
        for isa in promised.into_iter().flatten() {
            assert_eq!(Processor::new(isa).map(Processor::isa), Some(isa));
            assert_ne!(Isa::best(), Isa::Portable);
        }
    }
}
