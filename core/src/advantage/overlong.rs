//! A punishment of overlong responses.

use crate::Error;
use crate::ranges::{positive, within};

/// DAPO's soft punishment of overlong responses (Yu et al., arXiv:2503.14476, eq. 13): nothing up to
/// `longest − buffer` tokens, then linearly down to `−penalty` at `longest`, and no further.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "alloc", derive(serde::Serialize, serde::Deserialize))]
pub struct Overlong {
    /// The longest response, in tokens.
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    pub longest: u32,
    /// Over how many tokens the punishment grows.
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    pub buffer: u32,
    /// The largest punishment, in units of reward (DAPO: 1).
    #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
    pub penalty: f64,
}

impl Overlong {
    /// Checks every range.
    ///
    /// # Errors
    /// [`Error::Range`] names the setting.
    pub fn validate(&self) -> Result<(), Error> {
        positive("overlong longest", f64::from(self.longest))?;
        within("overlong buffer", f64::from(self.buffer), 1.0, f64::from(self.longest))?;
        within("overlong penalty", self.penalty, 0.0, f64::MAX)
    }

    /// Returns what is added to the reward of a response of `tokens` tokens: `−penalty ..= 0`.
    ///
    /// # Errors
    /// Boxed form of [`Self::validate`].
    pub fn reward(&self, tokens: usize) -> Result<f64, Error> {
        self.validate()?;
        let over = tokens.saturating_sub((self.longest - self.buffer) as usize) as f64;
        Ok(-self.penalty * (over / f64::from(self.buffer)).min(1.0))
    }
}

#[cfg(test)]
mod tests;
