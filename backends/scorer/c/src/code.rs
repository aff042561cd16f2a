//! Codes of errors.

use scorer::Error;
use std::ffi::CStr;

/// What a call came to. Codes keep their numbers.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum rlhf_code {
    /// All is well.
    Ok = 0,
    /// A pointer is null, or not aligned.
    Null = 1,
    /// A text or a path is not UTF-8.
    Utf8 = 2,
    /// The file cannot be read.
    File = 3,
    /// The file is no model file, or of another version, cut off or damaged.
    Damaged = 4,
    /// The text is longer than the context, or the context than the model's.
    Context = 5,
    /// A token is outside the vocabulary.
    Token = 6,
    /// The file has no tokenizer: score token ids.
    NoTokenizer = 7,
    /// The text has no token.
    Empty = 8,
    /// The model's weights mean nothing.
    NotFinite = 9,
    /// Something else.
    Other = 10,
}

impl From<Error> for rlhf_code {
    fn from(error: Error) -> Self {
        match error {
            Error::Magic | Error::Version { .. } | Error::Length { .. } | Error::Checksum => Self::Damaged,
            Error::Header | Error::Shape { .. } => Self::Damaged,
            Error::Context { .. } => Self::Context,
            Error::Token { .. } => Self::Token,
            Error::NoTokenizer => Self::NoTokenizer,
            Error::Empty => Self::Empty,
            Error::NotFinite => Self::NotFinite,
            _ => Self::Other,
        }
    }
}

impl rlhf_code {
    /// All of them.
    pub(crate) const ALL: [Self; 11] = [
        Self::Ok,
        Self::Null,
        Self::Utf8,
        Self::File,
        Self::Damaged,
        Self::Context,
        Self::Token,
        Self::NoTokenizer,
        Self::Empty,
        Self::NotFinite,
        Self::Other,
    ];

    pub(crate) const fn message(self) -> &'static CStr {
        match self {
            Self::Ok => c"all is well",
            Self::Null => c"a pointer is null or not aligned: want memory that can be read or written",
            Self::Utf8 => c"the text or the path is not UTF-8",
            Self::File => c"the file cannot be read: is the path right?",
            Self::Damaged => c"the model file is damaged, or none: make one with rlhf export --format scorer",
            Self::Context => {
                c"the text is longer than the context: shorten it, or open the model with a longer one"
            }
            Self::Token => c"a token is outside the vocabulary: was it made by another tokenizer?",
            Self::NoTokenizer => {
                c"the model file has no tokenizer: score token ids, or export it with a tokenizer"
            }
            Self::Empty => c"the text has no token",
            Self::NotFinite => c"a number is infinite or none: the model's weights mean nothing",
            Self::Other => c"something else is wrong: update rlhf-scorer",
        }
    }
}
