use super::*;

#[test]
fn every_token_of_a_response_pulls_alike_and_parts_add_up() {
    let reference = [f32::NAN, -1.0, -1.0, f32::NAN, -2.0];
    let (log_probs, positions) = ([-0.5, -1.0, -1.5], [1, 2, 4]);
    let good = [true, false];
    let s = Kto::default();
    let mut o = LabeledResponses::new(s, &[3, 5], &reference, &good, 0.25, 2.0).unwrap();
    let mut grad = [f32::NAN; 3];
    let loss = o.tokens(&positions, &log_probs, &[], &mut grad, &mut []).unwrap();
    let mut want = [f64::NAN; 2];
    let stats = kto(&s, &[0.5, 0.5], &good, 0.25, 2.0, &mut want).unwrap();
    assert_eq!((loss, o.stats), (stats.loss, stats));
    assert_eq!(grad, [want[0] as f32, want[0] as f32, want[1] as f32]);
    let mut parts = [f32::NAN; 3];
    let mut a = LabeledResponses::new(s, &[3], &reference[..3], &good[..1], 0.25, 2.0).unwrap();
    let mut b = LabeledResponses::new(s, &[2], &reference[3..], &good[1..], 0.25, 2.0).unwrap();
    let sum = a.tokens(&[1, 2], &log_probs[..2], &[], &mut parts[..2], &mut []).unwrap()
        + b.tokens(&[1], &log_probs[2..], &[], &mut parts[2..], &mut []).unwrap();
    assert_eq!((sum, parts), (loss, grad));
    let none = o.tokens(&[4], &[-1.0], &[], &mut [0.0], &mut []);
    assert_eq!(none, Err(Error::TooFew { name: "loss_mask", need: 1, got: 0 }));
    assert!(LabeledResponses::new(s, &[3, 5], &reference, &good[..1], 0.0, 2.0).is_err());
}
