use super::*;
use crate::oracle::close;
use proptest::prelude::*;

proptest! {
    #[test]
    fn batches_add_up_to_the_whole(
        x in prop::collection::vec(-9.0..9.0, 2..40), at in 1usize..39,
    ) {
        let at = at.min(x.len() - 1);
        let mut m = RunningMoments::default();
        m.update(&x[..at]).unwrap();
        m.update(&x[at..]).unwrap();
        close(m.mean(), mean("x", &x).unwrap(), 1e-13);
        for kind in [Variance::Population, Variance::Bessel] {
            close(m.variance(kind).unwrap(), variance("x", &x, kind).unwrap(), 1e-12);
        }
    }
}

#[test]
fn one_number_has_no_bessel_variance() {
    let mut m = RunningMoments::default();
    assert!(m.variance(Variance::Population).is_err());
    let batch = m.update(&[2.0f32]).unwrap();
    assert_eq!((batch, m.mean(), m.variance(Variance::Population)), (m, 2.0, Ok(0.0)));
    let few = Err(Error::TooFew { name: "moments", need: 2, got: 1 });
    assert_eq!(m.deviation(Variance::Bessel), few);
    assert_eq!(m.update::<f32>(&[]), Err(Error::TooFew { name: "batch", need: 1, got: 0 }));
}
