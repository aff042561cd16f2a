use crate::error::check;
use crate::maths::{Divergence, Tail, distil_row, log_softmax};
use crate::ranges::{finite, positive};
use crate::{Error, HeldRows, RowObjective};
use alloc::vec::Vec;

/// How a student learns its teacher's distributions.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Distillation {
    /// What is made small.
    pub divergence: Divergence,
    /// What becomes of ids that are no candidates; whole rows have none.
    pub tail: Tail,
    /// Divides both networks' logits. For candidates it has to be the batch's.
    #[cfg_attr(feature = "schema", schemars(extend("exclusiveMinimum" = 0)))]
    pub temperature: f64,
    /// The loss's weight; Hinton et al. take the temperature's square.
    #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
    pub coefficient: f64,
}

impl Default for Distillation {
    fn default() -> Self {
        Self { divergence: Divergence::default(), tail: Tail::default(), temperature: 1.0, coefficient: 1.0 }
    }
}

impl Distillation {
    /// Checks every range.
    ///
    /// # Errors
    /// [`Error::Range`] or [`Error::NotFinite`] names the setting.
    pub fn validate(&self) -> Result<(), Error> {
        self.divergence.validate()?;
        positive("temperature", self.temperature)?;
        finite("coefficient", &[self.coefficient])
    }
}

/// What a student was taught. Sums, so that parts of a batch merge.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct DistillationStats {
    /// Tokens seen.
    pub tokens: usize,
    /// Σ divergence, in nats, without the coefficient.
    pub divergence: f64,
}

impl DistillationStats {
    /// Both parts together.
    pub fn merge(&mut self, other: &Self) {
        self.tokens += other.tokens;
        self.divergence += other.divergence;
    }
}

/// Distillation from a teacher's rows (see [`distil_row`]): `c·Σ D / n`. In
/// [`Divergence::Reverse`], with a reference as teacher, it is the exact KL of a policy from it.
#[derive(Clone, Debug, PartialEq)]
pub struct DistilRows<'a> {
    teacher: &'a HeldRows,
    settings: Distillation,
    denominator: f64,
    row: Vec<f32>,
    /// What was seen.
    pub stats: DistillationStats,
}

impl<'a> DistilRows<'a> {
    /// `teacher`: its logits at the tokens that the student owes. `denominator` counts the loss tokens of
    /// the whole optimizer batch.
    ///
    /// # Errors
    /// [`Error::Range`], [`Error::NotFinite`] for a setting or the denominator.
    pub fn new(teacher: &'a HeldRows, settings: Distillation, denominator: f64) -> Result<Self, Error> {
        settings.validate()?;
        positive("denominator", denominator)?;
        Ok(Self { teacher, settings, denominator, row: Vec::new(), stats: DistillationStats::default() })
    }
}

impl RowObjective for DistilRows<'_> {
    /// # Errors
    /// [`Error::Range`] for a position without a teacher's row; [`Error::Shape`]; [`Error::NotFinite`],
    /// with the position where a divergence is infinite.
    fn row(&mut self, position: usize, logits: &[f32], grad_logits: &mut [f32]) -> Result<f64, Error> {
        let Distillation { divergence, temperature, coefficient, .. } = self.settings;
        let teacher = self.teacher.row(position)?;
        check("teacher", teacher.len(), logits.len())?;
        self.row.resize(logits.len(), 0.0);
        log_softmax(teacher, temperature, &mut self.row)?;
        let weight = coefficient / self.denominator;
        let nats = distil_row(divergence, &self.row, logits, temperature, weight, grad_logits)
            .map_err(|error| at_position(error, position))?;
        self.stats.merge(&DistillationStats { tokens: 1, divergence: nats });
        Ok(weight * nats)
    }
}

/// The same error, telling which token of the batch has no finite divergence.
pub(super) fn at_position(error: Error, position: usize) -> Error {
    match error {
        Error::NotFinite { name: "divergence", .. } => {
            Error::NotFinite { name: "divergence", index: position }
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capabilities::LearnRows;
    use crate::maths::oracle::close;
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
            let loss: f64 =
                positions.iter().map(|&p| objective.row(p, &[0.5, 0.25], &mut grad).unwrap()).sum();
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
}
