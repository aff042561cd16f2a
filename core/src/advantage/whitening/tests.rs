use super::*;
use crate::oracle::close;
use proptest::prelude::*;
use std::vec::Vec;

proptest! {
    #[test]
    fn whitened_numbers_have_the_moments_asked_for(
        x in prop::collection::vec((-9.0..9.0, any::<bool>()), 3..40),
    ) {
        let values: Vec<f64> = x.iter().map(|p| p.0).collect();
        let mask: Vec<bool> = x.iter().map(|p| p.1).collect();
        prop_assume!(mask.iter().filter(|m| **m).count() > 1);
        for kind in [Variance::Population, Variance::Bessel] {
            let n = mask.iter().filter(|m| **m).count() as f64;
            let kept: Vec<f64> = selected(&values, &mask).collect();
            let mu = kept.iter().sum::<f64>() / n;
            let squares = kept.iter().map(|v| v * v).sum::<f64>() - n * mu * mu;
            let divisor = if kind == Variance::Bessel { n - 1.0 } else { n };
            close(masked_mean(&values, &mask).unwrap(), mu, 1e-12);
            close(masked_variance(&values, &mask, kind).unwrap(), squares / divisor, 1e-11);
            let mut white = values.clone();
            whiten(&mut white, &mask, &Whitening::to_zero(kind)).unwrap();
            close(masked_mean(&white, &mask).unwrap(), 0.0, 1e-9);
            let spread = masked_variance(&white, &mask, kind).unwrap();
            close(spread, squares / (squares + 1e-8 * divisor), 1e-9);
            let mut kept = values.clone();
            whiten(&mut kept, &mask, &Whitening::keeping_mean(kind)).unwrap();
            close(masked_mean(&kept, &mask).unwrap(), mu, 1e-9);
        }
    }

    #[test]
    fn padding_cannot_move_anything(x in prop::collection::vec(-9.0..9.0, 2..9), junk in -1e9..1e9) {
        let mut padded = x.clone();
        padded.push(junk);
        let mut mask: Vec<bool> = x.iter().map(|_| true).collect();
        let alone = masked_variance(&x, &mask, Variance::Bessel).unwrap();
        let mut white = x.clone();
        whiten(&mut white, &mask, &Whitening::to_zero(Variance::Bessel)).unwrap();
        mask.push(false);
        prop_assert_eq!(masked_variance(&padded, &mask, Variance::Bessel).unwrap(), alone);
        whiten(&mut padded, &mask, &Whitening::to_zero(Variance::Bessel)).unwrap();
        prop_assert_eq!(&padded[..x.len()], &white[..]);
    }
}

#[test]
fn what_does_not_exist_is_an_error() {
    let one = [true, false];
    let v = [3.0, 4.0];
    assert_eq!(masked_variance(&v, &one, Variance::Population), Ok(0.0));
    assert_eq!(masked_variance(&v, &one, Variance::Bessel), Err(too_few(2, 1)));
    assert_eq!(masked_mean(&v, &[false; 2]), Err(too_few(1, 0)));
    let mut w = v;
    assert_eq!(whiten(&mut w, &one, &Whitening::to_zero(Variance::Bessel)), Err(too_few(2, 1)));
    assert_eq!(w, v, "an error leaves its input alone");
    assert_eq!(
        variance("scores", &[1.0], Variance::Bessel).unwrap_err(),
        Error::TooFew { name: "scores", need: 2, got: 1 }
    );
}

#[test]
fn a_floor_replaces_only_a_smaller_variance() {
    let setting = Whitening { guard: Guard::AtLeast(1e-8), ..Whitening::to_zero(Variance::Population) };
    let mut v = [1.0, 3.0];
    whiten(&mut v, &[true; 2], &setting).unwrap();
    assert_eq!(v, [-1.0, 1.0]);
    let mut same = [2.0, 2.0];
    whiten(&mut same, &[true; 2], &setting).unwrap();
    assert_eq!(same, [0.0, 0.0]);
}
