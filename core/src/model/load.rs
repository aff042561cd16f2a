//! Weights out of a checkpoint, and back.

use super::{Architecture, Checkpoint, CheckpointError, Piece, Tensor, pieces};
use alloc::borrow::Cow;
use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;

/// The weights of `architecture` from a checkpoint under Hugging Face's names, end to end in the
/// order of [`Architecture::tensors`], and the names of our tensors that the checkpoint does not
/// hold.
///
/// Names with and without their prefix (`transformer.`, `model.`) are understood. Only a scalar head
/// may be missing: a language model's checkpoint has none, and its numbers are then 0 for the
/// caller to initialize; a missing `scalar.bias` alone is a head without a bias, for which 0 is
/// right. Nothing is allocated before all shapes are known to fit.
///
/// # Errors
/// [`CheckpointError`] names the tensor.
pub fn flat(
    architecture: &Architecture,
    checkpoint: &dyn Checkpoint,
) -> Result<(Vec<f32>, Vec<String>), CheckpointError> {
    architecture.validate().map_err(CheckpointError::Architecture)?;
    let layout = Layout::of(architecture);
    let mut missing = Vec::new();
    let mut found = Vec::new();
    let mut longest = 0;
    for piece in pieces(architecture) {
        let (tensor, _) = layout.tensor(&piece)?;
        let Some((name, got)) = find(checkpoint, &piece.name) else {
            if !piece.tensor.starts_with("scalar.") {
                return Err(CheckpointError::Missing { tensor: piece.name });
            }
            missing.push(piece.tensor);
            continue;
        };
        let want = stored_shape(tensor, &piece);
        if !same(&want, &got) {
            return Err(CheckpointError::Shape { tensor: name, want, got });
        }
        longest = longest.max(want.iter().product());
        found.push((piece, name));
    }
    let mut out = zeros(layout.len)?;
    let mut scratch = zeros(longest)?;
    for (piece, name) in found {
        let (tensor, span) = layout.tensor(&piece)?;
        let len = stored_shape(tensor, &piece).iter().product();
        checkpoint.read(&name, &mut scratch[..len])?;
        scatter(tensor, &piece, &scratch[..len], &mut out[span]);
    }
    Ok((out, missing))
}

/// A tensor as a checkpoint under Hugging Face's names stores it.
#[derive(Clone, Debug, PartialEq)]
pub struct Stored<'a> {
    /// Hugging Face's name, with its prefix.
    pub name: String,
    /// The stored shape.
    pub shape: Vec<usize>,
    tensor: Tensor,
    piece: Piece,
    from: &'a [f32],
}

impl Stored<'_> {
    /// The numbers, row-major. They are gathered at this call, so that saving needs memory for one
    /// tensor at a time.
    pub fn values(&self) -> Cow<'_, [f32]> {
        let columns = *self.tensor.shape.last().unwrap_or(&1);
        if !self.piece.transposed && self.piece.columns == (0..columns) {
            return Cow::Borrowed(self.from);
        }
        let mut out = vec![0.0; self.shape.iter().product()];
        places(&self.tensor, &self.piece, |stored, ours| out[stored] = self.from[ours]);
        Cow::Owned(out)
    }
}

/// The tensors of a checkpoint that [`flat`] would read as `weights`, which are laid out as
/// [`Architecture::tensors`]. A scalar head's bias of 0 is left out, since Hugging Face's heads have
/// none.
///
/// # Errors
/// [`CheckpointError::Architecture`] where the network cannot exist or has another number of
/// parameters.
pub fn stored<'a>(
    architecture: &Architecture,
    weights: &'a [f32],
) -> Result<Vec<Stored<'a>>, CheckpointError> {
    architecture.validate().map_err(CheckpointError::Architecture)?;
    let layout = Layout::of(architecture);
    crate::error::check("weights", weights.len(), layout.len).map_err(CheckpointError::Architecture)?;
    let mut out = Vec::new();
    for piece in pieces(architecture) {
        let (tensor, span) = layout.tensor(&piece)?;
        let from = &weights[span];
        if piece.tensor == "scalar.bias" && from.iter().all(|&x| x == 0.0) {
            continue;
        }
        let shape = stored_shape(tensor, &piece);
        out.push(Stored { name: piece.name.clone(), shape, tensor: tensor.clone(), piece, from });
    }
    Ok(out)
}

