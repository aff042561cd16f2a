use super::*;
use crate::loss::bradley_terry;
use crate::oracle::{close, slope};
use proptest::prelude::*;
use std::vec;
use std::vec::Vec;

const CUTS: [f64; 5] = [-2.0, -0.8, 0.0, 0.9, 2.5];
const ORDERED: Grades<'static> = Grades::Ordered { cuts: &CUTS };

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// The probabilities of all grades, from the definitions.
fn naive(model: Grades<'_>, d: f64) -> Vec<f64> {
    let of_three = |first: f64, second: f64, tie: f64| {
        vec![second / (first + second + tie), tie / (first + second + tie), first / (first + second + tie)]
    };
    match model {
        Grades::RaoKupper { theta } => {
            let (a, b) = (d.exp(), 1.0);
            let tie = (theta * theta - 1.0) * a * b / ((a + theta * b) * (b + theta * a));
            vec![b / (b + theta * a), tie, a / (a + theta * b)]
        }
        Grades::Davidson { nu } => of_three(d.exp(), 1.0, nu * (d / 2.0).exp()),
        Grades::Ordered { cuts } => {
            let up_to = |k: usize| cuts.get(k).map_or(1.0, |c| sigmoid(c - d));
            let below = |k: usize| if k == 0 { 0.0 } else { up_to(k - 1) };
            (0..=cuts.len()).map(|k| up_to(k) - below(k)).collect()
        }
    }
}

proptest! {
    #[test]
    fn every_model_is_its_definition_and_adds_up_to_one(d in -6.0..6.0, theta in 1.1..4.0, nu in 0.1..4.0) {
        for model in [Grades::RaoKupper { theta }, Grades::Davidson { nu }, ORDERED] {
            let each: Vec<f64> = (0..=model.highest()).map(|g| model.loss(d, g).unwrap().0).collect();
            for (got, want) in each.iter().zip(naive(model, d)) {
                close(*got, -want.ln(), 1e-10);
            }
            close(each.iter().map(|l| (-l).exp()).sum(), 1.0, 1e-13);
        }
    }

    #[test]
    fn gradients_are_slopes_and_a_split_changes_nothing(
        x in prop::collection::vec((-3.0..3.0, -3.0..3.0, 0u8..3), 2..9), at in 1usize..8,
    ) {
        let n = x.len();
        let at = at.min(n - 1);
        let scores: Vec<f64> = x.iter().map(|p| p.0).chain(x.iter().map(|p| p.1)).collect();
        let grades: Vec<u8> = x.iter().map(|p| p.2).collect();
        for model in [Grades::RaoKupper { theta: 1.5 }, Grades::Davidson { nu: 0.7 }, ORDERED] {
            let run = |s: &[f64], range: core::ops::Range<usize>, grad: &mut [f64]| {
                let (a, b) = grad.split_at_mut(range.len());
                let (first, second) = s.split_at(n);
                graded(&first[range.clone()], &second[range.clone()], &grades[range], model, n as f64, a, b)
                    .unwrap()
            };
            let mut grad = vec![f64::NAN; 2 * n];
            let whole = run(&scores, 0..n, &mut grad);
            slope(&scores, &grad, |s| run(s, 0..n, &mut vec![0.0; 2 * n]).loss);
            let mut parts = vec![f64::NAN; 2 * n];
            let mut sum = run(&scores, 0..at, &mut parts[..2 * at]);
            sum.merge(&run(&scores, at..n, &mut parts[2 * at..]));
            close(sum.loss, whole.loss, 1e-13);
            prop_assert_eq!((sum.pairs, sum.correct), (whole.pairs, whole.correct));
            prop_assert_eq!(&parts[..at], &grad[..at]);
            prop_assert_eq!(&parts[2 * at..n + at], &grad[at..n]);
        }
    }

    #[test]
    fn without_ties_they_are_bradley_terry(a in -5.0..5.0, b in -5.0..5.0) {
        let (mut ga, mut gb, mut fa, mut fb) = ([0.0], [0.0], [0.0], [0.0]);
        let pair = bradley_terry(&[a], &[b], None, 0.0, 1.0, &mut ga, &mut gb).unwrap();
        let two = Grades::Ordered { cuts: &[0.0] };
        for (model, grade) in [(Grades::RaoKupper { theta: 1.0 }, 2), (Grades::Davidson { nu: 0.0 }, 2), (two, 1)] {
            let got = graded(&[a], &[b], &[grade], model, 1.0, &mut fa, &mut fb).unwrap();
            close(got.loss, pair.loss, 1e-12);
            close(fa[0], ga[0], 1e-12);
            prop_assert_eq!((got.pairs, got.correct, fb[0]), (1, pair.correct, -fa[0]));
            prop_assert!(model.validate().is_ok());
        }
    }

    #[test]
    fn exchanging_the_answers_mirrors_the_grades(d in -4.0..4.0, grade in 0usize..3) {
        for model in [Grades::RaoKupper { theta: 1.7 }, Grades::Davidson { nu: 0.4 }] {
            let (a, b) = (model.loss(d, grade).unwrap(), model.loss(-d, 2 - grade).unwrap());
            close(a.0, b.0, 1e-13);
            close(a.1, -b.1, 1e-13);
        }
    }
}

