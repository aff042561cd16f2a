use super::*;
use crate::oracle::close;
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

proptest! {
    /// With a λ of their own, returns are those of [`gae`] under that λ, and advantages those under the other.
    #[test]
    fn settings_run_the_recursion_for_advantages_and_returns(
        x in prop::collection::vec((-2.0..2.0, -2.0..2.0), 1..24), critic in 0.5..1.0,
    ) {
        let rewards: Vec<f64> = x.iter().map(|p| p.0).collect();
        let values: Vec<f64> = x.iter().map(|p| p.1).chain([0.7]).collect();
        let gae = Gae { cutoff: Cutoff::Bootstraps, value_lambda: Some(critic), ..Gae::new(0.97, 0.9) };
        let (mut advantages, mut returns) = (vec![f64::NAN; x.len()], vec![f64::NAN; x.len()]);
        gae.advantages(&rewards, &values, FinishReason::Length, &mut advantages, &mut returns).unwrap();
        let (gamma, mut want) = (vec![0.97; x.len()], vec![f64::NAN; x.len()]);
        super::gae(&rewards, &gamma, &values, 0.9, &mut want).unwrap();
        advantages.iter().zip(&want).for_each(|(got, want)| close(*got, *want, 1e-12));
        super::gae(&rewards, &gamma, &values, critic, &mut want).unwrap();
        (0..x.len()).for_each(|t| close(returns[t], want[t] + values[t], 1e-12));
    }
}

#[test]
fn returns_and_advantages_may_have_their_own_lambda() {
    let (rewards, values) = ([0.0, 0.5, 1.0], [0.5, -0.25, 0.75, 0.3]);
    let both = |gae: Gae| {
        let (mut advantages, mut returns) = ([f64::NAN; 3], [f64::NAN; 3]);
        gae.advantages(&rewards, &values, FinishReason::Eos, &mut advantages, &mut returns).unwrap();
        (advantages, returns)
    };
    let plain = Gae::new(0.9, 0.5);
    let decoupled = both(Gae { value_lambda: Some(1.0), ..plain });
    assert_eq!(decoupled, (both(plain).0, both(Gae::new(0.9, 1.0)).1));
    assert_eq!(both(Gae { value_lambda: Some(0.5), ..plain }), both(plain));
    // 1 − 1/(0.5·3) = 1/3 for the advantages; the returns keep λ.
    let adaptive = both(Gae { length_alpha: Some(0.5), ..plain });
    let third = both(Gae::new(0.9, 1.0 - 1.0 / 1.5));
    assert_eq!(adaptive, (third.0, both(plain).1));
    assert_eq!(Gae { length_alpha: Some(0.05), ..plain }.policy_lambda(20), 0.0);
    assert_eq!(Gae { length_alpha: Some(0.05), ..plain }.policy_lambda(10), 0.0);
    close(Gae { length_alpha: Some(0.05), ..plain }.policy_lambda(1000), 0.98, 1e-15);
    // The weights λᵗ sum to α·T.
    let lambda = Gae { length_alpha: Some(0.05), ..plain }.policy_lambda(400);
    close((0..4000).map(|t| lambda.powi(t)).sum(), 0.05 * 400.0, 1e-12);
    assert!(Gae { length_alpha: Some(0.0), ..plain }.validate().is_err());
    assert!(Gae { value_lambda: Some(1.1), ..plain }.validate().is_err());
}
