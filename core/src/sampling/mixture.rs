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
mod tests;
