use super::*;
use crate::oracle::close;
use proptest::prelude::*;
use std::vec::Vec;

proptest! {
    #[test]
    fn times_the_matrix_is_one(b in prop::collection::vec(-1.0..1.0, 16)) {
        // BᵀB + ½ is positive definite.
        let at = |i: usize, j: usize| {
            (0..4).map(|k| b[4 * k + i] * b[4 * k + j]).sum::<f64>() + if i == j { 0.5 } else { 0.0 }
        };
        let a: Vec<f64> = (0..16).map(|e| at(e / 4, e % 4)).collect();
        let mut inverse = a.clone();
        invert(&mut inverse, 4).unwrap();
        for (i, j) in (0..16).map(|e| (e / 4, e % 4)) {
            let product: f64 = (0..4).map(|k| a[4 * i + k] * inverse[4 * k + j]).sum();
            close(product, if i == j { 1.0 } else { 0.0 }, 1e-11);
        }
    }
}

#[test]
fn a_singular_matrix_has_none() {
    assert_eq!(invert(&mut [1.0; 4], 2), None);
    assert_eq!(invert(&mut [f64::NAN], 1), None);
}
