//! Hugging Face's names for the tensors of an [`Architecture`].

use super::{Architecture, Family};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::ops::Range;

/// A stored tensor and the part of ours that it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Hugging Face's name.
    pub name: String,
    /// Our tensor (see [`Architecture`]).
    pub tensor: String,
    /// The columns of ours (its last axis) that it holds.
    pub columns: Range<usize>,
    /// True where a matrix is stored `[out, in]`.
    pub transposed: bool,
    /// True where it may be missing, and ours then stays 0: the bias of a scalar head.
    pub optional: bool,
}

/// All pieces of an architecture, under Hugging Face's names.
///
/// The prefix (`transformer.`, `model.`) is part of the names; a loader that meets a bare
/// `GPT2Model` strips it.
pub fn pieces(a: &Architecture) -> Vec<Piece> {
    let mut out = Vec::new();
    let mut push = |name: String, tensor: String, columns: Range<usize>, transposed: bool| {
        out.push(Piece { name, optional: tensor == "scalar.bias", tensor, columns, transposed });
    };
    let (w, h) = (a.width, a.hidden);
    let (q, kv) = (a.heads * a.head_width, a.kv_heads * a.head_width);
    match a.family {
        Family::Gpt2 => {
            push("transformer.wte.weight".into(), "embedding".into(), 0..w, false);
            push("transformer.wpe.weight".into(), "positions".into(), 0..w, false);
            for n in 0..a.layers {
                for (theirs, ours, first, columns) in [
                    ("ln_1", "attention_norm", "gain", w),
                    ("attn.c_attn", "qkv", "weight", a.qkv()),
                    ("attn.c_proj", "attention_out", "weight", w),
                    ("ln_2", "mlp_norm", "gain", w),
                    ("mlp.c_fc", "mlp_in", "weight", h),
                    ("mlp.c_proj", "mlp_out", "weight", w),
                ] {
                    for (suffix, part) in [("weight", first), ("bias", "bias")] {
                        push(
                            format!("transformer.h.{n}.{theirs}.{suffix}"),
                            format!("layers.{n}.{ours}.{part}"),
                            0..columns,
                            false,
                        );
                    }
                }
            }
            push("transformer.ln_f.weight".into(), "norm.gain".into(), 0..w, false);
            push("transformer.ln_f.bias".into(), "norm.bias".into(), 0..w, false);
        }
        Family::Llama => {
            push("model.embed_tokens.weight".into(), "embedding".into(), 0..w, false);
            for n in 0..a.layers {
                for (theirs, ours, columns, transposed) in [
                    ("input_layernorm", "attention_norm.gain", 0..w, false),
                    ("self_attn.q_proj", "qkv.weight", 0..q, true),
                    ("self_attn.k_proj", "qkv.weight", q..q + kv, true),
                    ("self_attn.v_proj", "qkv.weight", q + kv..q + 2 * kv, true),
                    ("self_attn.o_proj", "attention_out.weight", 0..w, true),
                    ("post_attention_layernorm", "mlp_norm.gain", 0..w, false),
                    ("mlp.gate_proj", "mlp_in.weight", 0..h, true),
                    ("mlp.up_proj", "mlp_in.weight", h..2 * h, true),
                    ("mlp.down_proj", "mlp_out.weight", 0..w, true),
                ] {
                    push(
                        format!("model.layers.{n}.{theirs}.weight"),
                        format!("layers.{n}.{ours}"),
                        columns,
                        transposed,
                    );
                }
            }
            push("model.norm.weight".into(), "norm.gain".into(), 0..w, false);
        }
    }
    if !a.tied {
        push("lm_head.weight".to_string(), "head".into(), 0..w, false);
    }
    if a.scalar {
        push("score.weight".into(), "scalar.weight".into(), 0..w, false);
        push("score.bias".into(), "scalar.bias".into(), 0..1, false);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_of_every_tensor_is_named_once() {
        let mut llama = Architecture::gpt2(11, 8, 16, 2, 4).with_scalar();
        let gpt2 = llama.clone();
        llama.family = Family::Llama;
        llama.kv_heads = 2;
        llama.tied = false;
        for a in [gpt2, llama] {
            a.validate().unwrap();
            let pieces = pieces(&a);
            for tensor in a.tensors() {
                let mut covered = 0;
                for piece in pieces.iter().filter(|p| p.tensor == tensor.name) {
                    assert_eq!(piece.columns.start, covered, "{}", piece.name);
                    covered = piece.columns.end;
                }
                assert_eq!(covered, *tensor.shape.last().unwrap(), "{}", tensor.name);
            }
        }
    }
}
