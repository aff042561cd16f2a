use super::*;
use crate::oracle::close;

#[test]
fn the_average_follows_its_rewards_from_the_first_batch_on() {
    let mut b = MovingBaseline::new(0.9).unwrap();
    assert_eq!(b.value(), 0.0);
    b.update(&[4.0, 6.0]).unwrap();
    assert_eq!(b.value(), 5.0);
    for _ in 0..3 {
        b.update(&[1.0f32]).unwrap();
    }
    close(b.value(), 1.0 + 4.0 * 0.9f64.powi(3), 1e-14);
    let before = b;
    assert_eq!(b.update::<f32>(&[]), Err(Error::TooFew { name: "rewards", need: 1, got: 0 }));
    assert_eq!(b.update(&[f64::NAN]), Err(Error::NotFinite { name: "rewards", index: 0 }));
    assert_eq!(b, before);
    assert!(MovingBaseline::new(1.1).is_err());
}
