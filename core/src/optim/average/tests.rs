use super::*;
use crate::oracle::close;

#[test]
fn closes_the_gap_by_the_decay() {
    let mut a = [0.0f64, 1.0];
    for _ in 0..10 {
        average(&mut a, &[1.0, 1.0], 0.9).unwrap();
    }
    close(a[0], 1.0 - 0.9f64.powi(10), 1e-14);
    assert_eq!(a[1], 1.0, "equal weights stay, to the bit");
    assert!(average(&mut a, &[1.0, 1.0], 1.5).is_err());
    assert!(average(&mut a, &[1.0], 0.5).is_err());
}

#[test]
fn a_moving_average_starts_at_the_weights_and_swaps_with_them() {
    let (mut moving, mut weights) = (MovingAverage::new(), [2.0f64, 4.0]);
    assert_eq!(moving.swap(&mut weights), Err(Error::TooFew { name: "average", need: 1, got: 0 }));
    assert!(moving.update(&weights, 1.5).is_err());
    assert_eq!(moving, MovingAverage::new(), "a refused update keeps nothing");
    moving.update(&weights, 0.25).unwrap();
    moving.update(&[4.0, 8.0], 0.25).unwrap();
    moving.swap(&mut weights).unwrap();
    assert_eq!(weights, [3.5, 7.0]);
    moving.swap(&mut weights).unwrap();
    assert_eq!(weights, [2.0, 4.0]);
    assert!(moving.update(&[1.0], 0.25).is_err());
    assert!(moving.swap(&mut [1.0]).is_err());
}
