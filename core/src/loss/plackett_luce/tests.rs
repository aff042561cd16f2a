use super::*;
use crate::loss::{Ties, bradley_terry, k_wise};
use crate::oracle::{close, slope};
use proptest::prelude::*;
use std::vec;
use std::vec::Vec;

const ALL: Stages = Stages { top: None, ties: RankTies::Refuse };
const BEST: Stages = Stages { top: Some(1), ties: RankTies::Refuse };

fn loss(scores: &[f64], ranks: &[u32], stages: Stages) -> f64 {
    let mut grad = vec![0.0; scores.len()];
    plackett_luce(scores, ranks, &[scores.len()], stages, 1.0, &mut grad).unwrap().loss
}

/// −ln of the probability of choosing `order` one after the other.
fn naive(scores: &[f64], order: &[usize], top: usize) -> f64 {
    let mut sum = 0.0;
    for (place, &i) in order.iter().enumerate().take(top) {
        let left: f64 = order[place..].iter().map(|&j| scores[j].exp()).sum();
        sum -= (scores[i].exp() / left).ln();
    }
    sum
}

fn ranks(order: &[usize]) -> Vec<u32> {
    (0..order.len()).map(|i| order.iter().position(|o| *o == i).unwrap() as u32).collect()
}

fn shuffled(n: usize) -> impl Strategy<Value = (Vec<f64>, Vec<usize>)> {
    let order: Vec<usize> = (0..n).collect();
    (prop::collection::vec(-4.0..4.0, n), Just(order).prop_shuffle())
}

proptest! {
    #[test]
    fn equals_the_definition_and_its_slope((scores, order) in (2usize..7).prop_flat_map(shuffled), top in 1u32..8) {
        let ranks = ranks(&order);
        for stages in [ALL, Stages { top: Some(top), ..ALL }] {
            let places = stages.top.map_or(order.len(), |top| top as usize);
            close(loss(&scores, &ranks, stages), naive(&scores, &order, places), 1e-12);
            let mut grad = vec![f64::NAN; scores.len()];
            plackett_luce(&scores, &ranks, &[scores.len()], stages, 1.0, &mut grad).unwrap();
            slope(&scores, &grad, |s| loss(s, &ranks, stages));
            close(grad.iter().sum(), 0.0, 1e-12);
        }
    }

    #[test]
    fn ties_have_exact_slopes_and_the_order_of_answers_means_nothing(
        x in prop::collection::vec((-3.0..3.0, 0u32..3), 2..7), turn in 0usize..7,
    ) {
        let (mut scores, mut ranks): (Vec<f64>, Vec<u32>) = x.into_iter().unzip();
        for ties in [RankTies::Breslow, RankTies::Efron] {
            let stages = Stages { top: None, ties };
            let mut grad = vec![f64::NAN; scores.len()];
            let n = scores.len();
            let whole = plackett_luce(&scores, &ranks, &[n], stages, 1.0, &mut grad).unwrap();
            slope(&scores, &grad, |s| loss(s, &ranks, stages));
            scores.rotate_left(turn % n);
            ranks.rotate_left(turn % n);
            close(loss(&scores, &ranks, stages), whole.loss, 1e-12);
        }
    }

    #[test]
    fn a_split_between_prompts_changes_nothing(x in prop::collection::vec(-4.0..4.0, 4..9)) {
        let ranks: Vec<u32> = (0..x.len() as u32).collect();
        let mut whole = vec![f64::NAN; x.len()];
        let all = plackett_luce(&x, &ranks, &[2, x.len()], ALL, 2.0, &mut whole).unwrap();
        let mut parts = vec![f64::NAN; x.len()];
        let (a, b) = parts.split_at_mut(2);
        let mut sum = plackett_luce(&x[..2], &ranks[..2], &[2], ALL, 2.0, a).unwrap();
        sum.merge(&plackett_luce(&x[2..], &ranks[2..], &[x.len() - 2], ALL, 2.0, b).unwrap());
        prop_assert_eq!(sum, all);
        prop_assert_eq!(parts, whole);
    }

    #[test]
    fn two_answers_are_bradley_terry(a in -5.0..5.0, b in -5.0..5.0) {
        let (mut grad, mut ga, mut gb) = ([f64::NAN; 2], [0.0], [0.0]);
        let pair = bradley_terry(&[a], &[b], None, 0.0, 1.0, &mut ga, &mut gb).unwrap();
        for stages in [ALL, BEST] {
            let got = plackett_luce(&[b, a], &[1, 0], &[2], stages, 1.0, &mut grad).unwrap();
            close(got.loss, pair.loss, 1e-13);
            prop_assert_eq!((got.pairs, got.correct), (pair.pairs, pair.correct));
            close(grad[1], ga[0], 1e-13);
            close(grad[0], gb[0], 1e-13);
        }
    }
}

#[test]
fn the_probabilities_of_all_orders_add_up_to_one() {
    let scores = [0.3, -1.2, 2.0];
    let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
    close(orders.iter().map(|o| (-loss(&scores, &ranks(o), ALL)).exp()).sum(), 1.0, 1e-14);
}

#[test]
fn the_best_of_four_is_softmax_cross_entropy() {
    let scores = [1.0, 0.5, -0.5, 2.0f64];
    let want = scores.map(f64::exp).iter().sum::<f64>().ln() - scores[1];
    let mut grad = [f64::NAN; 4];
    let got = plackett_luce(&scores, &[1, 0, 1, 1], &[4], BEST, 1.0, &mut grad).unwrap();
    close(got.loss, want, 1e-14);
    assert_eq!((got.pairs, got.correct), (3, 1), "the others are not compared");
    close(grad[0], (scores[0] - scores[1] - want).exp(), 1e-14);
}

#[test]
fn equal_scores_make_efron_the_mean_over_orders() {
    // Two of three tie for the first place; with equal scores every order has the same chance.
    let tied = |ties| loss(&[0.7; 3], &[0, 0, 1], Stages { top: None, ties });
    close(tied(RankTies::Efron), loss(&[0.7; 3], &[0, 1, 2], ALL), 1e-14);
    close(tied(RankTies::Breslow), 2.0 * 3f64.ln(), 1e-14);
}

#[test]
fn ties_are_refused_only_where_they_count() {
    let with = |ranks: &[u32], stages| {
        plackett_luce(&[1.0, 2.0, 3.0, 4.0], ranks, &[2, 4], stages, 1.0, &mut [0.0; 4])
    };
    assert_eq!(with(&[0, 1, 5, 5], ALL), Err(Error::Tied { name: "ranks", index: 3 }));
    assert!(with(&[0, 1, 5, 4], ALL).is_ok());
    assert!(k_wise(&[1.0, 2.0], &[5, 5], &[2], Ties::KeepDivisor, 1.0, &mut [0.0; 2]).is_ok());
    let none = Stages { top: Some(0), ..ALL };
    assert!(matches!(with(&[0, 1, 0, 1], none), Err(Error::Range { name: "top", .. })));
    let one = plackett_luce(&[1.0], &[0], &[1], ALL, 1.0, &mut [0.0]);
    assert_eq!(one, Err(Error::TooFew { name: "ranks", need: 2, got: 1 }));
    let far = plackett_luce(&[-1e3f32, 1e3], &[0, 1], &[2], ALL, 1.0, &mut [0.0; 2]).unwrap();
    assert_eq!(far.loss, 2000.0);
}