#[test]
fn what_cannot_be_is_an_error() {
    let with = |grade, model| graded(&[1.0], &[0.0], &[grade], model, 1.0, &mut [0.0], &mut [0.0]);
    let impossible = Err(Error::NotFinite { name: "graded loss", index: 0 });
    assert_eq!(with(1, Grades::RaoKupper { theta: 1.0 }), impossible);
    assert_eq!(with(1, Grades::Davidson { nu: 0.0 }), impossible);
    assert!(matches!(with(3, Grades::Davidson { nu: 1.0 }), Err(Error::Range { name: "grade", .. })));
    assert!(matches!(with(0, Grades::RaoKupper { theta: 0.5 }), Err(Error::Range { name: "theta", .. })));
    assert!(matches!(with(0, Grades::Ordered { cuts: &[0.0, 0.0] }), Err(Error::Range { .. })));
    assert!(matches!(with(0, Grades::Ordered { cuts: &[] }), Err(Error::TooFew { .. })));
}

#[test]
fn far_scores_neither_overflow_nor_vanish() {
    for model in [Grades::RaoKupper { theta: 2.0 }, Grades::Davidson { nu: 1.0 }, ORDERED] {
        let (loss, slope) = model.loss(-1000.0, model.highest()).unwrap();
        assert!((loss - 1000.0).abs() < 3.0 && (slope + 1.0).abs() < 1e-12, "{model:?}: {loss} {slope}");
        let (loss, slope) = model.loss(1000.0, model.highest()).unwrap();
        assert!(loss.abs() < 1e-12 && slope.abs() < 1e-12);
    }
}

#[test]
fn a_tie_pulls_together_and_a_verdict_apart() {
    let mut o = Graded::new(&[1, 2], Grades::Davidson { nu: 1.0 }, 2.0).unwrap();
    let mut grad = [f32::NAN; 4];
    let loss = o.scores(&[1.0, 0.0, 0.0, 0.0], &mut grad).unwrap();
    let tie = (0.5f64.exp() + 1.0 + (-0.5f64).exp()).ln();
    assert!((loss - (tie + 3f64.ln()) / 2.0).abs() < 1e-7);
    assert!(grad[0] > 0.0 && grad[1] == -grad[0] && grad[2] == -0.25 && grad[3] == 0.25);
    assert_eq!((o.stats.pairs, o.stats.correct), (1, 0));
    let short = o.scores(&[0.0; 2], &mut [0.0; 2]);
    assert_eq!(short, Err(Error::Shape { name: "scores", want: 4, got: 2 }));
}
