//! The geometric mixture of two policies.

use crate::error::check;
use crate::ranges::within;
use crate::{Error, Real};

/// `ln p[j] = (1 − c)·ln π[j] + c·ln μ[j] − ln Z`, in nats: what Nash-MD's opponent draws its next token
/// from (Munos et al., arXiv:2312.00886, §6), between policy π and reference μ.
///
/// `policy`, `reference`: `[V]`, logits; `out`: `[V]`, is overwritten. A token that either forbids (−∞)
/// is forbidden, unless the weight of that one is 0.
///
/// # Errors
/// [`Error::Shape`]; [`Error::Range`] for a c outside 0 ..= 1; [`Error::NotFinite`] for a NaN or +∞
/// logit, or where the two allow no token in common.
pub fn geometric_mixture<R: Real>(
    policy: &[R],
    reference: &[R],
    coefficient: f64,
    out: &mut [R],
) -> Result<(), Error> {
    check("reference", reference.len(), policy.len())?;
    check("out", out.len(), policy.len())?;
    within("coefficient", coefficient, 0.0, 1.0)?;
    allowed("policy", policy)?;
    allowed("reference", reference)?;
    let weigh = |weight: f64, z: R| if weight > 0.0 { weight * z.f64() } else { 0.0 };
    let mixed = |(&p, &r): (&R, &R)| weigh(1.0 - coefficient, p) + weigh(coefficient, r);
    let rows = || policy.iter().zip(reference).map(mixed);
    let best = rows().fold(f64::NEG_INFINITY, f64::max);
    if best == f64::NEG_INFINITY {
        return Err(Error::NotFinite { name: "mixture", index: 0 });
    }
    let log_sum = libm::log(rows().map(|z| libm::exp(z - best)).sum());
    out.iter_mut().zip(rows()).for_each(|(out, z)| *out = R::of(z - best - log_sum));
    Ok(())
}

fn allowed<R: Real>(name: &'static str, logits: &[R]) -> Result<(), Error> {
    match logits.iter().position(|z| !z.is_finite() && *z != R::NEG_INFINITY) {
        Some(index) => Err(Error::NotFinite { name, index }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::maths::oracle::close;
    use proptest::prelude::*;
    use std::vec;
    use std::vec::Vec;

    proptest! {
        #[test]
        fn a_mixture_is_the_normalized_product_of_powers(
            rows in prop::collection::vec((-4.0..4.0f64, -4.0..4.0f64), 2..9), c in 0.0..1.0,
        ) {
            let (policy, reference): (Vec<f64>, Vec<f64>) = rows.iter().copied().unzip();
            let product: Vec<f64> = rows.iter().map(|(p, r)| p.exp().powf(1.0 - c) * r.exp().powf(c)).collect();
            let z: f64 = product.iter().sum();
            let mut out = vec![f64::NAN; rows.len()];
            geometric_mixture(&policy, &reference, c, &mut out).unwrap();
            for (got, want) in out.iter().zip(&product) {
                close(got.exp(), want / z, 1e-13);
            }
        }
    }

    #[test]
    fn what_one_side_forbids_is_forbidden() {
        let never = f64::NEG_INFINITY;
        let mut out = [0.0; 2];
        assert!(geometric_mixture(&[0.0, never], &[never, 0.0], 0.5, &mut out).is_err());
        geometric_mixture(&[0.0, never], &[never, 0.0], 1.0, &mut out).unwrap();
        assert_eq!(out, [never, 0.0]);
        geometric_mixture(&[0.0, never], &[never, 0.0], 0.0, &mut out).unwrap();
        assert_eq!(out, [0.0, never]);
        assert!(geometric_mixture(&[0.0; 2], &[f64::NAN, 0.0], 0.5, &mut out).is_err());
        assert!(geometric_mixture(&[0.0; 2], &[never; 2], 0.5, &mut out).is_err());
    }
}
