//! llama2.c's version 0 checkpoints: seven `i32` and the weights in f32, little-endian.

use crate::bytes::Source;
use crate::{Files, FormatError};
use rlhf_core::model::{Architecture, Checkpoint, CheckpointError, Family};
use std::collections::HashMap;
use std::path::Path;

/// An open llama2.c checkpoint, presented under Hugging Face's names.
///
/// llama2.c turns neighboring numbers of a head, Hugging Face and our engines its two halves;
/// queries' and keys' rows are put into the latter order as they are read.
pub struct Llama2c {
    source: Source,
    architecture: Architecture,
    tensors: HashMap<String, Place>,
}

struct Place {
    offset: u64,
    shape: Vec<usize>,
    /// The width of the heads whose rows are to be reordered.
    turned: Option<usize>,
}

const HEADER: u64 = 7 * 4;
const FIELDS: [&str; 7] = ["dim", "hidden_dim", "n_layers", "n_heads", "n_kv_heads", "vocab_size", "seq_len"];

impl Llama2c {
    /// Opens a file and checks its header against its length.
    ///
    /// # Errors
    /// Names the field of the header, or gives the right length.
    pub fn open(path: &Path) -> Result<Self, FormatError> {
        Self::new(Source::open(path)?, path)
    }

    /// Opens the file `name` among `files`.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_in(files: &Files, name: &str) -> Result<Self, FormatError> {
        Self::new(files.source(name)?, &files.path(name))
    }

    fn new(source: Source, path: &Path) -> Result<Self, FormatError> {
        let architecture = header(&source, path)?;
        let (tensors, end) = places(&architecture);
        if source.len() != end {
            let reason = format!(
                "its header asks for {end} bytes, it has {}: cut off, or no llama2.c version 0 checkpoint",
                source.len()
            );
            return Err(FormatError::content(path, "size", reason));
        }
        Ok(Self { source, architecture, tensors })
    }

    /// The network that the file holds.
    pub fn architecture(&self) -> &Architecture {
        &self.architecture
    }
}

fn header(source: &Source, path: &Path) -> Result<Architecture, FormatError> {
    let mut bytes = [0; HEADER as usize];
    source
        .read(0, &mut bytes)
        .map_err(|e| FormatError::content(path, "header", format!("want seven 32-bit numbers ({e})")))?;
    let mut numbers = [0i32; 7];
    for (n, b) in numbers.iter_mut().zip(bytes.as_chunks().0) {
        *n = i32::from_le_bytes(*b);
    }
    // A negative vocabulary says that the head is not the embedding.
    let tied = numbers[5] > 0;
    numbers[5] = numbers[5].checked_abs().unwrap_or(0);
    let mut sizes = [0usize; 7];
    for ((size, n), name) in sizes.iter_mut().zip(numbers).zip(FIELDS) {
        *size = usize::try_from(n).ok().filter(|&n| n > 0).ok_or_else(|| {
            FormatError::content(path, format!("header field {name}"), format!("{n} is not positive"))
        })?;
    }
    let [width, hidden, layers, heads, kv_heads, vocabulary, context] = sizes;
    if width % heads != 0 {
        return Err(FormatError::content(
            path,
            "header field n_heads",
            format!("{heads} does not divide dim ({width})"),
        ));
    }
    let architecture = Architecture {
        family: Family::Llama,
        kv_heads,
        hidden,
        tied,
        ..Architecture::gpt2(vocabulary, context, width, layers, heads)
    };
    architecture.validate().map_err(|e| FormatError::content(path, "header", e.to_string()))?;
    Ok(architecture)
}

/// Returns the place of each tensor, and the file's length.
fn places(a: &Architecture) -> (HashMap<String, Place>, u64) {
    let mut tensors = HashMap::new();
    let mut offset = HEADER;
    let mut place = |name: String, shape: &[usize], turned: Option<usize>| {
        let bytes = 4 * shape.iter().map(|&n| n as u64).product::<u64>();
        tensors.insert(name, Place { offset, shape: shape.into(), turned });
        offset += bytes;
    };
    let (w, h, q, kv) = (a.width, a.hidden, a.heads * a.head_width, a.kv_heads * a.head_width);
    place("model.embed_tokens.weight".into(), &[a.vocabulary, w], None);
    let turned = Some(a.head_width);
    for (name, shape, turned) in [
        ("input_layernorm", &[w][..], None),
        ("self_attn.q_proj", &[q, w], turned),
        ("self_attn.k_proj", &[kv, w], turned),
        ("self_attn.v_proj", &[kv, w], None),
        ("self_attn.o_proj", &[w, q], None),
        ("post_attention_layernorm", &[w], None),
        ("mlp.gate_proj", &[h, w], None),
        ("mlp.down_proj", &[w, h], None),
        ("mlp.up_proj", &[h, w], None),
    ] {
        for n in 0..a.layers {
            place(format!("model.layers.{n}.{name}.weight"), shape, turned);
        }
    }
    place("model.norm.weight".into(), &[w], None);
    // Cosines and sines of the rotary positions, which everyone computes afresh.
    place(String::new(), &[a.context, a.head_width], None);
    if !a.tied {
        place("lm_head.weight".into(), &[a.vocabulary, w], None);
    }
    tensors.remove("");
    (tensors, offset)
}

