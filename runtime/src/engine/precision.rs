//! Numbers in 32 and 16 bits.

/// What products are computed in; weights and optimiser are in f32 whatever it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Precision {
    /// 32 bits.
    #[default]
    F32,
    /// 16 bits with the range of 32.
    Bf16,
    /// 16 bits, more of them for the fraction.
    F16,
}

impl Precision {
    /// Its name: `f32`, `bf16` or `f16`.
    pub fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::Bf16 => "bf16",
            Self::F16 => "f16",
        }
    }
}

#[cfg(feature = "burn")]
impl From<Precision> for rlhf_burn::Precision {
    fn from(precision: Precision) -> Self {
        match precision {
            Precision::F32 => Self::F32,
            Precision::Bf16 => Self::Bf16,
            Precision::F16 => Self::F16,
        }
    }
}

#[cfg(feature = "burn")]
impl From<rlhf_burn::Precision> for Precision {
    fn from(precision: rlhf_burn::Precision) -> Self {
        match precision {
            rlhf_burn::Precision::F32 => Self::F32,
            rlhf_burn::Precision::Bf16 => Self::Bf16,
            rlhf_burn::Precision::F16 => Self::F16,
        }
    }
}
