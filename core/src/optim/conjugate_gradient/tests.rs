use super::*;
use crate::oracle::close;
use proptest::prelude::*;

fn times(a: &[f64], x: &[f64]) -> Vec<f64> {
    a.chunks(x.len()).map(|row| dot(row, x)).collect()
}

proptest! {
    #[test]
    fn solves_any_positive_definite_system(
        (m, b) in (1usize..8).prop_flat_map(|n| {
            (prop::collection::vec(-1.0..1.0, n * n), prop::collection::vec(-2.0..2.0, n))
        }),
        damping in 0.05..1.0,
    ) {
        let n = b.len();
        let column = |i: usize| -> Vec<f64> { (0..n).map(|k| m[k * n + i]).collect() };
        // MᵀM is positive semi-definite.
        let a: Vec<f64> = (0..n * n).map(|ij| dot(&column(ij / n), &column(ij % n))).collect();
        let mut solve = ConjugateGradient::new(&b, damping).unwrap();
        for _ in 0..4 * n {
            let product = times(&a, solve.direction());
            solve.advance(&product).unwrap();
        }
        let x = solve.solution();
        for (i, ax) in times(&a, x).into_iter().enumerate() {
            close(ax + damping * x[i], b[i], 1e-7);
        }
        prop_assert!(solve.residual() < 1e-7);
    }
}

#[test]
fn one_step_a_distinct_eigenvalue() {
    let mut solve = ConjugateGradient::new(&[1.0, 2.0, 3.0], 1.0).unwrap();
    solve.advance(&[1.0, 2.0, 3.0]).unwrap();
    assert_eq!((solve.solution(), solve.residual()), (&[0.5, 1.0, 1.5][..], 0.0));
    solve.advance(&[9.0; 3]).unwrap();
    assert_eq!(solve.solution(), [0.5, 1.0, 1.5], "what is solved stays solved");
}

#[test]
fn what_it_cannot_solve_is_an_error() {
    let mut solve = ConjugateGradient::new(&[1.0], 0.5).unwrap();
    assert!(matches!(solve.advance(&[-1.0]), Err(Error::Range { name: "curvature", .. })));
    assert!(matches!(solve.advance(&[f64::NAN]), Err(Error::NotFinite { name: "product", .. })));
    assert!(matches!(solve.advance(&[1.0, 1.0]), Err(Error::Shape { .. })));
    assert_eq!(solve.solution(), [0.0]);
    assert!(ConjugateGradient::new(&[f64::INFINITY], 0.0).is_err());
    assert!(ConjugateGradient::new(&[1.0], -1.0).is_err());
}