/// The range of each of our tensors in the flat weights.
struct Layout {
    tensors: BTreeMap<String, (Tensor, Range<usize>)>,
    len: usize,
}

impl Layout {
    fn of(architecture: &Architecture) -> Self {
        let mut tensors = BTreeMap::new();
        let mut len = 0;
        for tensor in architecture.tensors() {
            let start = len;
            len += tensor.len();
            tensors.insert(tensor.name.clone(), (tensor, start..len));
        }
        Self { tensors, len }
    }

    fn tensor(&self, piece: &Piece) -> Result<(&Tensor, Range<usize>), CheckpointError> {
        let missing = || CheckpointError::Missing { tensor: piece.tensor.clone() };
        self.tensors.get(&piece.tensor).map(|(t, span)| (t, span.clone())).ok_or_else(missing)
    }
}

fn zeros(len: usize) -> Result<Vec<f32>, CheckpointError> {
    let mut out = Vec::new();
    out.try_reserve_exact(len).map_err(|_| CheckpointError::Memory { parameters: len })?;
    out.resize(len, 0.0);
    Ok(out)
}

/// A piece's name in the checkpoint, with or without its prefix, and its shape.
fn find(checkpoint: &dyn Checkpoint, name: &str) -> Option<(String, Vec<usize>)> {
    let bare = ["transformer.", "model."].iter().find_map(|prefix| name.strip_prefix(prefix));
    [Some(name), bare]
        .into_iter()
        .flatten()
        .find_map(|name| Some((name.to_string(), checkpoint.shape(name)?)))
}

/// Shapes that differ by leading axes of 1 hold the same numbers.
fn same(want: &[usize], got: &[usize]) -> bool {
    let trim = |shape: &[usize]| shape.iter().copied().skip_while(|&n| n == 1).collect::<Vec<_>>();
    trim(want) == trim(got)
}

/// The shape in which a checkpoint holds a piece of our tensor.
fn stored_shape(tensor: &Tensor, piece: &Piece) -> Vec<usize> {
    match (tensor.shape.as_slice(), piece.transposed) {
        // A scalar head is a linear layer of one output.
        ([width], _) if tensor.name == "scalar.weight" => vec![1, *width],
        (&[rows, _], true) => vec![piece.columns.len(), rows],
        (&[rows, _], false) => vec![rows, piece.columns.len()],
        _ => vec![piece.columns.len()],
    }
}

/// Calls `place(stored, ours)` with the index of each number in the stored tensor and in ours.
fn places(tensor: &Tensor, piece: &Piece, mut place: impl FnMut(usize, usize)) {
    let columns = *tensor.shape.last().unwrap_or(&1);
    let rows = tensor.len().checked_div(columns).unwrap_or(0);
    let width = piece.columns.len();
    for row in 0..rows {
        for (i, column) in piece.columns.clone().enumerate() {
            let stored = if piece.transposed { i * rows + row } else { row * width + i };
            place(stored, row * columns + column);
        }
    }
}

