use super::*;

const LOGGED: [f32; 5] = [f32::NAN, -1.0, -1.0, f32::NAN, -2.0];

#[test]
fn a_response_has_one_weight_and_a_token_its_own() {
    let s = Counterfactual::default();
    let (positions, log_probs) = ([1, 2, 4], [-0.5, -1.5, -2.0]);
    let feedback = Feedback::Responses { ends: &[3, 5], rewards: &[2.0, -1.0] };
    let mut o = LoggedFeedback::new(s, feedback, Some(&LOGGED), 2.0).unwrap();
    let mut grad = [f32::NAN; 3];
    // Both responses weigh e⁰.
    let loss = o.tokens(&positions, &log_probs, &[], &mut grad, &mut []).unwrap();
    assert_eq!((loss, grad), (-0.5, [-1.0, -1.0, 0.5]));
    assert_eq!((o.coupling(), o.stats.actions), (Coupling::Sequence, 2));
    let rewards = [f32::NAN, 2.0, 2.0, f32::NAN, -1.0];
    let mut o = LoggedFeedback::new(s, Feedback::Tokens(&rewards), Some(&LOGGED), 1.0).unwrap();
    o.tokens(&positions, &log_probs, &[], &mut grad, &mut []).unwrap();
    let w = 0.5f64.exp();
    assert_eq!(grad, [(-2.0 * w) as f32, (-2.0 / w) as f32, 1.0]);
    assert_eq!((o.coupling(), o.stats.actions), (Coupling::Token, 3));
}

#[test]
fn a_deterministic_logger_and_self_normalization() {
    let s = Counterfactual { normalizer: Normalizer::Weights, clip: None };
    let feedback = Feedback::Responses { ends: &[3, 5], rewards: &[1.0, 1.0] };
    let mut o = LoggedFeedback::new(s, feedback, None, 2.0).unwrap();
    let mut grad = [f32::NAN; 3];
    let loss = o.tokens(&[1, 2, 4], &[-0.5, -1.5, -2.0], &[], &mut grad, &mut []).unwrap();
    // All rewards alike: nothing to learn, however unlikely the responses are.
    assert_eq!((loss, grad), (-1.0, [0.0; 3]));
    assert_eq!(o.coupling(), Coupling::Batch);
    assert!(LoggedFeedback::new(s, feedback, None, 0.0).is_err());
}
