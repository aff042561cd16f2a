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
