//! Generalized advantage estimation.

use crate::error::check;
use crate::{Error, Real};

/// Truncated GAE over one stream (Schulman et al., arXiv:1506.02438, §3).
///
/// `δ[t] = r[t] + γ[t]·v[t+1] − v[t]`, `A[t] = δ[t] + γ[t]·λ·A[t+1]`, `A[T] = 0`.
///
/// `rewards`, `gamma`, `advantages`: `[T]`; `values`: `[T+1]`, where `values[T]` bootstraps. A
/// *terminated* step has `gamma[t] = 0`: nothing follows it. A *truncated* stream ends there and
/// bootstraps. Units: reward. The return of a step is [`returns`].
///
/// # Errors
/// [`Error::Shape`] names the argument that does not fit.
pub fn gae<R: Real>(
    rewards: &[R],
    gamma: &[R],
    values: &[R],
    lambda: R,
    advantages: &mut [R],
) -> Result<(), Error> {
    check("gamma", gamma.len(), rewards.len())?;
    check("values", values.len(), rewards.len() + 1)?;
    check("advantages", advantages.len(), rewards.len())?;
    let mut next = R::ZERO;
    for t in (0..rewards.len()).rev() {
        next = rewards[t] + gamma[t] * values[t + 1] - values[t] + gamma[t] * lambda * next;
        advantages[t] = next;
    }
    Ok(())
}

/// `out[t] = A[t] + v[t]`: what the value network is to predict. `values` may be longer than
/// `advantages` and `out`, `[T]`.
///
/// # Errors
/// [`Error::Shape`].
pub fn returns<R: Real>(advantages: &[R], values: &[R], out: &mut [R]) -> Result<(), Error> {
    check("out", out.len(), advantages.len())?;
    if values.len() < advantages.len() {
        return Err(Error::Shape { name: "values", want: advantages.len(), got: values.len() });
    }
    for (out, (a, v)) in out.iter_mut().zip(advantages.iter().zip(values)) {
        *out = *a + *v;
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

    type Step = (f64, f64, bool);

    fn stream() -> impl Strategy<Value = Vec<Step>> {
        prop::collection::vec((-2.0..2.0, -2.0..2.0, prop::bool::weighted(0.2)), 1..20)
    }

    fn parts(steps: &[Step], gamma: f64) -> (Vec<f64>, Vec<f64>, Vec<f64>) {
        let values = steps.iter().map(|s| s.1).chain([0.7]).collect();
        let gammas = steps.iter().map(|s| if s.2 { 0.0 } else { gamma }).collect();
        (steps.iter().map(|s| s.0).collect(), gammas, values)
    }

    fn run(rewards: &[f64], gamma: &[f64], values: &[f64], lambda: f64) -> Vec<f64> {
        let mut advantages = vec![f64::NAN; rewards.len()];
        gae(rewards, gamma, values, lambda, &mut advantages).unwrap();
        advantages
    }

    proptest! {
        /// `A[t] = Σ_k (Π γλ)·δ[t+k]`, summed forwards.
        #[test]
        fn equals_the_sum_of_discounted_errors(steps in stream(), g in 0.5..1.0, lambda in 0.0..1.0) {
            let (r, gamma, v) = parts(&steps, g);
            let got = run(&r, &gamma, &v, lambda);
            for (t, got) in got.into_iter().enumerate() {
                let (mut want, mut weight) = (0.0, 1.0);
                for k in t..r.len() {
                    want += weight * (r[k] + gamma[k] * v[k + 1] - v[k]);
                    weight *= gamma[k] * lambda;
                }
                close(got, want, 1e-12);
            }
        }

        #[test]
        fn at_lambda_1_it_is_return_minus_value(steps in stream(), g in 0.5..1.0) {
            let (r, gamma, v) = parts(&steps, g);
            let got = run(&r, &gamma, &v, 1.0);
            let mut back = vec![f64::NAN; r.len()];
            returns(&got, &v, &mut back).unwrap();
            let mut next = v[r.len()];
            for t in (0..r.len()).rev() {
                next = r[t] + gamma[t] * next;
                close(back[t], next, 1e-12);
            }
        }

        /// Termination is data: what follows a terminated step cannot reach back over it.
        #[test]
        fn nothing_crosses_a_terminated_step(a in stream(), b in stream()) {
            let mut joined = a.clone();
            joined.last_mut().unwrap().2 = true;
            let (r, gamma, v) = parts(&joined, 0.9);
            let alone = run(&r, &gamma, &v, 0.8);
            joined.extend(b);
            let (r, gamma, v) = parts(&joined, 0.9);
            prop_assert_eq!(&run(&r, &gamma, &v, 0.8)[..a.len()], &alone[..]);
        }
    }

    #[test]
    fn shapes_are_named() {
        let got = gae(&[0.0f32; 2], &[1.0; 2], &[0.0; 2], 0.9, &mut [0.0; 2]);
        assert_eq!(got, Err(Error::Shape { name: "values", want: 3, got: 2 }));
        assert!(returns(&[0.0f32; 2], &[0.0], &mut [0.0; 2]).is_err());
    }
}
