use super::*;
use crate::oracle::{close, slope};
use proptest::prelude::*;
use std::vec;
use std::vec::Vec;

fn weights(feedback: &[f64], lambda: f64, delay: usize) -> Vec<f64> {
    let mut out = vec![f64::NAN; feedback.len()];
    traces(feedback, lambda, delay, &mut out).unwrap();
    out
}

proptest! {
    /// The paper's loop, forwards: a trace per action, fed `delay` steps late.
    #[test]
    fn equals_the_traces_of_the_algorithm(
        f in prop::collection::vec(-1.0..1.0, 1..20), lambda in 0.0..1.0, delay in 0usize..22,
    ) {
        let n = f.len();
        let (mut trace, mut want) = (vec![0.0; n], vec![0.0; n]);
        for t in delay..n {
            trace.iter_mut().for_each(|e| *e *= lambda);
            trace[t - delay] += 1.0;
            want.iter_mut().zip(&trace).for_each(|(w, e)| *w += f[t] * e);
        }
        weights(&f, lambda, delay).iter().zip(&want).for_each(|(&got, &want)| close(got, want, 1e-12));
    }

    #[test]
    fn equals_its_definition_its_slope_and_its_parts(
        rows in prop::collection::vec((-4.0..0.0, -1.0..1.0), 2..12), cut in 1usize..11,
    ) {
        let log_probs: Vec<f64> = rows.iter().map(|r| r.0).collect();
        let w: Vec<f64> = rows.iter().map(|r| r.1).collect();
        let (n, cut) = (w.len() as f64, cut.min(w.len() - 1));
        let loss = |l: &[f64], w: &[f64]| coach(l, w, n, &mut vec![0.0; l.len()]).unwrap();
        let mut grad = vec![f64::NAN; w.len()];
        let whole = coach(&log_probs, &w, n, &mut grad).unwrap();
        close(whole, -rows.iter().map(|(l, w)| l * w).sum::<f64>() / n, 1e-12);
        slope(&log_probs, &grad, |l| loss(l, &w));
        let parts = loss(&log_probs[..cut], &w[..cut]) + loss(&log_probs[cut..], &w[cut..]);
        close(parts, whole, 1e-12);
    }

    /// λ = 0 without delay is the policy gradient: each action has its own feedback as advantage.
    #[test]
    fn without_traces_feedback_is_the_advantage(f in prop::collection::vec(-1.0..1.0, 1..20)) {
        assert_eq!(weights(&f, 0.0, 0), f);
    }
}

#[test]
fn feedback_reaches_back_from_where_it_is_about() {
    assert_eq!(weights(&[0.0, 0.0, 0.0, 1.0], 0.5, 1), [0.25, 0.5, 1.0, 0.0]);
    assert_eq!(weights(&[1.0, 1.0], 1.0, 5), [0.0; 2], "nothing was judged in time");
}

#[test]
fn what_does_not_fit_is_named() {
    let (mut one, nan) = ([0.0], [f64::NAN]);
    assert!(matches!(traces(&[1.0], 1.5, 0, &mut one), Err(Error::Range { name: "lambda", .. })));
    assert_eq!(traces(&nan, 0.5, 0, &mut one), Err(Error::NotFinite { name: "feedback", index: 0 }));
    assert_eq!(coach(&nan, &[1.0], 1.0, &mut one), Err(Error::NotFinite { name: "log_probs", index: 0 }));
    assert!(coach(&[-1.0], &[1.0], -1.0, &mut one).is_err());
    let short = coach(&[-1.0], &[1.0; 2], 1.0, &mut one);
    assert_eq!(short, Err(Error::Shape { name: "weights", want: 1, got: 2 }));
}

#[test]
fn tiles_add_up_and_only_actions_are_read() {
    let weights = [f32::NAN, 1.0, f32::NAN, -0.5];
    let mut o = Coach::new(&weights, 2.0).unwrap();
    let mut g = [f32::NAN; 2];
    let loss = o.tokens(&[1, 3], &[-1.0, -2.0], &[], &mut g, &mut []).unwrap();
    assert_eq!((loss, g, o.actions), (0.0, [-0.5, 0.25], 2));
    let parts = [(1, -1.0), (3, -2.0)]
        .map(|(position, l)| o.tokens(&[position], &[l], &[], &mut [0.0], &mut []).unwrap());
    assert_eq!(parts[0] + parts[1], loss);
    let beyond = o.tokens(&[4], &[-1.0], &[], &mut [0.0], &mut []);
    assert_eq!(beyond, Err(Error::Shape { name: "weights", want: 5, got: 4 }));
    assert!(o.tokens(&[0], &[-1.0], &[], &mut [0.0], &mut []).is_err());
}
