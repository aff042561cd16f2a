//! Weights that a network begins with, the same on every backend.

use super::Architecture;
use crate::Error;
use crate::error::check;
use crate::random::{Key, Stream};
use crate::rewards::RewardScale;
use alloc::vec;
use alloc::vec::Vec;

/// Random weights in the order of [`Architecture::tensors`]: gains 1, biases 0, matrices normal with
/// standard deviation 1/√(3·width) (0.02 at GPT-2's 768), those that write to the residual stream divided
/// by √(2·layers) as GPT-2's; the scalar head 0.
///
/// # Errors
/// The architecture's own.
pub fn random(architecture: &Architecture, seed: u64) -> Result<Vec<f32>, Error> {
    architecture.validate()?;
    let mut weights = Vec::with_capacity(architecture.parameters());
    let key = Key::new(seed, Stream::Init, 0);
    let deviation = 1.0 / libm::sqrt(3.0 * architecture.width as f64);
    let residual = deviation / libm::sqrt(2.0 * architecture.layers as f64);
    for (index, tensor) in architecture.tensors().iter().enumerate() {
        let mut fill =
            |value: &dyn Fn(usize) -> f64| weights.extend((0..tensor.len()).map(|i| value(i) as f32));
        match tensor.name.as_str() {
            name if name.ends_with(".gain") => fill(&|_| 1.0),
            name if name.ends_with(".bias") || name.starts_with("scalar") => fill(&|_| 0.0),
            name => {
                let deviation = if name.ends_with("_out.weight") { residual } else { deviation };
                fill(&|i| key.normal(index as u32, i as u32) * deviation);
            }
        }
    }
    Ok(weights)
}

/// The weights of `architecture.with_scalar()`: those of `architecture`, and a scalar head that is normal
/// with standard deviation `deviation` (0 makes it say 0). One that there is already is replaced.
///
/// # Errors
/// [`Error::Range`] when `deviation` is negative or not finite; [`Error::Shape`] where `weights` are of
/// another network.
pub fn with_scalar_head(
    architecture: &Architecture,
    weights: &[f32],
    deviation: f32,
    seed: u64,
) -> Result<Vec<f32>, Error> {
    if !(deviation.is_finite() && deviation >= 0.0) {
        let (low, high) = (0.0, f64::from(f32::MAX));
        return Err(Error::Range { name: "deviation", value: f64::from(deviation), low, high });
    }
    architecture.validate()?;
    check("weights", weights.len(), architecture.parameters())?;
    let body = Architecture { scalar: false, ..architecture.clone() }.parameters();
    let key = Key::new(seed, Stream::Init, 1);
    let mut out = vec![0.0; architecture.with_scalar().parameters()];
    out[..body].copy_from_slice(&weights[..body]);
    for (i, weight) in out[body..body + architecture.width].iter_mut().enumerate() {
        *weight = key.normal(0, i as u32) as f32 * deviation;
    }
    Ok(out)
}

/// Changes the scalar head so that it says `scale.apply(x)` where it said `x`: a reward model whose scores are
/// rewards, or a critic that begins with the rewards of a reward model.
///
/// # Errors
/// [`Error::Shape`] for weights of another architecture, or of one without a scalar head.
pub fn scale_scalar_head(
    architecture: &Architecture,
    weights: &mut [f32],
    scale: &RewardScale,
) -> Result<(), Error> {
    architecture.validate()?;
    check("weights", weights.len(), architecture.with_scalar().parameters())?;
    // The head comes last: a row of weights and a bias.
    let head = weights.len() - architecture.width - 1;
    for weight in &mut weights[head..] {
        *weight = (f64::from(*weight) * scale.gain) as f32;
    }
    if let Some(bias) = weights.last_mut() {
        *bias = (f64::from(*bias) + scale.bias) as f32;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gains_are_one_biases_zero_and_matrices_as_wide_as_they_should_be() {
        let a = Architecture::gpt2(50, 8, 48, 8, 3).with_scalar();
        let weights = random(&a, 1).unwrap();
        assert_eq!(weights, random(&a, 1).unwrap());
        assert_ne!(weights, random(&a, 2).unwrap());
        let mut rest = weights.as_slice();
        for tensor in a.tensors() {
            let (these, others) = rest.split_at(tensor.len());
            rest = others;
            let name = tensor.name.as_str();
            if name.ends_with(".gain") {
                assert!(these.iter().all(|w| *w == 1.0), "{name}");
            } else if name.ends_with(".bias") || name == "scalar.weight" {
                assert!(these.iter().all(|w| *w == 0.0), "{name}");
            } else {
                let square = these.iter().map(|w| f64::from(*w).powi(2)).sum::<f64>() / these.len() as f64;
                // 1/√(3·48) is 1/12, and a quarter of it where it is divided by √(2·8).
                let want = if name.ends_with("_out.weight") { 1.0 / 48.0 } else { 1.0 / 12.0 };
                assert!((square.sqrt() / want - 1.0).abs() < 0.15, "{name}: {}", square.sqrt());
            }
        }
        assert!(rest.is_empty());
    }

    #[test]
    fn a_scalar_head_is_put_behind_the_body_or_replaced() {
        let a = Architecture::gpt2(5, 4, 6, 1, 2);
        let body = random(&a, 1).unwrap();
        let first = with_scalar_head(&a, &body, 0.5, 1).unwrap();
        assert_eq!(first.len(), body.len() + 7);
        assert_eq!((&first[..body.len()], first.last()), (body.as_slice(), Some(&0.0)));
        assert!(first[body.len()..body.len() + 6].iter().all(|w| *w != 0.0));
        let again = with_scalar_head(&a.with_scalar(), &first, 0.0, 1).unwrap();
        assert_eq!(&again[..body.len()], body.as_slice());
        assert!(again[body.len()..].iter().all(|w| *w == 0.0));
    }

    #[test]
    fn a_scaled_head_says_the_scale_of_what_it_said() {
        let a = Architecture::gpt2(5, 4, 6, 1, 2).with_scalar();
        let mut before = with_scalar_head(&a, &random(&a, 1).unwrap(), 0.5, 1).unwrap();
        *before.last_mut().unwrap() = 0.25;
        let scale = RewardScale { gain: -1.5, bias: 2.3 };
        let mut after = before.clone();
        scale_scalar_head(&a, &mut after, &scale).unwrap();
        let head = before.len() - 7;
        assert_eq!(after[..head], before[..head]);
        let score = |weights: &[f32]| -> f64 {
            let terms = weights[head..].iter().zip([0.3, -1.0, 2.0, 0.7, -0.1, 1.0, 1.0]);
            terms.map(|(weight, x)| f64::from(*weight) * x).sum()
        };
        assert!((score(&after) - scale.apply(score(&before))).abs() < 1e-6);
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let a = Architecture::gpt2(5, 4, 6, 1, 2);
        let body = random(&a, 1).unwrap();
        for deviation in [-1.0, f32::NAN, f32::INFINITY] {
            let refused = with_scalar_head(&a, &body, deviation, 1);
            assert!(matches!(refused, Err(Error::Range { name: "deviation", .. })));
        }
        assert!(matches!(with_scalar_head(&a, &body[1..], 0.0, 1), Err(Error::Shape { .. })));
        let scale = RewardScale::default();
        assert!(matches!(scale_scalar_head(&a, &mut body.clone(), &scale), Err(Error::Shape { .. })));
        assert!(random(&Architecture { heads: 4, ..a }, 1).is_err());
    }
}
