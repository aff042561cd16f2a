use super::*;
use crate::oracle::{close, slope};
use proptest::prelude::*;
use std::vec;
use std::vec::Vec;

fn loss(scores: &[f64], ranks: &[u32], ends: &[usize], ties: Ties) -> f64 {
    k_wise(scores, ranks, ends, ties, ends.len() as f64, &mut vec![0.0; scores.len()]).unwrap().loss
}

proptest! {
    #[test]
    fn equals_the_definition_and_its_slope(
        x in prop::collection::vec((-4.0..4.0, 0u32..6), 4..10), cut in 2usize..3,
    ) {
        let scores: Vec<f64> = x.iter().map(|p| p.0).collect();
        let ranks: Vec<u32> = x.iter().map(|p| p.1).collect();
        let ends = [cut, x.len()];
        for ties in [Ties::KeepDivisor, Ties::ShrinkDivisor] {
            let mut want = 0.0;
            for (a, b) in [(0, cut), (cut, x.len())] {
                let (mut sum, mut left) = (0.0, 0.0);
                for i in a..b {
                    for j in a..b {
                        if ranks[i] < ranks[j] {
                            sum -= (1.0 / (1.0 + (scores[j] - scores[i]).exp())).ln();
                            left += 1.0;
                        }
                    }
                }
                let k = (b - a) as f64;
                let divisor = if ties == Ties::KeepDivisor { k * (k - 1.0) / 2.0 } else { left };
                if left > 0.0 {
                    want += sum / divisor / 2.0;
                }
            }
            close(loss(&scores, &ranks, &ends, ties), want, 1e-12);
            let mut grad = vec![f64::NAN; x.len()];
            k_wise(&scores, &ranks, &ends, ties, 2.0, &mut grad).unwrap();
            slope(&scores, &grad, |s| loss(s, &ranks, &ends, ties));
            // Only differences matter, so the gradient sums to nothing.
            close(grad.iter().sum(), 0.0, 1e-12);
        }
    }
}

#[test]
fn two_answers_are_bradley_terry() {
    let (mut grad, mut a, mut b) = ([f64::NAN; 2], [0.0], [0.0]);
    let k = k_wise(&[0.3, 1.1], &[2, 1], &[2], Ties::KeepDivisor, 1.0, &mut grad).unwrap();
    let p = crate::loss::bradley_terry(&[1.1], &[0.3], None, 0.0, 1.0, &mut a, &mut b).unwrap();
    assert_eq!(k, p);
    assert_eq!(grad, [b[0], a[0]]);
}

#[test]
fn dropped_ties_shrink_the_divisor_or_not() {
    let (scores, ranks) = ([1.0, 0.5, 0.25], [1, 2, 2]);
    let shrunk = loss(&scores, &ranks, &[3], Ties::ShrinkDivisor);
    close(loss(&scores, &ranks, &[3], Ties::KeepDivisor), shrunk * 2.0 / 3.0, 1e-15);
    assert_eq!(loss(&scores, &[1, 1, 1], &[3], Ties::ShrinkDivisor), 0.0);
    let one = k_wise(&scores, &ranks, &[1, 3], Ties::KeepDivisor, 1.0, &mut [0.0; 3]);
    assert_eq!(one, Err(Error::TooFew { name: "ranks", need: 2, got: 1 }));
}
