//! Checks of settings: each names the setting and says what would fit.

use crate::Error;

/// Checks that `low <= value <= high`.
///
/// # Errors
/// [`Error::Range`] in the setting's name.
///
/// ```
/// use rlhf_core::ranges::within;
/// assert!(within("lambda", 0.95, 0.0, 1.0).is_ok());
/// assert_eq!(within("lambda", 1.5, 0.0, 1.0).unwrap_err().to_string(), "lambda: want 0 to 1, not 1.5");
/// ```
pub fn within(name: &'static str, value: f64, low: f64, high: f64) -> Result<(), Error> {
    if value >= low && value <= high { Ok(()) } else { Err(Error::Range { name, value, low, high }) }
}

/// Checks that `value` is finite and above 0.
///
/// # Errors
/// [`Error::Range`] in the setting's name.
pub fn positive(name: &'static str, value: f64) -> Result<(), Error> {
    within(name, value, f64::MIN_POSITIVE, f64::MAX)
}

/// The highest rate of dropout: a network refuses those that leave next to nothing.
pub const MAX_DROPOUT: f64 = 0.99;

/// Checks that `rate` is one that dropout can have: 0 to [`MAX_DROPOUT`].
///
/// # Errors
/// [`Error::Range`] where it is not.
pub fn dropout(rate: f64) -> Result<(), Error> {
    within("dropout", rate, 0.0, MAX_DROPOUT)
}

/// Checks that every element is finite.
///
/// # Errors
/// [`Error::NotFinite`] with the index of the first that is not.
pub fn finite<R: crate::Real>(name: &'static str, values: &[R]) -> Result<(), Error> {
    match values.iter().position(|v| !v.is_finite()) {
        Some(index) => Err(Error::NotFinite { name, index }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;

    #[test]
    fn messages_name_the_setting_and_what_would_fit() {
        assert!(within("lambda", f64::NAN, 0.0, 1.0).is_err());
        assert_eq!(positive("rate", -1e300).unwrap_err().to_string(), "rate: want above 0, not -1e300");
        assert_eq!(finite("v", &[1.0, f64::NAN]).unwrap_err().to_string(), "v[1] is not finite");
        assert_eq!(dropout(1.0).unwrap_err().to_string(), "dropout: want 0 to 0.99, not 1");
    }
}