impl Checkpoint for Llama2c {
    fn shape(&self, name: &str) -> Option<Vec<usize>> {
        Some(self.tensors.get(name)?.shape.clone())
    }

    fn read(&self, name: &str, out: &mut [f32]) -> Result<(), CheckpointError> {
        let tensor = || name.to_string();
        let place = self.tensors.get(name).ok_or_else(|| CheckpointError::Missing { tensor: tensor() })?;
        if place.shape.iter().product::<usize>() != out.len() {
            let (want, got) = (vec![out.len()], place.shape.clone());
            return Err(CheckpointError::Shape { tensor: tensor(), want, got });
        }
        self.source
            .numbers(place.offset, out, f32::from_le_bytes)
            .map_err(|e| CheckpointError::Unreadable { tensor: tensor(), reason: e.to_string() })?;
        if let Some(head) = place.turned {
            halves(out, head, self.architecture.width);
        }
        Ok(())
    }
}

/// Reorders the rows of each head from `0, 1, 2, 3, …` to `0, 2, 4, …, 1, 3, 5, …`.
fn halves(rows: &mut [f32], head: usize, width: usize) {
    for one in rows.chunks_mut(head * width) {
        let from = one.to_vec();
        for (to, row) in one.chunks_mut(width).zip((0..head).step_by(2).chain((1..head).step_by(2))) {
            to.copy_from_slice(&from[row * width..(row + 1) * width]);
        }
    }
}

#[cfg(all(test, feature = "write"))]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rlhf_core::model::flat;

    /// dim 4, hidden 3, 1 layer, 1 head, vocabulary 2 (untied), context 2; weights 0, 1, 2, ….
    fn bytes() -> Vec<u8> {
        let numbers = (8 + 4 + 16 * 4 + 4 + 12 * 3 + 4 + 8 + 8) as u32;
        let header = [4i32, 3, 1, 1, 1, -2, 2].into_iter().flat_map(i32::to_le_bytes);
        header.chain((0..numbers).flat_map(|x| (x as f32).to_le_bytes())).collect()
    }

    fn open(bytes: &[u8]) -> Result<Llama2c, FormatError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.bin");
        std::fs::write(&path, bytes).unwrap();
        Llama2c::open(&path)
    }

    #[test]
    fn heads_are_turned_into_halves() {
        let file = open(&bytes()).unwrap();
        let mut q = [0.0; 16];
        file.read("model.layers.0.self_attn.q_proj.weight", &mut q).unwrap();
        assert_eq!(q.map(|x| x as i32 - 12), [0, 1, 2, 3, 8, 9, 10, 11, 4, 5, 6, 7, 12, 13, 14, 15]);
        let (weights, missing) = flat(file.architecture(), &file).unwrap();
        assert_eq!((weights.len(), missing.len()), (8 + 4 + 16 * 4 + 4 + 12 * 3 + 4 + 8, 0));
        assert_eq!(*weights.last().unwrap() as usize * 4 + 4 + 28, bytes().len());
    }

    #[test]
    fn faults_are_named() {
        let message = |bytes: &[u8]| open(bytes).err().unwrap().to_string();
        assert!(message(&bytes()[..20]).contains("model.bin, header: want seven 32-bit numbers"));
        let mut no_heads = bytes();
        no_heads[12] = 0;
        assert!(message(&no_heads).contains("header field n_heads: 0 is not positive"));
        let mut odd = bytes();
        odd[12] = 3;
        assert!(message(&odd).contains("header field n_heads: 3 does not divide dim (4)"));
        assert!(message(&bytes()[..bytes().len() - 1]).contains("its header asks for 572 bytes"));
    }

    proptest! {
        #[test]
        fn damaged_headers_are_survived(
            flips in prop::collection::vec((0usize..28, 0u8..8), 1..5),
        ) {
            let mut bytes = bytes();
            for (at, bit) in flips {
                bytes[at] ^= 1 << bit;
            }
            if let Ok(file) = open(&bytes) {
                flat(file.architecture(), &file).unwrap();
            }
        }
    }
}
