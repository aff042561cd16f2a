//! Instruction sets, and the proof that a processor has one.

use crate::quantized::IntegerIsa;

/// An instruction set that kernels run on. The bits of a result may differ between two of them, never on one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Isa {
    /// AVX-512F.
    Avx512,
    /// AVX2 with FMA.
    Avx2,
    /// Plain Rust.
    Portable,
}

impl Isa {
    /// All of them, the fastest first.
    pub const ALL: [Self; 3] = [Self::Avx512, Self::Avx2, Self::Portable];

    /// Returns the best that this processor has. Without the `std` feature, the best that the target promises.
    pub fn best() -> Self {
        Self::ALL.into_iter().find(|isa| isa.available()).unwrap_or(Self::Portable)
    }

    /// Returns whether this processor has it.
    pub fn available(self) -> bool {
        #[cfg(all(target_arch = "x86_64", feature = "std"))]
        {
            match self {
                Self::Avx512 => std::arch::is_x86_feature_detected!("avx512f"),
                Self::Avx2 => {
                    std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("fma")
                }
                Self::Portable => true,
            }
        }
        #[cfg(not(all(target_arch = "x86_64", feature = "std")))]
        {
            match self {
                Self::Avx512 => cfg!(all(target_arch = "x86_64", target_feature = "avx512f")),
                Self::Avx2 => {
                    cfg!(all(target_arch = "x86_64", target_feature = "avx2", target_feature = "fma"))
                }
                Self::Portable => true,
            }
        }
    }

    /// Returns its name, as runs record it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Avx512 => "avx512",
            Self::Avx2 => "avx2",
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
        isa.available().then(|| Self { isa, integers: IntegerIsa::best(isa) })
    }

    /// Creates one of the best instruction set there is.
    pub fn best() -> Self {
        let isa = Isa::best();
        Self { isa, integers: IntegerIsa::best(isa) }
    }

    /// Returns it with another instruction set for products of integers, or none where this processor lacks it.
    pub fn with_integers(self, integers: IntegerIsa) -> Option<Self> {
        integers.available().then_some(Self { integers, ..self })
    }

    /// Returns the instruction set.
    pub fn isa(self) -> Isa {
        self.isa
    }

    /// Returns the instruction set for products of integers, the fastest that goes with [`Self::isa`].
    pub fn integers(self) -> IntegerIsa {
        self.integers
    }
}
