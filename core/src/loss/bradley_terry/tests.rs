use super::*;
use crate::oracle::{close, slope};
use proptest::prelude::*;
use std::vec;
use std::vec::Vec;

fn loss(pairs: &[f64], margin: &[f64], centering: f64) -> f64 {
    let (a, b) = pairs.split_at(margin.len());
    let mut grads = vec![0.0; 2 * margin.len()];
    let (ga, gb) = grads.split_at_mut(margin.len());
    bradley_terry(a, b, Some(margin), centering, margin.len() as f64, ga, gb).unwrap().loss
}

proptest! {
    #[test]
    fn equals_the_definition_and_its_slope(
        x in prop::collection::vec((-4.0..4.0, -4.0..4.0, 0.0..1.5), 1..9), c in 0.0..0.2,
    ) {
        let n = x.len();
        let pairs: Vec<f64> = x.iter().map(|p| p.0).chain(x.iter().map(|p| p.1)).collect();
        let margin: Vec<f64> = x.iter().map(|p| p.2).collect();
        let naive: f64 = x.iter()
            .map(|(a, b, m)| -(1.0 / (1.0 + (-(a - b - m)).exp())).ln() + c * (a + b).powi(2))
            .sum::<f64>() / n as f64;
        close(loss(&pairs, &margin, c), naive, 1e-12);
        let mut grads = vec![f64::NAN; 2 * n];
        let (ga, gb) = grads.split_at_mut(n);
        bradley_terry(&pairs[..n], &pairs[n..], Some(&margin), c, n as f64, ga, gb).unwrap();
        slope(&pairs, &grads, |p| loss(p, &margin, c));
    }
}

#[test]
fn far_scores_neither_overflow_nor_vanish() {
    assert_eq!(minus_log_sigmoid(-1000f32), (1000.0, -1.0));
    assert_eq!(minus_log_sigmoid(1000f32), (0.0, 0.0));
    let got = bradley_terry(&[f64::NAN], &[0.0], None, 0.0, 1.0, &mut [0.0], &mut [0.0]);
    assert_eq!(got, Err(Error::NotFinite { name: "chosen", index: 0 }));
}

#[test]
fn pairs_are_neighbors() {
    let margin = [0.5, 0.0];
    let mut o = Pairwise::new(2.0).unwrap().with_margin(&margin).unwrap();
    let mut grad = [f32::NAN; 4];
    let loss = o.scores(&[1.5, 1.0, 0.0, 3.0], &mut grad).unwrap();
    let want = (2f64.ln() + (1.0 + 3f64.exp()).ln()) / 2.0;
    assert!((loss - want).abs() < 1e-6);
    assert_eq!((grad[0], grad[1]), (-0.25, 0.25));
    assert!(grad[2] < -0.4 && grad[3] > 0.4);
    assert_eq!(o.stats.accuracy(), Some(0.5));
    let odd = o.scores(&[1.0; 3], &mut [0.0; 3]);
    assert_eq!(odd, Err(Error::Shape { name: "scores", want: 2, got: 3 }));
}
