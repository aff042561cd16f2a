//! What can be wrong with a model file, a text or the caller's memory.

use core::fmt;

/// An error of a scorer. No score was made.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Error {
    /// The model's bytes do not begin at a multiple of 16: see [`include_model!`](crate::include_model!).
    Unaligned,
    /// The bytes do not begin as a model file does.
    Magic,
    /// The file is of a version that this crate does not read.
    Version {
        /// The version.
        got: u32,
    },
    /// The file has more or fewer bytes than it says.
    Length {
        /// The length that it says.
        want: u64,
        /// Its length.
        got: u64,
    },
    /// The file is damaged: its checksum is another.
    Checksum,
    /// The header cannot be read.
    Header,
    /// A size of the network that cannot be.
    Shape {
        /// The field of [`Shape`](crate::Shape).
        field: &'static str,
    },
    /// The caller's memory is too small.
    Arena {
        /// The bytes that are needed.
        want: usize,
        /// The bytes that there are.
        got: usize,
    },
    /// The model reads fewer tokens than were asked for.
    Context {
        /// The tokens of the text, or as many as were counted.
        want: usize,
        /// The longest text, in tokens.
        context: usize,
    },
    /// A token id outside the vocabulary.
    Token {
        /// Its place in the text.
        position: usize,
        /// The id.
        token: u32,
        /// The number of ids.
        vocabulary: u32,
    },
    /// The file has no tokenizer: score token ids.
    NoTokenizer,
    /// The file's tokenizer cuts text as GPT-2 does: build with the feature `gpt2`.
    NoGpt2,
    /// A text without a token.
    Empty,
    /// A weight, or a number made of weights, is infinite or none.
    NotFinite,
    /// There are more or fewer outputs than texts.
    Outputs {
        /// The number of texts.
        want: usize,
        /// The number of outputs.
        got: usize,
    },
    /// An error of a batch.
    Core(rlhf_core::Error),
}

impl Error {
    /// Returns what is wrong and what to do, without numbers.
    pub const fn message(self) -> &'static str {
        match self {
            Self::Unaligned => {
                "the model does not begin at a multiple of 16 bytes: use include_model!, or copy it"
            }
            Self::Magic => "this is no model file of rlhf-scorer: make one with rlhf export --format scorer",
            Self::Version { .. } => {
                "the model file is of a later version: update rlhf-scorer, or export it again"
            }
            Self::Length { .. } => "the model file is cut off, or bytes follow it: copy it again",
            Self::Checksum => "the model file is damaged: copy it again",
            Self::Header => "the model file's header cannot be read: export it again",
            Self::Shape { .. } => "a size of the network cannot be: export the model again",
            Self::Arena { .. } => "the arena is too small: see arena_bytes",
            Self::Context { .. } => {
                "the text is longer than the context: shorten it, or make the context longer"
            }
            Self::Token { .. } => "a token is outside the vocabulary: was it made by another tokenizer?",
            Self::NoTokenizer => {
                "the model file has no tokenizer: score token ids, or export it with a tokenizer"
            }
            Self::NoGpt2 => "the tokenizer cuts text as GPT-2 does: build rlhf-scorer with the feature gpt2",
            Self::Empty => "the text has no token",
            Self::NotFinite => "a number is infinite or none: the model's weights mean nothing",
            Self::Outputs { .. } => "want one output for each text",
            Self::Core(_) => "the batch is not one",
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Version { got } => write!(f, "version {got}: ")?,
            Self::Length { want, got } => write!(f, "want {want} bytes, got {got}: ")?,
            Self::Shape { field } => write!(f, "{field}: ")?,
            Self::Arena { want, got } => write!(f, "want {want} bytes, got {got}: ")?,
            Self::Context { want, context } => write!(f, "{want} tokens, the context holds {context}: ")?,
            Self::Token { position, token, vocabulary } => {
                write!(f, "token {token} at position {position}, the vocabulary has {vocabulary}: ")?;
            }
            Self::Outputs { want, got } => write!(f, "{want} texts, {got} outputs: ")?,
            Self::Core(error) => return error.fmt(f),
            _ => {}
        }
        f.write_str(self.message())
    }
}

impl core::error::Error for Error {}

impl From<rlhf_core::Error> for Error {
    fn from(error: rlhf_core::Error) -> Self {
        Self::Core(error)
    }
}

/// Kernels refuse sizes that do not fit, which a checked file has not, and numbers that are not finite.
impl From<rlhf_kernels::quantized::Error> for Error {
    fn from(error: rlhf_kernels::quantized::Error) -> Self {
        match error {
            rlhf_kernels::quantized::Error::NotFinite { .. } => Self::NotFinite,
            _ => Self::Header,
        }
    }
}
