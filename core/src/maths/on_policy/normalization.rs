//! How much each token of a batch counts.

use super::spans;
use crate::error::{check, rising};
use crate::ranges::positive;
use crate::{Error, Real};

/// What the tokens of a batch of responses are averaged over.
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

    /// Each loss token's weight; 0 where nothing is in the loss mask. `ends`: `[sequences]`; `loss_mask`, `out`:
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

/// Gives each loss token its sequence's number; 0 where nothing is in the loss mask. `values`, `ends`:
/// `[sequences]`; `loss_mask`, `out`: `[tokens]`.
///
/// # Errors
/// [`Error::Shape`], [`Error::Ends`].
pub fn broadcast<R: Real>(
    values: &[R],
    ends: &[usize],
    loss_mask: &[bool],
    out: &mut [R],
) -> Result<(), Error> {
    rising(ends, loss_mask.len())?;
    check("values", values.len(), ends.len())?;
    check("out", out.len(), loss_mask.len())?;
    for (&value, span) in values.iter().zip(spans(ends)) {
        for (out, &loss_mask) in out[span.clone()].iter_mut().zip(&loss_mask[span]) {
            *out = if loss_mask { value } else { R::ZERO };
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::maths::oracle::close;
    use proptest::prelude::*;
    use std::vec;
    use std::vec::Vec;

    const ENDS: [usize; 2] = [3, 8];
    const OWED: [bool; 8] = [false, true, true, false, true, true, true, true];

    fn weights(n: Normalization) -> [f64; 8] {
        let mut out = [f64::NAN; 8];
        n.weights(&ENDS, &OWED, n.denominator(2, 6), &mut out).unwrap();
        out
    }

    #[test]
    fn each_counts_what_it_says() {
        let (t, a, b, c) = (1.0 / 6.0, 0.25, 0.125, 0.1);
        assert_eq!(weights(Normalization::Token), [0.0, t, t, 0.0, t, t, t, t]);
        assert_eq!(weights(Normalization::Response), [0.0, a, a, 0.0, b, b, b, b]);
        assert_eq!(weights(Normalization::Constant { length: 5 }), [0.0, c, c, 0.0, c, c, c, c]);
        let mut out = [f64::NAN; 8];
        broadcast(&[2.0, -1.0], &ENDS, &OWED, &mut out).unwrap();
        assert_eq!(out, [0.0, 2.0, 2.0, 0.0, -1.0, -1.0, -1.0, -1.0]);
    }

    proptest! {
        /// Responses of one length, and the constant length of that: all three agree.
        #[test]
        fn equal_lengths_make_them_equal(length in 1usize..9, count in 1usize..6) {
            let ends: Vec<usize> = (1..=count).map(|i| i * length).collect();
            let loss_mask = vec![true; length * count];
            let run = |n: Normalization| {
                let mut out = vec![f64::NAN; loss_mask.len()];
                n.weights(&ends, &loss_mask, n.denominator(count, loss_mask.len()), &mut out).unwrap();
                close(out.iter().sum(), 1.0, 1e-12);
                out[0]
            };
            close(run(Normalization::Response), run(Normalization::Token), 1e-12);
            close(run(Normalization::Constant { length: length as u32 }), run(Normalization::Token), 1e-12);
        }
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let bad = |n: Normalization, denominator| n.weights(&ENDS, &OWED, denominator, &mut [0.0f32; 8]);
        assert!(matches!(bad(Normalization::Token, 0.0), Err(Error::Range { name: "denominator", .. })));
        let none = bad(Normalization::Constant { length: 0 }, 1.0);
        assert!(matches!(none, Err(Error::Range { name: "length", .. })));
        let short = Normalization::Token.weights(&ENDS, &OWED, 1.0, &mut [0.0f32; 7]);
        assert_eq!(short, Err(Error::Shape { name: "out", want: 8, got: 7 }));
        assert!(broadcast(&[1.0], &ENDS, &OWED, &mut [0.0; 8]).is_err());
        assert_eq!(broadcast(&[1.0], &[3], &OWED, &mut [0.0; 8]), Err(Error::Ends { sequence: 0 }));
    }
}
