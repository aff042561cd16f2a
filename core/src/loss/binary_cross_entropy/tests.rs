use super::*;
use crate::loss::Outcome;
use crate::oracle::{close, slope};
use proptest::prelude::*;
use std::vec;
use std::vec::Vec;

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

proptest! {
    #[test]
    fn equals_the_definition_its_slope_and_the_sum_of_its_parts(
        x in prop::collection::vec((-6.0..6.0, 0.0..1.0), 2..12), at in 1usize..11,
    ) {
        let (z, y): (Vec<f64>, Vec<f64>) = x.iter().copied().unzip();
        let loss = |z: &[f64]| binary_cross_entropy(z, &y, 7.0, &mut vec![0.0; z.len()]).unwrap().loss;
        let one = |&(z, y): &(f64, f64)| -y * sigmoid(z).ln() - (1.0 - y) * (1.0 - sigmoid(z)).ln();
        let naive: f64 = x.iter().map(one).sum();
        close(loss(&z), naive / 7.0, 1e-11);
        let mut grad = vec![f64::NAN; z.len()];
        let all = binary_cross_entropy(&z, &y, 7.0, &mut grad).unwrap();
        slope(&z, &grad, loss);
        let at = at.min(z.len() - 1);
        let mut parts = vec![f64::NAN; z.len()];
        let (a, b) = parts.split_at_mut(at);
        let mut sum = binary_cross_entropy(&z[..at], &y[..at], 7.0, a).unwrap();
        sum.merge(&binary_cross_entropy(&z[at..], &y[at..], 7.0, b).unwrap());
        close(sum.loss, all.loss, 1e-13);
        prop_assert_eq!((sum.labels, sum.correct), (all.labels, all.correct));
        prop_assert_eq!(parts, grad);
    }
}

#[test]
fn what_is_no_label_is_refused() {
    let with = |z: f64, y: f64| binary_cross_entropy(&[z], &[y], 1.0, &mut [0.0]);
    assert!(matches!(with(0.0, 1.5), Err(Error::Range { name: "label", .. })));
    assert!(matches!(with(0.0, f64::NAN), Err(Error::Range { name: "label", .. })));
    assert_eq!(with(f64::NAN, 1.0), Err(Error::NotFinite { name: "logits", index: 0 }));
    assert_eq!(with(-800.0, 1.0).unwrap().loss, 800.0);
}

#[test]
fn scores_are_logits() {
    let mut o = Outcome::new(&[1.0, 0.0], 2.0).unwrap();
    let mut grad = [f32::NAN; 2];
    assert!((o.scores(&[0.0, 0.0], &mut grad).unwrap() - 2f64.ln()).abs() < 1e-12);
    assert_eq!((grad, o.stats.accuracy()), ([-0.25, 0.25], Some(0.5)));
    assert!(o.scores(&[0.0], &mut [0.0]).is_err());
    assert!(Outcome::new(&[], 0.0).is_err());
}

#[test]
fn only_the_ends_of_steps_are_judged() {
    let mut o = Process::new(&[1, 4], &[1.0, 0.25], 2.0).unwrap();
    let mut grad = [f32::NAN; 5];
    let loss = o.values(&[f32::NAN, 0.0, 9.0, 9.0, 0.0], &mut grad).unwrap();
    assert!((loss - 2f64.ln()).abs() < 1e-12);
    assert_eq!(grad, [0.0, -0.25, 0.0, 0.0, 0.125]);
    assert_eq!((o.stats.labels, o.stats.positive, o.stats.correct), (2, 1.25, 1));
}

#[test]
fn one_step_is_an_outcome() {
    let (mut process, mut outcome) = ([f32::NAN; 3], [f32::NAN]);
    let a = Process::new(&[2], &[0.75], 3.0).unwrap().values(&[5.0, -5.0, 0.6], &mut process);
    let b = Outcome::new(&[0.75], 3.0).unwrap().scores(&[0.6], &mut outcome);
    assert_eq!((a, process), (b, [0.0, 0.0, outcome[0]]));
}

#[test]
fn steps_end_inside_the_batch_and_rise() {
    let ends = |ends| Process::new(ends, &[1.0, 1.0], 1.0);
    assert_eq!(ends(&[3, 3]), Err(Error::Ends { sequence: 1 }));
    let values = |v: &[f32]| ends(&[0, 1]).unwrap().values(v, &mut [0.0; 2][..v.len()]);
    assert_eq!(values(&[0.0]), Err(Error::Shape { name: "values", want: 2, got: 1 }));
    assert_eq!(values(&[0.0, f32::NAN]), Err(Error::NotFinite { name: "values", index: 1 }));
    assert!(Process::new(&[1], &[], 1.0).is_err());
}
