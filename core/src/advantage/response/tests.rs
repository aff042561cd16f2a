use super::*;
use crate::advantage::{Cutoff, MissingEnd, ScorePlacement};
use crate::oracle::close;
use proptest::prelude::*;
use std::vec;
use std::vec::Vec;

const fn shaping(placement: ScorePlacement) -> Shaping {
    Shaping { placement, missing_end: MissingEnd::Subtract(1.0), ..Shaping::PLAIN }
}

fn run(gae: Gae, placement: ScorePlacement, steps: usize, r: &Response<'_, f64>) -> [Vec<f64>; 3] {
    let mut out = [vec![f64::NAN; steps], vec![f64::NAN; steps], vec![f64::NAN; steps]];
    let [rewards, advantages, returns] = &mut out;
    estimate(&shaping(placement), &gae, 0.1, r, rewards, advantages, returns).unwrap();
    out
}

proptest! {
    /// At λ = γ = 1 the return of a step is what is still to be had, KL and score.
    #[test]
    fn returns_are_what_is_still_to_come(
        x in prop::collection::vec((-3.0..0.0, -3.0..0.0, -1.0..1.0), 1..12), score in -2.0..2.0,
    ) {
        let log_probs: Vec<f64> = x.iter().map(|p| p.0).collect();
        let reference: Vec<f64> = x.iter().map(|p| p.1).collect();
        let values: Vec<f64> = x.iter().map(|p| p.2).chain([0.3]).collect();
        let r = Response {
            log_probs: &log_probs, reference: &reference, values: &values, score, finish: FinishReason::Length,
        };
        let gae = Gae::new(1.0, 1.0);
        for (placement, steps) in
            [(ScorePlacement::LastToken, x.len()), (ScorePlacement::AfterLastToken, x.len() + 1)]
        {
            let [rewards, advantages, returns] = run(gae, placement, steps, &r);
            let mut rest = score - 1.0;
            for t in (0..x.len()).rev() {
                rest -= 0.1 * (log_probs[t] - reference[t]);
                close(returns[t], rest, 1e-12);
                close(advantages[t], rest - values[t], 1e-12);
            }
            close(rewards.iter().sum(), rest, 1e-12);
        }
    }
}

#[test]
fn truncation_is_not_termination_where_asked() {
    let mut r = Response {
        log_probs: &[-1.0, -1.0],
        reference: &[-1.0, -1.0],
        values: &[0.0, 0.0, 8.0],
        score: 1.0,
        finish: FinishReason::Length,
    };
    let gae = Gae { cutoff: Cutoff::Bootstraps, ..Gae::new(0.5, 1.0) };
    assert_eq!(run(gae, ScorePlacement::LastToken, 2, &r)[2], [2.0, 4.0]);
    r.finish = FinishReason::Eos;
    assert_eq!(run(gae, ScorePlacement::LastToken, 2, &r)[2], [0.5, 1.0]);
}

#[test]
fn the_extra_step_reaches_the_last_token_through_gamma_lambda() {
    let r = Response {
        log_probs: &[-1.0],
        reference: &[-1.0],
        values: &[0.25, 0.5],
        score: 2.0,
        finish: FinishReason::Eos,
    };
    let gae = Gae::new(1.0, 0.9);
    let [rewards, advantages, returns] = run(gae, ScorePlacement::AfterLastToken, 2, &r);
    assert_eq!(rewards, [0.0, 2.0]);
    assert_eq!(advantages, [0.5 - 0.25 + 0.9 * 1.5, 1.5]);
    assert_eq!(returns, [0.5 + 0.9 * 1.5, 2.0]);
}

#[test]
fn shapes_are_named() {
    let r = Response::<f32> {
        log_probs: &[-1.0; 2],
        reference: &[-1.0; 2],
        values: &[0.0; 2],
        score: 0.0,
        finish: FinishReason::Eos,
    };
    let gae = Gae::new(1.0, 0.9);
    let mut out = [[0.0; 2]; 3];
    let [a, b, c] = &mut out;
    let got = estimate(&shaping(ScorePlacement::LastToken), &gae, 0.1, &r, a, b, c);
    assert_eq!(got, Err(Error::Shape { name: "values", want: 3, got: 2 }));
    assert!(Gae { gamma: 1.1, ..gae }.validate().is_err());
}
