//! The one error type of this crate: what did not fit, and what would.

use core::fmt;

/// An error of a refused call. Nothing has been written to the outputs, unless the call says otherwise.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An argument's length does not fit the others.
    #[error("{name}: want length {want}, got {got}")]
    Shape {
        /// The argument.
        name: &'static str,
        /// The length that would fit.
        want: usize,
        /// The length it has.
        got: usize,
    },
    /// Too few elements for the result to exist (the variance of one number, a ranking of one answer).
    #[error("{name}: need at least {need} elements, got {got}")]
    TooFew {
        /// The argument.
        name: &'static str,
        /// The fewest that would do.
        need: usize,
        /// The number that there are.
        got: usize,
    },
    /// A setting or an index is outside its range.
    #[error("{name}: want {}, not {}", Wanted(*low, *high), Number(*value))]
    Range {
        /// The argument.
        name: &'static str,
        /// The value.
        value: f64,
        /// The smallest allowed value.
        low: f64,
        /// The largest allowed value.
        high: f64,
    },
    /// A number is infinite or not a number.
    #[error("{name}[{index}] is not finite")]
    NotFinite {
        /// The argument.
        name: &'static str,
        /// The index of the element.
        index: usize,
    },
    /// Two answers tie where only an order will do.
    #[error("{name}[{index}] ties with an earlier one")]
    Tied {
        /// The argument.
        name: &'static str,
        /// The element that ties with an earlier one.
        index: usize,
    },
    /// The ends of a ragged batch do not rise to its number of tokens.
    #[error("the end of sequence {sequence} does not rise, or the last end is not the number of tokens")]
    Ends {
        /// The first sequence whose end is wrong.
        sequence: usize,
    },
    /// A buffer of fixed capacity has no room left.
    #[error("the buffer is full at {capacity} tokens")]
    Full {
        /// The number that it holds.
        capacity: usize,
    },
    /// A name that is not one of the known ones.
    #[error("{name}: want one of {known}")]
    Unknown {
        /// The name that was given.
        name: &'static str,
        /// The known names.
        known: &'static str,
    },
    /// Stored bytes do not decode.
    #[error("{name}: the stored bytes do not decode")]
    Decode {
        /// The kind of thing that was being read.
        name: &'static str,
    },
}

/// A range in words. One that is open to a side has the greatest or the least number there is as its bound,
/// which nobody wants to read: 309 digits.
struct Wanted(f64, f64);

/// So near to 0 or to 1 is nobody's bound but that of "above" and "below".
const NEAR: f64 = 1e-12;
/// The greatest number of the smaller type; beyond is no bound.
const OPEN: f64 = f32::MAX as f64;

impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(low, high) = *self;
        let ends = [0.0, 1.0].into_iter();
        let above = ends.clone().find(|end| low > *end && low - end < NEAR);
        let mut ends = ends;
        let below = ends.find(|end| high < *end && end - high < NEAR);
        match (low <= -OPEN, high >= OPEN) {
            (true, true) => return f.write_str("a finite number"),
            (_, true) => {
                return match above {
                    Some(above) => write!(f, "above {above}"),
                    None => write!(f, "{} or more", Number(low)),
                };
            }
            (true, false) => {}
            (false, false) => match (above, below) {
                (None, None) if low == high => return write!(f, "{}", Number(low)),
                (None, None) => return write!(f, "{} to {}", Number(low), Number(high)),
                (Some(above), _) => write!(f, "above {above} and ")?,
                (None, Some(_)) => write!(f, "{} or more and ", Number(low))?,
            },
        }
        match below {
            Some(below) => write!(f, "below {below}"),
            None => write!(f, "at most {}", Number(high)),
        }
    }
}

/// A number in as few digits as tell it.
struct Number(f64);

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let size = self.0.abs();
        if size != 0.0 && size.is_finite() && !(1e-6..1e16).contains(&size) {
            write!(f, "{:e}", self.0)
        } else {
            write!(f, "{}", self.0)
        }
    }
}

/// `Ok` when `got == want`, else [`Error::Shape`] in the argument's name.
pub(crate) fn check(name: &'static str, got: usize, want: usize) -> Result<(), Error> {
    if got == want { Ok(()) } else { Err(Error::Shape { name, want, got }) }
}

/// The element at `index` of a slice, else [`Error::Shape`] in the argument's name.
pub(crate) fn at<T: Copy>(name: &'static str, slice: &[T], index: usize) -> Result<T, Error> {
    slice.get(index).copied().ok_or(Error::Shape { name, want: index + 1, got: slice.len() })
}

/// `Ok` when `ends` rise strictly from above 0 to `len`, else [`Error::Ends`].
pub(crate) fn rising(ends: &[usize], len: usize) -> Result<(), Error> {
    let mut start = 0;
    for (sequence, &end) in ends.iter().enumerate() {
        if end <= start || end > len {
            return Err(Error::Ends { sequence });
        }
        start = end;
    }
    if start == len { Ok(()) } else { Err(Error::Ends { sequence: ends.len().saturating_sub(1) }) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;

    #[test]
    fn ranges_are_told_in_few_digits() {
        let message = |low, high| Wanted(low, high).to_string();
        let (tiny, huge) = (f64::MIN_POSITIVE, f64::MAX);
        assert_eq!(message(1.0, huge), "1 or more");
        assert_eq!(message(tiny, huge), "above 0");
        assert_eq!(message(f32::MIN_POSITIVE.into(), f32::MAX.into()), "above 0");
        assert_eq!(message(tiny, 1.0), "above 0 and at most 1");
        assert_eq!(message(tiny, 1.0 - f64::EPSILON), "above 0 and below 1");
        assert_eq!(message(0.0, 1.0 - f64::EPSILON / 2.0), "0 or more and below 1");
        assert_eq!(message(1.0 + f64::EPSILON, huge), "above 1");
        assert_eq!(message(-huge, huge), "a finite number");
        assert_eq!(message(-huge, 2.0), "at most 2");
        assert_eq!(message(0.0, 0.0), "0");
        assert_eq!(message(1e-9, 0.5), "1e-9 to 0.5");
        assert_eq!(message(1.0, 4294967295.0), "1 to 4294967295");
    }

    #[test]
    fn messages_name_the_argument_and_what_would_fit() {
        assert_eq!(check("v", 4, 5).unwrap_err().to_string(), "v: want length 5, got 4");
        assert_eq!(
            Error::Unknown { name: "profile", known: "a, b" }.to_string(),
            "profile: want one of a, b"
        );
    }
}
