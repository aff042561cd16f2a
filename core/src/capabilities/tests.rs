//! Default bodies, and types that override them.

use super::*;
use crate::Ragged;
use crate::log_probs::log_softmax;
use crate::ready;
use crate::testing::Table;
use alloc::vec;
use alloc::vec::Vec;

const TOKENS: [u32; 5] = [3, 1, 4, 1, 5];
const ENDS: [usize; 2] = [3, 5];
const LOSS_MASK: [bool; 5] = [false, true, true, false, true];

fn batch() -> Batch<'static> {
    Batch::new(Ragged::new(&TOKENS, &ENDS).unwrap(), &LOSS_MASK).unwrap().at_temperature(0.6).unwrap()
}

/// Sorts whole rows, the slow way.
fn sorted(network: &Table, k: usize) -> (Vec<u32>, Vec<f32>) {
    let (mut ids, mut log_probs) = (Vec::new(), Vec::new());
    for previous in [3, 1, 1] {
        let mut all = vec![0.0; 7];
        log_softmax(&network.weights[network.row(previous)], f64::from(0.6f32), &mut all).unwrap();
        let mut order: Vec<u32> = (0..7).collect();
        order.sort_by(|a, b| all[*b as usize].total_cmp(&all[*a as usize]));
        ids.extend_from_slice(&order[..k]);
        log_probs.extend(order[..k].iter().map(|id| all[*id as usize]));
    }
    (ids, log_probs)
}

#[test]
fn candidates_come_from_rows() {
    let mut table = Table::random(7, 5);
    // Equal logits: the smaller id comes first.
    table.weights.copy_within(7..8, 9);
    table.weights.copy_within(7..8, 13);
    for k in [1, 3, 7] {
        let (mut ids, mut log_probs) = (vec![9; 3 * k], vec![f32::NAN; 3 * k]);
        ready(table.top(batch(), k, &mut ids, &mut log_probs)).unwrap().unwrap();
        assert_eq!((ids.clone(), log_probs.clone()), sorted(&table, k));
        let mut again = vec![f32::NAN; 3 * k];
        ready(table.candidates(batch(), k, &ids, &mut again)).unwrap().unwrap();
        assert_eq!(again, log_probs);
    }
    let mut refused = |k, ids: usize, log_probs: usize| {
        let (mut ids, mut log_probs) = (vec![0; ids], vec![0.0; log_probs]);
        assert!(ready(table.top(batch(), k, &mut ids, &mut log_probs)).unwrap().is_err());
        assert!(ready(table.candidates(batch(), k, &ids, &mut log_probs)).unwrap().is_err());
    };
    refused(0, 0, 0);
    refused(8, 24, 24);
    refused(2, 5, 6);
    refused(2, 6, 5);
    assert!(ready(table.candidates(batch(), 1, &[0, 7, 0], &mut [0.0; 3])).unwrap().is_err());
    table.weights[9] = f32::NAN;
    assert!(ready(table.top(batch(), 1, &mut [0; 3], &mut [0.0; 3])).unwrap().is_err());
}

/// Fetches no row: its ids are all 6, and their log-probabilities −2.
struct Overrides(Table);

impl Reference for Overrides {
    type Error = Error;

    async fn log_probs(&mut self, batch: Batch<'_>, out: &mut [f32]) -> Result<(), Error> {
        self.0.log_probs(batch, out).await
    }
}

impl Rows for Overrides {
    fn row_len(&self) -> usize {
        7
    }

    async fn rows(&mut self, _: Batch<'_>, _: &mut dyn FnMut(usize, &[f32])) -> Result<(), Error> {
        unreachable!("both methods are overridden")
    }
}

impl Candidates for Overrides {
    async fn top(
        &mut self,
        _: Batch<'_>,
        _: usize,
        ids: &mut [u32],
        log_probs: &mut [f32],
    ) -> Result<(), Error> {
        ids.fill(6);
        log_probs.fill(-2.0);
        Ok(())
    }

    async fn candidates(
        &mut self,
        _: Batch<'_>,
        _: usize,
        _: &[u32],
        log_probs: &mut [f32],
    ) -> Result<(), Error> {
        log_probs.fill(-2.0);
        Ok(())
    }
}

impl Learner for Overrides {
    type Error = Error;

    async fn accumulate<O: crate::Objective>(&mut self, batch: Batch<'_>, o: &mut O) -> Result<f64, Error> {
        self.0.accumulate(batch, o).await
    }

    async fn zero_grad(&mut self) -> Result<(), Error> {
        self.0.zero_grad().await
    }

    async fn step(&mut self, update: &crate::optim::Update) -> Result<f64, Error> {
        self.0.step(update).await
    }
}

impl LearnCandidates for Overrides {
    async fn accumulate_candidates<O: CandidateObjective>(
        &mut self,
        batch: Batch<'_>,
        k: usize,
        ids: &[u32],
        objective: &mut O,
    ) -> Result<f64, Error> {
        self.0.accumulate_candidates(batch, k, ids, objective).await
    }
}

/// Calls both methods of a network that a trainer knows by its trait alone.
fn both(mut network: impl Candidates) -> (Vec<u32>, Vec<f32>, Vec<f32>) {
    let (mut ids, mut top, mut given) = (vec![0; 6], vec![0.0; 6], vec![0.0; 6]);
    ready(network.top(batch(), 2, &mut ids, &mut top)).unwrap().unwrap();
    ready(network.candidates(batch(), 2, &ids, &mut given)).unwrap().unwrap();
    (ids, top, given)
}

#[test]
fn an_override_is_called_borrowed_and_boxed_too() {
    let want = (vec![6; 6], vec![-2.0; 6], vec![-2.0; 6]);
    let mut network = Overrides(Table::random(7, 5));
    assert_eq!(both(&mut network), want);
    assert_eq!(both(&mut &mut network), want);
    let boxed: &mut dyn crate::network::DynCandidates = &mut network;
    let (mut ids, mut top, mut given) = (vec![0; 6], vec![0.0; 6], vec![0.0; 6]);
    ready(boxed.top(batch(), 2, &mut ids, &mut top)).unwrap().unwrap();
    ready(boxed.candidates(batch(), 2, &ids, &mut given)).unwrap().unwrap();
    assert_eq!((ids, top, given), want);
    assert_eq!(both(network), want);
}
