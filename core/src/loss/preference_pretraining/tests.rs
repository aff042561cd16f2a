use super::*;

#[test]
fn it_is_the_sum_of_its_parts() {
    let parts = || (Pairwise::new(1.0).unwrap(), CrossEntropy::weighted(2.0, 0.5).unwrap());
    let (comparisons, language) = parts();
    let mut both = PreferencePretraining { comparisons, language };
    let (mut one, mut other) = parts();
    assert_eq!(both.coupling(), Coupling::Group);
    assert!(both.needs().scores && both.needs().log_probs);
    let (mut a, mut b) = ([f32::NAN; 2], [f32::NAN; 2]);
    let got = both.scores(&[1.0, 2.0], &mut a).unwrap();
    assert_eq!((got, a), (one.scores(&[1.0, 2.0], &mut b).unwrap(), b));
    let got = both.tokens(&[1, 2], &[-1.0, -3.0], &[], &mut a, &mut []).unwrap();
    assert_eq!((got, a), (other.tokens(&[1, 2], &[-1.0, -3.0], &[], &mut b, &mut []).unwrap(), b));
    assert_eq!((got, both.comparisons.stats.pairs, both.language.tokens), (1.0, 1, 2));
}
