//! The sizes of a reward model.

use crate::Error;
use serde::{Deserialize, Serialize};

/// A family of transformers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Family {
    /// Learned positions, LayerNorm, biases, GELU.
    Gpt2,
    /// Rotary positions, RMSNorm, no biases, SwiGLU, grouped-query attention.
    Llama,
}

/// The numbers that weights are stored in. Norms and biases are always f32.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum WeightFormat {
    /// 32 bits.
    F32,
    /// 16 bits with a fraction of ten.
    F16,
    /// 16 bits with the range of f32.
    Bf16,
    /// 8 bits, with a scale for each row.
    Int8,
    /// 4 bits, with a scale for each 32; embeddings are int8.
    Int4,
}

impl WeightFormat {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::F32, Self::F16, Self::Bf16, Self::Int8, Self::Int4];

    /// Returns its name: `f32`, `f16`, `bf16`, `int8` or `int4`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::F16 => "f16",
            Self::Bf16 => "bf16",
            Self::Int8 => "int8",
            Self::Int4 => "int4",
        }
    }

    /// Returns whether products are of integers, and what is held between layers is in 8 and 16 bits.
    pub(crate) const fn integers(self) -> bool {
        matches!(self, Self::Int8 | Self::Int4)
    }
}

/// The sizes of a reward model, from which the memory that it needs follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shape {
    /// The family.
    pub family: Family,
    /// The numbers that weights are stored in.
    pub weights: WeightFormat,
    /// The number of token ids.
    pub vocabulary: u32,
    /// The longest text, in tokens.
    pub context: u32,
    /// The width of the residual stream.
    pub width: u32,
    /// The number of layers.
    pub layers: u32,
    /// The number of query heads of a layer.
    pub heads: u32,
    /// The number of key and value heads of a layer.
    pub kv_heads: u32,
    /// The width of a head.
    pub head_width: u32,
    /// The width inside the MLP.
    pub hidden: u32,
}

impl Shape {
    /// Returns the width of the residual stream.
    pub(crate) const fn width(&self) -> usize {
        self.width as usize
    }

    /// Returns the columns of all query heads.
    pub(crate) const fn queries(&self) -> usize {
        (self.heads as usize).saturating_mul(self.head_width as usize)
    }

    /// Returns the columns of all key heads.
    pub(crate) const fn keys(&self) -> usize {
        (self.kv_heads as usize).saturating_mul(self.head_width as usize)
    }

    /// Returns the columns of queries, keys and values.
    pub(crate) const fn qkv(&self) -> usize {
        self.queries().saturating_add(self.keys().saturating_mul(2))
    }

    /// Returns the columns of the MLP's first product.
    pub(crate) const fn mlp_columns(&self) -> usize {
        match self.family {
            Family::Gpt2 => self.hidden as usize,
            Family::Llama => (self.hidden as usize).saturating_mul(2),
        }
    }

    /// Checks that the network can exist.
    pub(crate) fn validate(&self) -> Result<(), Error> {
        let sizes = [
            ("vocabulary", self.vocabulary, 1 << 24),
            ("context", self.context, 1 << 24),
            ("width", self.width, 1 << 20),
            ("layers", self.layers, 1 << 12),
            ("heads", self.heads, 1 << 16),
            ("kv_heads", self.kv_heads, self.heads),
            ("head_width", self.head_width, 1 << 12),
            ("hidden", self.hidden, 1 << 22),
        ];
        for (field, value, most) in sizes {
            if value == 0 || value > most {
                return Err(Error::Shape { field });
            }
        }
        // A divisor of 0 has left above, which the compiler does not see.
        if self.heads.checked_rem(self.kv_heads) != Some(0) {
            return Err(Error::Shape { field: "kv_heads" });
        }
        match self.family {
            Family::Gpt2 if self.queries() != self.width() => Err(Error::Shape { field: "head_width" }),
            Family::Llama if self.head_width % 2 == 1 => Err(Error::Shape { field: "head_width" }),
            _ => Ok(()),
        }
    }
}
