//! The weight of each token of a batch.

use crate::batch::spans;
use crate::error::{check, rising};
use crate::ranges::positive;
use crate::{Error, Real};

/// The mean that is taken over the tokens of a batch of responses.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "alloc", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Normalization {
    /// Every token counts the same, so that long responses count more: 1/N for N tokens (PPO, DAPO:
    /// Yu et al., arXiv:2503.14476, eq. 8; TRL's `dapo` and `bnpo`).
    #[default]
    Token,
    /// Every response counts the same, and its tokens share that: 1/(B·|o|) for B responses (GRPO,
    /// Shao et al., arXiv:2402.03300, eq. 3).
    Response,
    /// Every token counts the same, whatever the batch's lengths: 1/(B·L) (Dr. GRPO, Liu et al.,
    /// arXiv:2503.20783). With L = 1, the sum over a response's tokens.
    Constant {
        /// L, in tokens: the longest response allowed.
        #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
        length: u32,
    },
}

impl Normalization {
    /// Returns the divisor of [`Self::weights`], given what the whole optimizer batch holds: N, or B.
    pub fn denominator(self, responses: usize, tokens: usize) -> f64 {
        match self {
            Self::Token => tokens as f64,
            Self::Response | Self::Constant { .. } => responses as f64,
        }
    }

    /// Computes each loss token's weight; other tokens get 0. `ends`: `[sequences]`; `loss_mask`, `out`:
    /// `[tokens]`; `denominator` is [`Self::denominator`] of the whole optimizer batch, of which this
    /// may be any part that splits no sequence.
    ///
    /// # Errors
    /// [`Error::Shape`], [`Error::Ends`]; [`Error::Range`] for a denominator or a length that is not
    /// positive.
    pub fn weights<R: Real>(
        self,
        ends: &[usize],
        loss_mask: &[bool],
        denominator: f64,
        out: &mut [R],
    ) -> Result<(), Error> {
        rising(ends, loss_mask.len())?;
        check("out", out.len(), loss_mask.len())?;
        positive("denominator", denominator)?;
        if let Self::Constant { length } = self {
            positive("length", f64::from(length))?;
        }
        for span in spans(ends) {
            let count = loss_mask[span.clone()].iter().filter(|o| **o).count();
            let share = match self {
                Self::Token => 1.0,
                Self::Response => count.max(1) as f64,
                Self::Constant { length } => f64::from(length),
            };
            let weight = R::of(1.0 / (share * denominator));
            for (out, &loss_mask) in out[span.clone()].iter_mut().zip(&loss_mask[span]) {
                *out = if loss_mask { weight } else { R::ZERO };
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
