use super::*;
use crate::oracle::close;
use proptest::prelude::*;
use std::vec;
use std::vec::Vec;

proptest! {
    #[test]
    fn a_mixture_is_the_normalized_product_of_powers(
        rows in prop::collection::vec((-4.0..4.0f64, -4.0..4.0f64), 2..9), c in 0.0..1.0,
    ) {
        let (policy, reference): (Vec<f64>, Vec<f64>) = rows.iter().copied().unzip();
        let product: Vec<f64> = rows.iter().map(|(p, r)| p.exp().powf(1.0 - c) * r.exp().powf(c)).collect();
        let z: f64 = product.iter().sum();
        let mut out = vec![f64::NAN; rows.len()];
        geometric_mixture(&policy, &reference, c, &mut out).unwrap();
        for (got, want) in out.iter().zip(&product) {
            close(got.exp(), want / z, 1e-13);
        }
    }
}

#[test]
fn what_one_side_forbids_is_forbidden() {
    let never = f64::NEG_INFINITY;
    let mut out = [0.0; 2];
    assert!(geometric_mixture(&[0.0, never], &[never, 0.0], 0.5, &mut out).is_err());
    geometric_mixture(&[0.0, never], &[never, 0.0], 1.0, &mut out).unwrap();
    assert_eq!(out, [never, 0.0]);
    geometric_mixture(&[0.0, never], &[never, 0.0], 0.0, &mut out).unwrap();
    assert_eq!(out, [0.0, never]);
    assert!(geometric_mixture(&[0.0; 2], &[f64::NAN, 0.0], 0.5, &mut out).is_err());
    assert!(geometric_mixture(&[0.0; 2], &[never; 2], 0.5, &mut out).is_err());
}