fn scatter(tensor: &Tensor, piece: &Piece, from: &[f32], to: &mut [f32]) {
    if from.len() == to.len() && !piece.transposed {
        to.copy_from_slice(from);
    } else {
        places(tensor, piece, |stored, ours| to[ours] = from[stored]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Family;

    /// A checkpoint in memory.
    struct Memory(BTreeMap<String, (Vec<usize>, Vec<f32>)>);

    impl Checkpoint for Memory {
        fn shape(&self, name: &str) -> Option<Vec<usize>> {
            Some(self.0.get(name)?.0.clone())
        }

        fn read(&self, name: &str, out: &mut [f32]) -> Result<(), CheckpointError> {
            out.copy_from_slice(&self.0[name].1);
            Ok(())
        }
    }

    fn gpt2() -> Architecture {
        Architecture::gpt2(11, 8, 12, 2, 3)
    }

    fn llama() -> Architecture {
        Architecture { family: Family::Llama, kv_heads: 1, hidden: 7, tied: false, ..gpt2() }
    }

    fn save(architecture: &Architecture, weights: &[f32]) -> Memory {
        let tensors = stored(architecture, weights).unwrap();
        Memory(tensors.iter().map(|t| (t.name.clone(), (t.shape.clone(), t.values().into_owned()))).collect())
    }

    fn weights(architecture: &Architecture) -> Vec<f32> {
        (0..architecture.parameters()).map(|i| i as f32 + 1.0).collect()
    }

    #[test]
    fn weights_come_back() {
        for a in [gpt2(), llama(), gpt2().with_scalar(), llama().with_scalar()] {
            let memory = save(&a, &weights(&a));
            assert_eq!(flat(&a, &memory).unwrap(), (weights(&a), vec![]));
        }
    }

    #[test]
    fn matrices_are_transposed_and_put_side_by_side() {
        let a = llama();
        let memory = save(&a, &weights(&a));
        let (shape, up) = &memory.0["model.layers.0.mlp.up_proj.weight"];
        assert_eq!(shape, &[7, 12]);
        let layout = Layout::of(&a);
        let start = layout.tensors["layers.0.mlp_in.weight"].1.start;
        // Ours: row 2 (of 12), column 7 + 3 of 14. Theirs: row 3, column 2.
        assert_eq!(up[3 * 12 + 2], weights(&a)[start + 2 * 14 + 7 + 3]);
    }

    #[test]
    fn a_missing_prefix_is_understood() {
        let a = gpt2();
        let bare = save(&a, &weights(&a)).0.into_iter().map(|(name, t)| {
            (name.strip_prefix("transformer.").map_or(name.clone(), ToString::to_string), t)
        });
        assert_eq!(flat(&a, &Memory(bare.collect())).unwrap().0, weights(&a));
    }

    #[test]
    fn only_a_scalar_head_may_be_missing() {
        let a = llama();
        let memory = save(&a, &weights(&a));
        let (loaded, missing) = flat(&a.with_scalar(), &memory).unwrap();
        assert_eq!(missing, ["scalar.weight", "scalar.bias"]);
        assert_eq!(loaded[..a.parameters()], weights(&a));
        assert_eq!(loaded[a.parameters()..], [0.0; 13]);

        let mut memory = memory;
        memory.0.remove("lm_head.weight");
        assert_eq!(flat(&a, &memory), Err(CheckpointError::Missing { tensor: "lm_head.weight".into() }));
    }

    #[test]
    fn a_bias_of_zero_is_not_stored() {
        let a = gpt2().with_scalar();
        let mut w = weights(&a);
        *w.last_mut().unwrap() = 0.0;
        let memory = save(&a, &w);
        assert_eq!(memory.shape("score.weight"), Some(vec![1, 12]));
        assert_eq!(memory.shape("score.bias"), None);
        assert_eq!(flat(&a, &memory).unwrap(), (w, vec!["scalar.bias".to_string()]));
    }

    #[test]
    fn shapes_must_fit_before_memory_is_taken() {
        let a = gpt2();
        let memory = save(&a, &weights(&a));
        let huge = Architecture { vocabulary: 1 << 24, ..a.clone() };
        assert_eq!(
            flat(&huge, &memory),
            Err(CheckpointError::Shape {
                tensor: "transformer.wte.weight".into(),
                want: vec![1 << 24, 12],
                got: vec![11, 12],
            })
        );
        let none = Architecture { heads: 0, ..a.clone() };
        assert!(matches!(flat(&none, &memory), Err(CheckpointError::Architecture(_))));
        assert!(matches!(stored(&a, &[0.0]), Err(CheckpointError::Architecture(_))));
    }
}
