use super::*;
use crate::loss::value_loss;
use crate::oracle::{close, slope};
use proptest::prelude::*;
use std::vec;
use std::vec::Vec;

type Row = (f64, f64, f64);

fn columns(rows: &[Row]) -> (Vec<f64>, Vec<f64>, Vec<f64>) {
    (
        rows.iter().map(|r| r.0).collect(),
        rows.iter().map(|r| r.1).collect(),
        rows.iter().map(|r| r.2).collect(),
    )
}

fn tamer(values: &[f64], credits: &[f64], ends: &[usize], h: &[f64], n: f64) -> (f64, Vec<f64>) {
    let mut grad = vec![f64::NAN; values.len()];
    let (loss, _) = credited_reward(values, credits, ends, h, n, &mut grad).unwrap();
    (loss, grad)
}

fn deep(values: &[f64], weights: &[f64], h: &[f64], n: f64) -> (f64, Vec<f64>) {
    let mut grad = vec![f64::NAN; values.len()];
    let (loss, _) = weighted_reward(values, weights, h, n, &mut grad).unwrap();
    (loss, grad)
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    prop::collection::vec((-3.0..3.0, 0.0..1.0, -1.0..1.0), 2..12)
}

proptest! {
    #[test]
    fn tamer_equals_its_definition_its_slope_and_its_parts(rows in rows(), cut in 1usize..11) {
        let (values, credits, h) = columns(&rows);
        let (len, cut) = (values.len(), cut.min(values.len() - 1));
        let (ends, h) = ([cut, len], &h[..2]);
        let (loss, grad) = tamer(&values, &credits, &ends, h, 2.0);
        let explained = |a: usize, b: usize| -> f64 { (a..b).map(|t| credits[t] * values[t]).sum() };
        let errors = [explained(0, cut) - h[0], explained(cut, len) - h[1]];
        close(loss, (errors[0] * errors[0] + errors[1] * errors[1]) / 4.0, 1e-12);
        slope(&values, &grad, |v| tamer(v, &credits, &ends, h, 2.0).0);
        // Two parts of the batch are the batch, and so are they the other way round.
        let (a, ga) = tamer(&values[..cut], &credits[..cut], &[cut], &h[..1], 2.0);
        let (b, gb) = tamer(&values[cut..], &credits[cut..], &[len - cut], &h[1..], 2.0);
        close(a + b, loss, 1e-12);
        assert_eq!([ga, gb].concat(), grad);
    }

    #[test]
    fn deep_tamer_equals_its_definition_its_slope_and_its_parts(rows in rows(), cut in 1usize..11) {
        let (values, weights, h) = columns(&rows);
        let (n, cut) = (values.len() as f64, cut.min(values.len() - 1));
        let (loss, grad) = deep(&values, &weights, &h, n);
        let naive: f64 = rows.iter().map(|(v, w, h)| w * (v - h).powi(2) / 2.0).sum();
        close(loss, naive / n, 1e-12);
        slope(&values, &grad, |v| deep(v, &weights, &h, n).0);
        let (a, ga) = deep(&values[..cut], &weights[..cut], &h[..cut], n);
        let (b, gb) = deep(&values[cut..], &weights[cut..], &h[cut..], n);
        close(a + b, loss, 1e-12);
        assert_eq!([ga, gb].concat(), grad);
    }

    /// Both are plain regression where each judgment is about one step alone.
    #[test]
    fn a_window_of_one_is_plain_regression(rows in rows()) {
        let (values, _, h) = columns(&rows);
        let (n, one) = (values.len(), vec![1.0; values.len()]);
        let ends: Vec<usize> = (1..=n).collect();
        let mut grad = vec![f64::NAN; n];
        let (loss, stats) =
            value_loss(&values, &h, &h, &vec![true; n], None, n as f64, &mut grad).unwrap();
        for (own, slopes) in [tamer(&values, &one, &ends, &h, n as f64), deep(&values, &one, &h, n as f64)] {
            close(own, loss, 1e-14);
            slopes.iter().zip(&grad).for_each(|(slope, want)| close(*slope, *want, 1e-14));
        }
        let both = credited_reward(&values, &one, &ends, &h, 1.0, &mut vec![0.0; n]).unwrap();
        close(both.1.squared_error, stats.squared_error, 1e-14);
        assert_eq!(both.1.steps, stats.steps);
    }
}

