use super::*;

#[test]
fn pulls_what_it_is_given() {
    let mut grad = [f32::NAN; 2];
    let mut objective = Linear::new(&[9.0, 0.5, 9.0, -2.0]).unwrap();
    let loss = objective.tokens(&[1, 3], &[-1.0, -0.25], &[], &mut grad, &mut []).unwrap();
    assert_eq!((loss, grad), (0.0, [0.5, -2.0]));
    let outside = objective.tokens(&[4], &[-1.0], &[], &mut grad[..1], &mut []);
    assert_eq!(outside, Err(Error::Shape { name: "cotangents", want: 5, got: 4 }));
    assert!(objective.tokens(&[1], &[f32::NEG_INFINITY], &[], &mut grad[..1], &mut []).is_err());
    assert!(Linear::new(&[f32::NAN]).is_err());
}
