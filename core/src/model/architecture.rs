//! The shape of a network, and the tensors that it is made of.

use crate::Error;
use crate::ranges::within;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// A family of decoder-only transformers.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Family {
    /// Learned positions, LayerNorm, biases, tanh-approximated GELU (Radford et al. 2019).
    Gpt2,
    /// Rotary positions, RMSNorm, no biases, SwiGLU, grouped-query attention (arXiv:2302.13971).
    Llama,
}

/// The shape of a network.
///
/// Tensors, in order, where `W` is `width`, `Q` is `heads · head_width`, `KV` is
/// `kv_heads · head_width`, `H` is `hidden`; matrices are `[in, out]`, row-major:
///
/// | name | shape | |
/// |---|---|---|
/// | `embedding` | `[vocabulary, W]` | |
/// | `positions` | `[context, W]` | GPT-2 |
/// | `layers.N.attention_norm.gain`, `.bias` | `[W]` | bias: GPT-2 |
/// | `layers.N.qkv.weight`, `.bias` | `[W, Q + 2·KV]`, `[Q + 2·KV]` | bias: GPT-2 |
/// | `layers.N.attention_out.weight`, `.bias` | `[Q, W]`, `[W]` | bias: GPT-2 |
/// | `layers.N.mlp_norm.gain`, `.bias` | `[W]` | bias: GPT-2 |
/// | `layers.N.mlp_in.weight`, `.bias` | `[W, H]`, or `[W, 2·H]`: gate, then up | bias: GPT-2 |
/// | `layers.N.mlp_out.weight`, `.bias` | `[H, W]`, `[W]` | bias: GPT-2 |
/// | `norm.gain`, `.bias` | `[W]` | bias: GPT-2 |
/// | `head` | `[vocabulary, W]` | unless tied to `embedding` |
/// | `scalar.weight`, `.bias` | `[W]`, `[1]` | with a scalar head |
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Architecture {
    /// The family.
    pub family: Family,
    /// The number of token ids.
    pub vocabulary: usize,
    /// The longest sequence, in tokens.
    pub context: usize,
    /// The width of the residual stream.
    pub width: usize,
    /// The number of layers.
    pub layers: usize,
    /// The number of query heads of a layer.
    pub heads: usize,
    /// The number of key and value heads of a layer; divides `heads`.
    pub kv_heads: usize,
    /// The width of a head.
    pub head_width: usize,
    /// The width inside the MLP.
    pub hidden: usize,
    /// Added to the variance in norms.
    pub norm_epsilon: f32,
    /// The base of the rotary frequencies (Llama).
    pub rope_theta: f32,
    /// True where the language head is the embedding.
    pub tied: bool,
    /// True where there is a scalar head on the final norm: a reward model's or a critic's.
    pub scalar: bool,
    /// Dropout after the embedding and after each attention and MLP, while learning.
    pub dropout: f32,
}

/// A tensor of an architecture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tensor {
    /// The name.
    pub name: String,
    /// The shape, of one or two axes.
    pub shape: Vec<usize>,
}

impl Tensor {
    /// Returns the number of elements.
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Returns whether there are no elements.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// The most parameters an architecture may have: 2³⁶, far above what this engine can train.
const MOST_PARAMETERS: f64 = (1u64 << 36) as f64;

impl Architecture {
    /// A GPT-2: `width` divides into `heads`; the MLP is four times as wide; the head is tied.
    pub fn gpt2(vocabulary: usize, context: usize, width: usize, layers: usize, heads: usize) -> Self {
        Self {
            family: Family::Gpt2,
            vocabulary,
            context,
            width,
            layers,
            heads,
            kv_heads: heads,
            head_width: width.checked_div(heads).unwrap_or(0),
            hidden: 4 * width,
            norm_epsilon: 1e-5,
            rope_theta: 10_000.0,
            tied: true,
            scalar: false,
            dropout: 0.0,
        }
    }

    /// Returns the same network with a scalar head.
    pub fn with_scalar(&self) -> Self {
        Self { scalar: true, ..self.clone() }
    }