#[test]
fn steps_without_credit_are_not_read() {
    let (values, credits) = ([f64::NAN, 1.0, 3.0], [0.0, 0.5, 0.5]);
    assert_eq!(tamer(&values, &credits, &[3], &[1.0], 1.0), (0.5, vec![0.0, 0.5, 0.5]));
    let h = [f64::NAN, 0.0, 3.0];
    assert_eq!(deep(&values, &credits, &h, 1.0), (0.25, vec![0.0, 0.5, 0.0]));
}

#[test]
fn what_does_not_fit_is_named() {
    let mut g = [0.0; 2];
    let nan = credited_reward(&[0.0, f64::NAN], &[1.0; 2], &[2], &[1.0], 1.0, &mut g);
    assert_eq!(nan.unwrap_err(), Error::NotFinite { name: "values", index: 1 });
    let ends = credited_reward(&[0.0; 2], &[1.0; 2], &[1], &[1.0], 1.0, &mut g);
    assert_eq!(ends.unwrap_err(), Error::Ends { sequence: 0 });
    let short = credited_reward(&[0.0; 2], &[1.0; 2], &[1, 2], &[1.0], 1.0, &mut g);
    assert_eq!(short.unwrap_err(), Error::Shape { name: "judged", want: 2, got: 1 });
    let negative = weighted_reward(&[0.0; 2], &[1.0, -1.0], &[1.0; 2], 1.0, &mut g);
    assert!(matches!(negative, Err(Error::Range { name: "weights", .. })));
    let nan = weighted_reward(&[0.0; 2], &[0.0, 1.0], &[f64::NAN; 2], 1.0, &mut g);
    assert_eq!(nan.unwrap_err(), Error::NotFinite { name: "judged", index: 1 });
    assert!(weighted_reward(&[0.0; 2], &[1.0; 2], &[1.0; 2], 0.0, &mut g).is_err());
}

#[test]
fn a_judgment_is_shared_out_by_credit() {
    // Two windows: two steps of a state and an action each, then one.
    let (credits, ends) = ([0.0, 0.25, 0.0, 0.75, 0.0, 1.0], [4, 6]);
    let mut o = Tamer::new(&credits, &ends, &[1.0, -1.0], 2.0).unwrap();
    assert_eq!(o.coupling(), Coupling::Group);
    let mut g = [f32::NAN; 6];
    let loss = o.values(&[f32::NAN, 2.0, f32::NAN, 2.0, f32::NAN, -1.0], &mut g).unwrap();
    assert_eq!((loss, g), (0.25, [0.0, 0.125, 0.0, 0.375, 0.0, 0.0]));
    assert_eq!((o.stats.steps, o.stats.mean_squared_error()), (2, 0.5));
    assert!(o.values(&[0.0; 5], &mut [0.0; 5]).is_err());
    assert_eq!(Tamer::new(&credits, &[4], &[1.0], 1.0), Err(Error::Ends { sequence: 0 }));
}

#[test]
fn only_weighted_steps_are_read() {
    let (weights, judged) = ([0.0, 0.5, 0.0, 1.0], [f32::NAN, 1.0, f32::NAN, -1.0]);
    let mut o = DeepTamer::new(&weights, &judged, 2.0).unwrap();
    let mut g = [f32::NAN; 4];
    let loss = o.values(&[f32::NAN, 0.0, f32::NAN, 1.0], &mut g).unwrap();
    assert_eq!((loss, g), (1.125, [0.0, -0.25, 0.0, 1.0]));
    assert_eq!((o.coupling(), o.stats.steps), (crate::Coupling::Token, 2));
    assert!(o.values(&[0.0; 3], &mut [0.0; 3]).is_err());
    assert!(DeepTamer::new(&weights, &judged[..3], 1.0).is_err());
}
