//! The model file. `FORMAT.md` describes it.

mod cursor;
mod header;
mod include;
#[cfg(feature = "write")]
pub(crate) mod write;
mod xxh32;

pub use include::Aligned;
pub use xxh32::checksum;

use crate::maths::Floats;
use crate::matrix::{Matrix, embedding_format, matrix_bytes};
use crate::tokenizer::Tokenizer;
use crate::{Error, Family, Processor, Shape};
pub use cursor::ALIGNMENT;
pub(crate) use cursor::Cursor;
use cursor::aligned;
use header::Header;
pub(crate) use header::{Cut, TokenizerHeader};
use rlhf_kernels::quantized::WeightShape;

/// The version that is written.
pub const VERSION: u32 = 1;
/// The first bytes of a file.
const MAGIC: [u8; 8] = *b"rlhf-rm\n";
/// The bytes before the header.
const PRELUDE: usize = 32;
/// The longest header.
const MOST_HEADER: usize = 1024;

/// A model file that was checked.
#[derive(Clone, Copy, Debug)]
pub struct Model<'m> {
    pub(crate) shape: Shape,
    pub(crate) epsilon: f32,
    gain: f32,
    bias: f32,
    pub(crate) tokenizer: Tokenizer<'m>,
    pub(crate) embedding: Matrix<'m>,
    /// GPT-2: a row for each position. Llama: its cosines and sines.
    pub(crate) positions: Floats<'m>,
    layers: &'m [u8],
    layer_bytes: usize,
    pub(crate) norm: Floats<'m>,
    pub(crate) norm_bias: Option<Floats<'m>>,
    pub(crate) scalar: Floats<'m>,
    pub(crate) scalar_bias: f32,
}

/// A layer's weights.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Layer<'m> {
    pub(crate) attention_norm: Floats<'m>,
    pub(crate) attention_norm_bias: Option<Floats<'m>>,
    pub(crate) qkv: Matrix<'m>,
    pub(crate) qkv_bias: Option<Floats<'m>>,
    pub(crate) attention_out: Matrix<'m>,
    pub(crate) attention_out_bias: Option<Floats<'m>>,
    pub(crate) mlp_norm: Floats<'m>,
    pub(crate) mlp_norm_bias: Option<Floats<'m>>,
    pub(crate) mlp_in: Matrix<'m>,
    pub(crate) mlp_in_bias: Option<Floats<'m>>,
    pub(crate) mlp_out: Matrix<'m>,
    pub(crate) mlp_out_bias: Option<Floats<'m>>,
}

impl<'m> Model<'m> {
    /// Reads and checks a file. The checksum is computed once; nothing is copied.
    ///
    /// # Errors
    /// [`Error::Unaligned`], [`Error::Magic`], [`Error::Version`], [`Error::Length`], [`Error::Checksum`],
    /// [`Error::Header`], [`Error::Shape`].
    pub fn new(file: &'m [u8]) -> Result<Self, Error> {
        if file.as_ptr().align_offset(ALIGNMENT) != 0 {
            return Err(Error::Unaligned);
        }
        let (prelude, _) = file.split_first_chunk::<PRELUDE>().ok_or(Error::Magic)?;
        let &[
            m0,
            m1,
            m2,
            m3,
            m4,
            m5,
            m6,
            m7,
            v0,
            v1,
            v2,
            v3,
            s0,
            s1,
            s2,
            s3,
            l0,
            l1,
            l2,
            l3,
            l4,
            l5,
            l6,
            l7,
            h0,
            h1,
            h2,
            h3,
            _,
            _,
            _,
            _,
        ] = prelude;
        if [m0, m1, m2, m3, m4, m5, m6, m7] != MAGIC {
            return Err(Error::Magic);
        }
        let version = u32::from_le_bytes([v0, v1, v2, v3]);
        if version != VERSION {
            return Err(Error::Version { got: version });
        }
        let (want, got) = (u64::from_le_bytes([l0, l1, l2, l3, l4, l5, l6, l7]), file.len() as u64);
        if want != got {
            return Err(Error::Length { want, got });
        }
        let sum = checksum(file);
        if sum != u32::from_le_bytes([s0, s1, s2, s3]) {
            return Err(Error::Checksum);
        }
        let header_bytes = u32::from_le_bytes([h0, h1, h2, h3]) as usize;
        if header_bytes > MOST_HEADER {
            return Err(Error::Header);
        }
        let mut parts = Cursor::new(file.get(PRELUDE..).unwrap_or_default());
        let header = Header::read(parts.take(header_bytes)?)?;
        Self::of(&header, parts)
    }

