//! Rows of logits that other networks have a say in.

use super::filters::{temperature, top_k, top_p};
use crate::error::check;
use crate::{Error, Real};

/// Sets the logits to −∞ of what top-p would remove from `other`, another policy's row for the same text:
/// NLPO's action mask (Ramamurthy et al., arXiv:2210.01241, §4). `other` is left divided by the
/// temperature and filtered; `scratch` is overwritten. All `[V]`.
///
/// # Errors
/// [`Error::Shape`]; [`Error::Range`] for the temperature, or unless 0 ≤ p ≤ 1; [`Error::NotFinite`] for
/// the other's logits.
pub fn within_support<R: Real>(
    logits: &mut [R],
    other: &mut [R],
    other_temperature: f64,
    p: f64,
    scratch: &mut [u32],
) -> Result<(), Error> {
    check("other", other.len(), logits.len())?;
    temperature(other, other_temperature)?;
    if p < 1.0 {
        top_p(other, p, scratch)?;
    }
    for (z, _) in logits.iter_mut().zip(other).filter(|(_, other)| **other == R::NEG_INFINITY) {
        *z = R::NEG_INFINITY;
    }
    Ok(())
}

/// Adds `β·Q` to the `k` highest logits, and sets the others to −∞: ILQL's policy (Snell et al.,
/// arXiv:2206.11871, §4), whose V is the same for every token and so drops out. `values` (Q): what each next
/// token is worth; `beta` is in nats per unit of that; a `k` of 0 keeps all; `scratch` is overwritten. All
/// `[V]`.
///
/// # Errors
/// [`Error::Shape`]; [`Error::NotFinite`] for the logits.
pub fn value_guided<R: Real>(
    logits: &mut [R],
    values: &[R],
    beta: f64,
    k: usize,
    scratch: &mut [u32],
) -> Result<(), Error> {
    check("values", values.len(), logits.len())?;
    top_k(logits, k, scratch)?;
    logits.iter_mut().zip(values).for_each(|(z, &q)| *z += R::of(beta) * q);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_other_would_not_say_is_removed() {
        let out = f64::NEG_INFINITY;
        let run = |p, temperature| {
            let mut logits = [5.0, 1.0, 2.0];
            within_support(&mut logits, &mut [-3.0, 1.0, 0.0], temperature, p, &mut [0; 3]).unwrap();
            logits
        };
        assert_eq!(run(1.0, 1.0), [5.0, 1.0, 2.0]);
        assert_eq!(run(0.9, 1.0), [out, 1.0, 2.0]);
        assert_eq!(run(0.9, 0.1), [out, 1.0, out]);
        assert_eq!(run(0.9, 100.0), [5.0, 1.0, 2.0]);
        let mut two = [0.0; 2];
        let short = within_support(&mut two, &mut [0.0; 3], 1.0, 0.5, &mut [0; 3]);
        assert!(matches!(short, Err(Error::Shape { name: "other", .. })));
        assert!(within_support(&mut two, &mut [0.0; 2], 1.0, -0.5, &mut [0; 2]).is_err());
        assert!(within_support(&mut two, &mut [f64::NAN; 2], 1.0, 0.5, &mut [0; 2]).is_err());
    }

    #[test]
    fn what_is_worth_more_gets_likelier_among_the_likeliest() {
        let run = |beta, k| {
            let mut logits = [5.0, 1.0, 2.0];
            value_guided(&mut logits, &[-1.0, 9.0, 0.5], beta, k, &mut [0; 3]).unwrap();
            logits
        };
        assert_eq!(run(0.0, 0), [5.0, 1.0, 2.0]);
        assert_eq!(run(2.0, 0), [3.0, 19.0, 3.0]);
        assert_eq!(run(2.0, 2), [3.0, f64::NEG_INFINITY, 3.0]);
        let short = value_guided(&mut [0.0; 3], &[0.0; 2], 1.0, 0, &mut [0; 3]);
        assert!(matches!(short, Err(Error::Shape { name: "values", .. })));
    }
}
