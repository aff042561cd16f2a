use super::*;

#[test]
fn positions_are_laid_onto_the_formula() {
    let reference = [f32::NAN, -1.5, -2.0, f32::NAN, -2.0];
    let settings = NashMd { tau: 1.0, ..NashMd::default() };
    let mut o = NashPolicy::new(settings, &[3, 5], &reference, &[1.0, 0.5], 2.0).unwrap();
    let mut grad = [f32::NAN; 3];
    let loss = o.tokens(&[1, 2, 4], &[-1.0, -2.0, -1.0], &[], &mut grad, &mut []).unwrap();
    assert_eq!((loss, grad), (-0.5, [0.0, 0.0, 0.5]));
    assert_eq!((o.responses, o.preferences, o.log_ratios), (2, 1.5, 1.5));
    assert!(NashPolicy::new(settings, &[3, 5], &reference, &[1.0], 2.0).is_err());
    let beyond = o.tokens(&[1, 4, 5], &[-1.0; 3], &[], &mut grad, &mut []);
    assert!(beyond.is_err());
}