    fn of(header: &Header, mut parts: Cursor<'m>) -> Result<Self, Error> {
        let shape = header.shape;
        shape.validate()?;
        if !(header.epsilon.is_finite() && header.gain.is_finite() && header.bias.is_finite()) {
            return Err(Error::NotFinite);
        }
        let (width, context) = (shape.width(), shape.context as usize);
        let embedding = parts.matrix(embedding_format(shape.weights), shape.vocabulary as usize, width)?;
        let columns = if shape.family == Family::Gpt2 { width } else { shape.head_width as usize };
        let positions = parts.floats(context.checked_mul(columns).ok_or(Error::Header)?)?;
        let layer_bytes = layer_bytes(&shape);
        let layers = parts.take(layer_bytes.checked_mul(shape.layers as usize).ok_or(Error::Header)?)?;
        let norm = parts.floats(width)?;
        let norm_bias = parts.bias(shape.family, width)?;
        let scalar = parts.floats(width)?;
        let scalar_bias = parts.floats(1)?.iter().next().unwrap_or_default();
        let tokenizer = Tokenizer::read(&header.tokenizer, header.bos, header.eos, &mut parts)?;
        if !parts.is_empty() {
            return Err(Error::Header);
        }
        Ok(Self {
            shape,
            epsilon: header.epsilon,
            gain: header.gain,
            bias: header.bias,
            tokenizer,
            embedding,
            positions,
            layers,
            layer_bytes,
            norm,
            norm_bias,
            scalar,
            scalar_bias,
        })
    }

    /// Returns the sizes.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// Returns whether the file has a tokenizer, so that texts can be scored.
    pub fn reads_text(&self) -> bool {
        !self.tokenizer.is_none()
    }

    /// Returns the reward of a raw score: with the file's gain and bias.
    pub fn reward(&self, raw_score: f32) -> f32 {
        raw_score * self.gain + self.bias
    }

    /// The processor that scores best while the bits of int8 and 4-bit weights stay the same everywhere.
    pub(crate) fn processor(&self, processor: Processor) -> Processor {
        if !self.shape.weights.integers() {
            return processor;
        }
        Processor::PORTABLE.with_integers(processor.integers()).unwrap_or(Processor::PORTABLE)
    }

    /// The cosines and sines of a position.
    pub(crate) fn turns(&self, position: usize) -> Floats<'m> {
        self.positions.row(position, self.shape.head_width as usize)
    }

    /// The weights of layer `n`.
    pub(crate) fn layer(&self, n: usize) -> Result<Layer<'m>, Error> {
        let start = n.saturating_mul(self.layer_bytes);
        let rest = self.layers.get(start..start.saturating_add(self.layer_bytes)).ok_or(Error::Header)?;
        let (shape, family, mut parts) = (&self.shape, self.shape.family, Cursor::new(rest));
        let (format, width, hidden) = (shape.weights, shape.width(), shape.hidden as usize);
        Ok(Layer {
            attention_norm: parts.floats(width)?,
            attention_norm_bias: parts.bias(family, width)?,
            qkv: parts.matrix(format, shape.qkv(), width)?,
            qkv_bias: parts.bias(family, shape.qkv())?,
            attention_out: parts.matrix(format, width, shape.queries())?,
            attention_out_bias: parts.bias(family, width)?,
            mlp_norm: parts.floats(width)?,
            mlp_norm_bias: parts.bias(family, width)?,
            mlp_in: parts.matrix(format, shape.mlp_columns(), width)?,
            mlp_in_bias: parts.bias(family, shape.mlp_columns())?,
            mlp_out: parts.matrix(format, width, hidden)?,
            mlp_out_bias: parts.bias(family, width)?,
        })
    }
}

/// The bytes of a layer's parts.
fn layer_bytes(shape: &Shape) -> usize {
    let (width, hidden) = (shape.width(), shape.hidden as usize);
    let floats = |n: usize| aligned(n.saturating_mul(4));
    let matrix = |outputs, inputs| aligned(matrix_bytes(shape.weights, WeightShape { outputs, inputs }));
    let parts = [
        floats(width).saturating_mul(2),
        matrix(shape.qkv(), width),
        matrix(width, shape.queries()),
        matrix(shape.mlp_columns(), width),
        matrix(width, hidden),
    ];
    let biases = [floats(width).saturating_mul(4), floats(shape.qkv()), floats(shape.mlp_columns())];
    let sum = |parts: &[usize]| parts.iter().fold(0usize, |sum, part| sum.saturating_add(*part));
    sum(&parts).saturating_add(if shape.family == Family::Gpt2 { sum(&biases) } else { 0 })
}

/// A file with a header of such sizes, and nothing after it.
#[cfg(test)]
pub(crate) fn test_header(shape: Shape) -> alloc::vec::Vec<u8> {
    let header = Header {
        shape,
        epsilon: 1e-5,
        gain: 1.0,
        bias: 0.0,
        tokenizer: TokenizerHeader::Bytes,
        bos: None,
        eos: None,
    };
    let mut room = [0; 256];
    let header = postcard::to_slice(&header, &mut room).unwrap();
    let mut file = alloc::vec![0; PRELUDE];
    file[..8].copy_from_slice(&MAGIC);
    file[8..12].copy_from_slice(&VERSION.to_le_bytes());
    file[24..28].copy_from_slice(&(header.len() as u32).to_le_bytes());
    file.extend_from_slice(header);
    file.resize(file.len().next_multiple_of(ALIGNMENT), 0);
    file
}
