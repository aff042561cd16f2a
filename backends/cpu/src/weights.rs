//! A network's numbers, in one buffer, and where each tensor lies in it.

use crate::norm::Norm;
use crate::rope::Rope;
use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Range;
use rlhf_core::Error;
use rlhf_core::model::{Architecture, Tensor};

/// A gain or a matrix, and its bias where the family has one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pair {
    pub(crate) first: Range<usize>,
    pub(crate) bias: Option<Range<usize>>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct LayerLayout {
    pub(crate) attention_norm: Pair,
    pub(crate) qkv: Pair,
    pub(crate) attention_out: Pair,
    pub(crate) mlp_norm: Pair,
    pub(crate) mlp_in: Pair,
    pub(crate) mlp_out: Pair,
}

/// The layout of the tensors.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    pub(crate) tensors: Vec<(Tensor, Range<usize>)>,
    pub(crate) embedding: Range<usize>,
    pub(crate) positions: Option<Range<usize>>,
    pub(crate) layers: Vec<LayerLayout>,
    pub(crate) norm: Pair,
    /// The embedding's place where the head is tied to it.
    pub(crate) head: Range<usize>,
    pub(crate) scalar: Option<Pair>,
    pub(crate) len: usize,
}

impl Layout {
    pub(crate) fn new(a: &Architecture) -> Self {
        let mut len = 0;
        let tensors: Vec<(Tensor, Range<usize>)> = a
            .tensors()
            .into_iter()
            .map(|tensor| {
                let start = len;
                len += tensor.len();
                (tensor, start..len)
            })
            .collect();
        let find = |name: &str| tensors.iter().find(|(t, _)| t.name == name).map(|(_, span)| span.clone());
        let pair = |name: String, first: &str| Pair {
            first: find(&alloc::format!("{name}.{first}")).unwrap_or_default(),
            bias: find(&alloc::format!("{name}.bias")),
        };
        let layers = (0..a.layers)
            .map(|n| {
                let pair = |what: &str, first| pair(alloc::format!("layers.{n}.{what}"), first);
                LayerLayout {
                    attention_norm: pair("attention_norm", "gain"),
                    qkv: pair("qkv", "weight"),
                    attention_out: pair("attention_out", "weight"),
                    mlp_norm: pair("mlp_norm", "gain"),
                    mlp_in: pair("mlp_in", "weight"),
                    mlp_out: pair("mlp_out", "weight"),
                }
            })
            .collect();
        let embedding = find("embedding").unwrap_or_default();
        Self {
            positions: find("positions"),
            layers,
            norm: pair("norm".into(), "gain"),
            head: find("head").unwrap_or(embedding.clone()),
            scalar: a.scalar.then(|| pair("scalar".into(), "weight")),
            embedding,
            len,
            tensors,
        }
    }
}

/// A network's architecture and numbers.
#[derive(Clone, Debug)]
pub(crate) struct Weights {
    pub(crate) architecture: Architecture,
    pub(crate) layout: Layout,
    pub(crate) data: Vec<f32>,
    pub(crate) rope: Rope,
}

impl Weights {
    /// # Errors
    /// The architecture's own, or [`Error::Shape`] when `data` is not as long as its tensors.
    pub(crate) fn new(architecture: Architecture, data: Vec<f32>) -> Result<Self, Error> {
        architecture.validate()?;
        let layout = Layout::new(&architecture);
        if data.len() != layout.len {
            return Err(Error::Shape { name: "weights", want: layout.len, got: data.len() });
        }
        let rope = Rope::new(&architecture);
        Ok(Self { architecture, layout, data, rope })
    }

    pub(crate) fn at(&self, span: &Range<usize>) -> &[f32] {
        &self.data[span.clone()]
    }

    pub(crate) fn bias(&self, pair: &Pair) -> Option<&[f32]> {
        pair.bias.as_ref().map(|span| self.at(span))
    }

    pub(crate) fn norm(&self, pair: &Pair) -> Norm<'_> {
        Norm { gain: self.at(&pair.first), bias: self.bias(pair), epsilon: self.architecture.norm_epsilon }
    }
}
