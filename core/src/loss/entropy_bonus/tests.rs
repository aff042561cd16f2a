use super::*;
use crate::oracle::close;

#[test]
fn the_entropy_bonus_pays_for_entropy() {
    let mut grad = [f64::NAN; 1];
    let (loss, sum) = entropy_bonus(&[2.0], 0.1, 4.0, &mut grad).unwrap();
    close(loss, -0.05, 1e-15);
    assert_eq!((sum, grad), (2.0, [-0.025]));
}
