//! What a response pays for its length.

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

    /// What is added to the reward of a response of `tokens` tokens: `−penalty ..= 0`.
    ///
    /// # Errors
    /// As [`Self::validate`].
    pub fn reward(&self, tokens: usize) -> Result<f64, Error> {
        self.validate()?;
        let over = tokens.saturating_sub((self.longest - self.buffer) as usize) as f64;
        Ok(-self.penalty * (over / f64::from(self.buffer)).min(1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_punishment_grows_over_the_buffer() {
        let dapo = Overlong { longest: 20, buffer: 4, penalty: 1.0 };
        let paid = [0, 16, 17, 18, 20, 21, usize::MAX].map(|tokens| dapo.reward(tokens).unwrap());
        assert_eq!(paid, [0.0, 0.0, -0.25, -0.5, -1.0, -1.0, -1.0]);
        for wrong in [
            Overlong { buffer: 0, ..dapo },
            Overlong { buffer: 21, ..dapo },
            Overlong { penalty: -1.0, ..dapo },
            Overlong { penalty: f64::NAN, ..dapo },
        ] {
            assert!(matches!(wrong.reward(1), Err(Error::Range { .. })), "{wrong:?}");
        }
    }
}