    /// The width of the fused query, key and value projection.
    pub fn qkv(&self) -> usize {
        (self.heads + 2 * self.kv_heads) * self.head_width
    }

    /// The columns of `mlp_in`.
    pub fn mlp_columns(&self) -> usize {
        match self.family {
            Family::Gpt2 => self.hidden,
            Family::Llama => 2 * self.hidden,
        }
    }

    /// Checks that the network can exist, before anything is allocated for it.
    ///
    /// # Errors
    /// [`Error::Range`] names the field.
    pub fn validate(&self) -> Result<(), Error> {
        let sizes: [(&'static str, usize, f64); 8] = [
            ("vocabulary", self.vocabulary, 16_777_216.0),
            ("context", self.context, 16_777_216.0),
            ("width", self.width, 1_048_576.0),
            ("layers", self.layers, 4096.0),
            ("heads", self.heads, 65_536.0),
            ("kv_heads", self.kv_heads, self.heads as f64),
            ("head_width", self.head_width, 4096.0),
            ("hidden", self.hidden, 4_194_304.0),
        ];
        for (name, value, high) in sizes {
            within(name, value as f64, 1.0, high)?;
        }
        within("heads modulo kv_heads", (self.heads % self.kv_heads) as f64, 0.0, 0.0)?;
        if self.family == Family::Gpt2 {
            within(
                "heads * head_width",
                (self.heads * self.head_width) as f64,
                self.width as f64,
                self.width as f64,
            )?;
            within("kv_heads", self.kv_heads as f64, self.heads as f64, self.heads as f64)?;
        } else {
            within("head_width modulo 2", (self.head_width % 2) as f64, 0.0, 0.0)?;
            within("rope_theta", f64::from(self.rope_theta), 1.0, 1e12)?;
        }
        within("norm_epsilon", f64::from(self.norm_epsilon), 0.0, 1.0)?;
        within("dropout", f64::from(self.dropout), 0.0, 0.99)?;
        let layer = self.width as f64
            * (self.qkv() + self.heads * self.head_width + self.mlp_columns() + self.hidden) as f64;
        let ends = (2 * self.vocabulary + self.context) as f64 * self.width as f64;
        within("parameters", layer * self.layers as f64 + ends, 1.0, MOST_PARAMETERS)
    }

    /// The tensors, in the order of the table above.
    pub fn tensors(&self) -> Vec<Tensor> {
        let bias = self.family == Family::Gpt2;
        let (w, q, h) = (self.width, self.heads * self.head_width, self.hidden);
        let mut out = Vec::new();
        let mut push = |name: String, shape: &[usize]| out.push(Tensor { name, shape: shape.into() });
        push("embedding".into(), &[self.vocabulary, w]);
        if bias {
            push("positions".into(), &[self.context, w]);
        }
        for n in 0..self.layers {
            let mut pair = |what: &str, first: &str, shape: &[usize]| {
                push(format!("layers.{n}.{what}.{first}"), shape);
                if bias {
                    push(format!("layers.{n}.{what}.bias"), &shape[shape.len() - 1..]);
                }
            };
            pair("attention_norm", "gain", &[w]);
            pair("qkv", "weight", &[w, self.qkv()]);
            pair("attention_out", "weight", &[q, w]);
            pair("mlp_norm", "gain", &[w]);
            pair("mlp_in", "weight", &[w, self.mlp_columns()]);
            pair("mlp_out", "weight", &[h, w]);
        }
        push("norm.gain".into(), &[w]);
        if bias {
            push("norm.bias".into(), &[w]);
        }
        if !self.tied {
            push("head".into(), &[self.vocabulary, w]);
        }
        if self.scalar {
            push("scalar.weight".into(), &[w]);
            push("scalar.bias".into(), &[1]);
        }
        out
    }

    /// Returns the number of parameters.
    pub fn parameters(&self) -> usize {
        self.tensors().iter().map(Tensor::len).sum()
    }
}
