use super::*;
use crate::log_probs::log_prob_pull;
use crate::oracle::close;
use crate::random::{Key, Stream};
use crate::testing::{Table, loss_mask};
use crate::{Ragged, ready};

const TEXT: [u32; 12] = [0, 1, 2, 2, 1, 0, 0, 2, 1, 1, 2, 0];

#[test]
fn equals_the_dense_matrix() {
    let sequences = Ragged::new(&TEXT, &[7, 12]).unwrap();
    let loss_mask = loss_mask(sequences);
    let batch = Batch::new(sequences, &loss_mask).unwrap().at_temperature(0.8).unwrap();
    let mut policy = Table::random(3, 5);
    let mut dense = vec![0.0; 81];
    for t in (0..12).filter(|&t| loss_mask[t]) {
        let mut score = [0.0; 9];
        let row = policy.row(TEXT[t - 1]);
        let logits: Vec<f64> = policy.weights[row.clone()].iter().map(|&z| z.into()).collect();
        log_prob_pull(&logits, TEXT[t] as usize, 0.8, 1.0, 0.0, &mut score[row]).unwrap();
        (0..81).for_each(|ij| dense[ij] += score[ij / 9] * score[ij % 9] / 10.0);
    }
    let before = policy.weights.clone();
    let mut fisher = ready(Fisher::new(&mut policy, batch, 0.01)).unwrap().unwrap();
    for seed in 0..8 {
        let mut draws = Key::new(seed, Stream::Data, 0).draws(0);
        let v: Vec<f64> = (0..9).map(|_| 10.0 * draws.normal()).collect();
        let mut got = vec![f64::NAN; 9];
        policy.gradient.fill(9.0);
        ready(fisher.product(&mut policy, &v, &mut got)).unwrap().unwrap();
        for (i, got) in got.into_iter().enumerate() {
            close(got, (0..9).map(|j| dense[i * 9 + j] * v[j]).sum(), 2e-3);
        }
    }
    assert_eq!(policy.weights, before);
}

#[test]
fn weights_are_put_back_where_a_product_fails() {
    let outside = Ragged::new(&[0, 7], &[2]).unwrap();
    let batch = Batch::new(outside, &[false, true]).unwrap();
    let mut policy = Table::random(3, 5);
    let before = policy.weights.clone();
    let mut fisher = ready(Fisher::new(&mut policy, batch, 0.01)).unwrap().unwrap();
    let got = ready(fisher.product(&mut policy, &[1.0; 9], &mut [0.0; 9])).unwrap();
    assert!(matches!(got, Err(Error::Range { name: "token", .. })));
    assert_eq!(policy.weights, before);
    let nothing = Batch::new(outside, &[false, false]).unwrap();
    let none = ready(Fisher::new(&mut policy, nothing, 0.01)).unwrap();
    assert!(matches!(none, Err(Error::TooFew { .. })));
}
