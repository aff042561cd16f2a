use super::*;
use crate::capabilities::LearnRows;
use crate::loss::StateValues;
use crate::optim::Follow;
use crate::random::{Key, Stream};
use crate::roles::{Critic, Learner};
use crate::testing::{Table, loss_mask};
use crate::{Batch, HeldRows, Ragged, ready};
use std::vec;
use std::vec::Vec;

/// A field of three by three; the last cell ends a walk and is worth 1, a step costs 0.1.
const CELLS: u32 = 9;
const HOME: u32 = 8;
const DISCOUNT: f32 = 0.9;

fn neighbors(cell: u32) -> Vec<u32> {
    let near = |a: u32, b: u32| (a / 3).abs_diff(b / 3) + (a % 3).abs_diff(b % 3) == 1;
    (0..CELLS).filter(|&other| near(cell, other)).collect()
}

fn reward(cell: u32) -> f32 {
    if cell == HOME { 1.0 } else { -0.1 }
}

/// The best that can be had from a cell, by value iteration.
fn best_values() -> Vec<f32> {
    let mut values = vec![0.0f32; CELLS as usize];
    for cell in (0..20).flat_map(|_| 0..HOME) {
        let worth = |&to: &u32| reward(to) + DISCOUNT * values[to as usize];
        values[cell as usize] = neighbors(cell).iter().map(worth).fold(f32::MIN, f32::max);
    }
    values
}

/// Walks without aim, until they come home or are cut off.
fn walks() -> (Vec<u32>, Vec<usize>, Vec<bool>) {
    let (mut tokens, mut ends, mut over) = (Vec::new(), Vec::new(), Vec::new());
    for walk in 0..60 {
        let mut draws = Key::new(5, Stream::Data, 0).draws(walk);
        let mut cell = walk % HOME;
        tokens.push(cell);
        for _ in 0..12 {
            cell = *draws.pick(&neighbors(cell));
            tokens.push(cell);
            if cell == HOME {
                break;
            }
        }
        ends.push(tokens.len());
        over.push(cell == HOME);
    }
    (tokens, ends, over)
}

/// Two heads and a critic after learning from the walks.
fn learned(settings: Ilql) -> ([Table; 2], Table) {
    let (tokens, ends, over) = walks();
    let sequences = Ragged::new(&tokens, &ends).unwrap();
    let loss_mask = loss_mask(sequences);
    let batch = Batch::new(sequences, &loss_mask).unwrap();
    let n = loss_mask.iter().filter(|counts| **counts).count() as f64;
    let rewards: Vec<f32> = tokens.iter().map(|&cell| reward(cell)).collect();
    let mut heads = [Table::random(9, 1), Table::random(9, 2)];
    let mut lagging = heads.clone();
    let mut critic = Table::new(9, 1);
    let follow = Follow::Average { decay: 0.8 };
    let column = || vec![0.0; tokens.len()];
    let (mut values, mut worth, mut first, mut second) = (column(), column(), column(), column());
    for iteration in 1..=1500 {
        ready(critic.values(sequences, &mut values)).unwrap().unwrap();
        settings.targets(&rewards, &values, &ends, &over, &mut worth).unwrap();
        for head in &mut heads {
            let mut objective = ActionValues::new(&tokens, &worth, settings, n).unwrap();
            ready(head.accumulate_rows(batch, &mut objective)).unwrap().unwrap();
            head.descend(5.0);
        }
        for (lagging, taken) in lagging.iter_mut().zip([&mut first, &mut second]) {
            let held = ready(HeldRows::of(lagging, batch)).unwrap().unwrap();
            held.taken(&tokens, taken).unwrap();
        }
        first.iter_mut().zip(&second).for_each(|(a, b)| *a = a.min(*b));
        let mut objective = StateValues::new(&first, &loss_mask, settings, n).unwrap();
        ready(critic.accumulate(batch, &mut objective)).unwrap().unwrap();
        critic.descend(5.0);
        for (head, lagging) in heads.iter_mut().zip(&mut lagging) {
            ready(follow.follow(iteration, head, lagging)).unwrap().unwrap();
        }
    }
    (heads, critic)
}

#[test]
fn aimless_walks_teach_the_shortest_way() {
    let settings = Ilql { expectile: 0.99, discount: DISCOUNT.into(), conservatism: 0.0 };
    let (heads, critic) = learned(settings);
    let best = best_values();
    for cell in 0..HOME {
        let v = critic.weights[cell as usize];
        assert!((v - best[cell as usize]).abs() < 0.03, "{cell}: {v}, want {}", best[cell as usize]);
        for head in &heads {
            let row = &head.weights[head.row(cell)];
            for to in neighbors(cell) {
                let want = reward(to) + DISCOUNT * best[to as usize];
                assert!((row[to as usize] - want).abs() < 0.03, "{cell} to {to}");
            }
        }
    }
}

#[test]
fn the_conservative_term_keeps_to_what_was_written() {
    let settings = Ilql { expectile: 0.9, discount: DISCOUNT.into(), conservatism: 0.05 };
    let (heads, _) = learned(settings);
    let best = best_values();
    for head in &heads {
        for cell in 0..HOME {
            let chosen = crate::sampling::greedy(&head.weights[head.row(cell)]).unwrap();
            assert!(neighbors(cell).contains(&chosen), "{cell} to {chosen}");
            assert!(best[chosen as usize] > best[cell as usize] || chosen == HOME, "{cell} to {chosen}");
        }
    }
}

#[test]
fn a_split_changes_nothing() {
    let (actions, targets) = ([9, 1, 0], [f32::NAN, 1.0, -1.0]);
    let settings = Ilql { conservatism: 0.5, ..Ilql::default() };
    let run = |positions: &[usize]| {
        let mut objective = ActionValues::new(&actions, &targets, settings, 2.0).unwrap();
        let mut see = |&t: &usize| objective.row(t, &[0.5, -0.5], &mut [f32::NAN; 2]).unwrap();
        (positions.iter().map(&mut see).sum::<f64>(), objective.stats)
    };
    let ((whole, all), (a, mut part), (b, other)) = (run(&[1, 2]), run(&[1]), run(&[2]));
    part.merge(&other);
    assert_eq!((a + b, part), (whole, all));
    let mut objective = ActionValues::new(&actions, &targets, settings, 2.0).unwrap();
    let mut see = |t, q: &[f32]| objective.row(t, q, &mut vec![0.0; q.len()]);
    assert!(matches!(see(3, &[0.0; 2]), Err(Error::Shape { .. })));
    assert!(matches!(see(1, &[0.0]), Err(Error::Range { .. })));
    assert!(matches!(see(0, &[0.0; 10]), Err(Error::NotFinite { name: "target", .. })));
}
