//! What a caller of quantized products can get wrong.

/// An argument that a quantized matrix cannot be made of or multiplied with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// A length that does not fit the others.
    Size {
        /// The argument.
        name: &'static str,
        /// The length that fits.
        want: usize,
        /// Its length.
        got: usize,
    },
    /// An index beyond the end.
    Index {
        /// What is counted.
        name: &'static str,
        /// How many there are.
        count: usize,
        /// The index.
        got: usize,
    },
    /// A number that is infinite or none.
    NotFinite {
        /// Its row.
        row: usize,
        /// Its place in the row.
        column: usize,
    },
    /// A scale or minimum that 16 bits do not hold.
    Scale {
        /// The row of weights.
        row: usize,
        /// The block of 32 in that row.
        block: usize,
    },
}

impl core::fmt::Display for Error {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match *self {
            Self::Size { name, want, got } => write!(f, "{name}: want {want}, got {got}"),
            Self::Index { name, count, got } => write!(f, "{name}: there are {count}, got {got}"),
            Self::NotFinite { row, column } => {
                write!(
                    f,
                    "row {row}, column {column}: infinite or not a number; only finite numbers can be quantized"
                )
            }
            Self::Scale { row, block } => {
                write!(f, "row {row}, block {block}: too large for a 16-bit scale; use int8 or f32 weights")
            }
        }
    }
}

impl core::error::Error for Error {}

/// Fails unless a length is the one that fits.
pub(crate) fn check(name: &'static str, want: usize, got: usize) -> Result<(), Error> {
    if want == got { Ok(()) } else { Err(Error::Size { name, want, got }) }
}
