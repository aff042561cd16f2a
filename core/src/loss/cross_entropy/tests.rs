use super::*;
use crate::oracle::{close, slope};

#[test]
fn is_the_mean_over_loss_tokens_and_parts_add_up() {
    let x = [-1.0, -2.5, -0.25];
    let mut grad = [f64::NAN; 3];
    let whole = cross_entropy(&x, 3.0, 27.8, &mut grad).unwrap();
    close(whole, 27.8 * 1.25, 1e-15);
    slope(&x, &grad, |x| cross_entropy(x, 3.0, 27.8, &mut [0.0; 3]).unwrap());
    let mut parts = [f64::NAN; 3];
    let a = cross_entropy(&x[..1], 3.0, 27.8, &mut parts[..1]).unwrap();
    let b = cross_entropy(&x[1..], 3.0, 27.8, &mut parts[1..]).unwrap();
    close(a + b, whole, 1e-15);
    assert_eq!(parts, grad);
}

#[test]
fn an_impossible_token_is_an_error() {
    let got = cross_entropy(&[-1.0, f64::NEG_INFINITY], 2.0, 1.0, &mut [0.0; 2]);
    assert_eq!(got, Err(Error::NotFinite { name: "log_probs", index: 1 }));
    assert!(cross_entropy(&[-1.0], 0.0, 1.0, &mut [0.0]).is_err());
}

#[test]
fn tiles_add_up() {
    let mut ptx = CrossEntropy::weighted(4.0, 2.0).unwrap();
    let mut grad = [f32::NAN; 2];
    let a = ptx.tokens(&[1, 2], &[-1.0, -2.0], &[], &mut grad, &mut []).unwrap();
    assert_eq!((a, grad), (1.5, [-0.5, -0.5]));
    let b = ptx.tokens(&[4], &[-0.5], &[], &mut grad[..1], &mut []).unwrap();
    assert_eq!((b, ptx.tokens, ptx.nats), (0.25, 3, 3.5));
    assert!(CrossEntropy::new(0.0).is_err());
}
