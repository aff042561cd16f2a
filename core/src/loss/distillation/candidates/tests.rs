use super::*;
use crate::capabilities::{Candidates, LearnCandidates, LearnRows};
use crate::loss::{DistilRows, Divergence, Tail};
use crate::oracle::close;
use crate::testing::{Table, loss_mask};
use crate::{Batch, HeldRows, Ragged, ready};
use std::vec;
use std::vec::Vec;

const TAILS: [Tail; 3] = [Tail::Bucket, Tail::Renormalized, Tail::Dropped];

#[test]
fn every_id_as_a_candidate_is_the_whole_row() {
    let sequences = Ragged::new(&[0, 1, 2, 3, 3, 0, 2, 1, 3], &[5, 9]).unwrap();
    let loss_mask = loss_mask(sequences);
    let batch = Batch::new(sequences, &loss_mask).unwrap().at_temperature(0.7).unwrap();
    let positions: Vec<usize> = (0..9).filter(|&t| loss_mask[t]).collect();
    let (mut teacher, student) = (Table::random(4, 1), Table::random(4, 2));
    let held = ready(HeldRows::of(&mut teacher, batch)).unwrap().unwrap();
    let (mut ids, mut log_probs) = (vec![0; 28], vec![0.0; 28]);
    ready(teacher.top(batch, 4, &mut ids, &mut log_probs)).unwrap().unwrap();
    let half = Divergence::JensenShannon { beta: 0.5 };
    for (divergence, tail) in
        [Divergence::Forward, Divergence::Reverse, half].into_iter().flat_map(|d| TAILS.map(|t| (d, t)))
    {
        let settings = Distillation { divergence, tail, temperature: 0.7f32.into(), coefficient: 0.5 };
        let (mut from_rows, mut from_ids) = (student.clone(), student.clone());
        let mut rows = DistilRows::new(&held, settings, 7.0).unwrap();
        let mut some = DistilCandidates::new(&positions, &log_probs, settings, 7.0).unwrap();
        let want = ready(from_rows.accumulate_rows(batch, &mut rows)).unwrap().unwrap();
        let got = ready(from_ids.accumulate_candidates(batch, 4, &ids, &mut some)).unwrap().unwrap();
        close(got, want, 1e-6);
        close(some.stats.divergence, rows.stats.divergence, 1e-6);
        for (got, want) in from_ids.gradient.iter().zip(&from_rows.gradient) {
            close((*got).into(), (*want).into(), 1e-6);
        }
    }
}

#[test]
fn tiles_add_up_and_faults_have_their_place() {
    let positions = [1, 2, 5];
    let teacher = [-0.5f32, -1.5, -0.2, -3.0, -1.0, -1.1];
    let student = [-1.0f32, -0.7, -0.9, -2.0, -1.0, -1.1];
    let settings = Distillation::default();
    let run = |tiles: &[core::ops::Range<usize>]| {
        let mut objective = DistilCandidates::new(&positions, &teacher, settings, 3.0).unwrap();
        let (mut grad, mut loss) = ([f32::NAN; 6], 0.0);
        for tile in tiles {
            let wide = 2 * tile.start..2 * tile.end;
            let (positions, log_probs) = (&positions[tile.clone()], &student[wide.clone()]);
            loss += objective.candidates(positions, log_probs, &mut grad[wide]).unwrap();
        }
        (grad, loss, objective.stats)
    };
    let ((grad, loss, stats), (tiled, sum, merged)) = (run(&[0..2, 2..3]), run(&[0..1, 1..3]));
    assert_eq!((grad, stats.tokens), (tiled, merged.tokens));
    close(sum, loss, 1e-14);
    assert_eq!(grad[4..], [0.0, 0.0], "where the student is right it is left alone");
    let mut objective = DistilCandidates::new(&positions, &teacher, settings, 3.0).unwrap();
    let mut see = |position, x: [f32; 2]| objective.candidates(&[position], &x, &mut [0.0; 2]);
    assert!(matches!(see(3, [-1.0; 2]), Err(Error::Range { name: "position", .. })));
    let infinite = Err(Error::NotFinite { name: "divergence", index: 2 });
    assert_eq!(see(2, [f32::NEG_INFINITY, -1.0]), infinite);
    let ragged = DistilCandidates::new(&positions, &teacher[..5], settings, 3.0);
    assert!(matches!(ragged, Err(Error::Shape { name: "teacher", .. })));
}
