use super::*;
use crate::capabilities::LearnRows;
use crate::oracle::close;
use crate::testing::{Table, loss_mask};
use crate::{Batch, Ragged, ready};
use std::vec;

const TEXT: [u32; 9] = [0, 1, 2, 3, 3, 0, 2, 1, 3];

#[test]
fn a_student_becomes_its_teacher_where_it_looks() {
    let sequences = Ragged::new(&TEXT, &[5, 9]).unwrap();
    let loss_mask = loss_mask(sequences);
    let batch = Batch::new(sequences, &loss_mask).unwrap();
    let mut teacher = Table::random(4, 1);
    let held = ready(HeldRows::of(&mut teacher, batch)).unwrap().unwrap();
    let half = Divergence::JensenShannon { beta: 0.5 };
    for divergence in [Divergence::Forward, Divergence::Reverse, half] {
        let settings = Distillation { divergence, temperature: 1.5, ..Distillation::default() };
        let mut student = Table::random(4, 2);
        let learn = |student: &mut Table| {
            let mut objective = DistilRows::new(&held, settings, 7.0).unwrap();
            let loss = ready(student.accumulate_rows(batch, &mut objective)).unwrap().unwrap();
            assert_eq!(objective.stats.tokens, 7);
            close(objective.stats.divergence / 7.0, loss, 1e-14);
            loss
        };
        assert!(learn(&mut student) > 5e-3);
        for _ in 0..4000 {
            learn(&mut student);
            student.descend(3.0);
        }
        assert!(learn(&mut student) < 1e-5);
        let mut same = teacher.clone();
        assert_eq!(learn(&mut same), 0.0);
        assert_eq!(same.gradient, [0.0; 16]);
    }
}

#[test]
fn a_split_changes_nothing_and_faults_have_their_place() {
    let held = HeldRows::new(vec![1, 3], 2, vec![0.0, 1.0, 2.0, f32::NEG_INFINITY]).unwrap();
    let settings = Distillation { coefficient: 2.0, ..Distillation::default() };
    let run = |positions: &[usize]| {
        let mut objective = DistilRows::new(&held, settings, 2.0).unwrap();
        let mut grad = [f32::NAN; 2];
        let loss: f64 = positions.iter().map(|&p| objective.row(p, &[0.5, 0.25], &mut grad).unwrap()).sum();
        (loss, objective.stats)
    };
    let ((whole, all), (a, mut part), (b, other)) = (run(&[1, 3]), run(&[1]), run(&[3]));
    part.merge(&other);
    assert_eq!((a + b, part), (whole, all));
    let reverse = Distillation { divergence: Divergence::Reverse, ..settings };
    let mut objective = DistilRows::new(&held, reverse, 2.0).unwrap();
    let mut grad = [0.0; 2];
    assert!(objective.row(1, &[0.5, 0.25], &mut grad).is_ok());
    let infinite = Err(Error::NotFinite { name: "divergence", index: 3 });
    assert_eq!(objective.row(3, &[0.5, 0.25], &mut grad), infinite);
    assert!(matches!(objective.row(2, &[0.5, 0.25], &mut grad), Err(Error::Range { .. })));
    assert!(matches!(objective.row(1, &[0.5], &mut grad[..1]), Err(Error::Shape { .. })));
    assert!(DistilRows::new(&held, settings, 0.0).is_err());
    assert!(Distillation { temperature: 0.0, ..settings }.validate().is_err());
    assert!(Distillation { coefficient: f64::NAN, ..settings }.validate().is_err());
}
