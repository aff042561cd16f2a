//! [`Rows`]: whole rows of logits.

use super::Subject;
use super::company::{bad_texts, read};
use super::measure::{Checked, Fault, Measured, ensure};
use super::probe::LogProbs;
use super::run::{Check, refused, wait};
use super::text::Text;
use crate::capabilities::Rows;
use crate::log_probs::log_prob;
use alloc::vec::Vec;

pub(super) fn checks<S: Subject<Network: Rows>>() -> [Check<S>; 4] {
    [("order", order), ("scored", scored), ("company", company), ("refusals", refusals)]
}

/// Positions and rows, each of the row's length and finite.
pub(super) fn rows<S: Subject<Network: Rows>>(
    subject: &S,
    network: &mut S::Network,
    text: &Text,
) -> Result<(Vec<usize>, Vec<f32>), Fault> {
    let (mut positions, mut all, len) = (Vec::new(), Vec::new(), network.row_len());
    ensure(len == subject.vocabulary(), "a row is not as long as the vocabulary")?;
    let mut fits = true;
    let mut visit = |position: usize, row: &[f32]| {
        fits &= row.len() == len && row.iter().all(|z| z.is_finite());
        positions.push(position);
        all.extend_from_slice(row);
    };
    wait(subject, network.rows(text.batch()?, &mut visit))?;
    ensure(fits, "a row has another length, or is not finite")?;
    Ok((positions, all))
}

/// Each loss token's row comes once, in rising order.
fn order<S: Subject<Network: Rows>>(subject: &S) -> Checked {
    let mut text = Text::uneven(subject);
    let mut network = subject.fresh(1);
    for _ in 0..2 {
        let (positions, _) = rows(subject, &mut network, &text)?;
        ensure(positions == text.positions(), "rows are not those of the loss_mask tokens, in order")?;
        text.loss_mask.fill(false);
    }
    Ok(Measured::within(0.0))
}

/// Rows are logits as they are, which a temperature does not divide: with it they give the scorer's
/// log-probabilities.
fn scored<S: Subject<Network: Rows>>(subject: &S) -> Checked {
    let mut measured = Measured::within(subject.tolerances().formula);
    let mut network = subject.fresh(1);
    for temperature in [1.0, 0.7] {
        let text = Text::uneven(subject).at(temperature);
        let scores = read::<S, LogProbs>(subject, &mut network, &text)?;
        let (positions, all) = rows(subject, &mut network, &text)?;
        for (t, row) in positions.into_iter().zip(all.chunks_exact(subject.vocabulary())) {
            let (want, _) = log_prob(row, text.tokens[t] as usize, temperature.into())?;
            measured.pair(scores[t].into(), want.into());
        }
    }
    Ok(measured)
}

/// A sequence alone has the rows that it has in a batch.
fn company<S: Subject<Network: Rows>>(subject: &S) -> Checked {
    let mut measured = Measured::within(subject.tolerances().same);
    let (text, mut network) = (Text::uneven(subject), subject.fresh(1));
    let (_, whole) = rows(subject, &mut network, &text)?;
    let mut alone = Vec::new();
    for i in 0..text.len() {
        alone.extend(rows(subject, &mut network, &text.pick([i]))?.1);
    }
    measured.all(&alone, &whole)?;
    Ok(measured)
}

/// As the scorer's.
fn refusals<S: Subject<Network: Rows>>(subject: &S) -> Checked {
    let mut measured = Measured::within(subject.tolerances().same);
    let (text, mut network) = (Text::short(subject), subject.fresh(1));
    let (_, before) = rows(subject, &mut network, &text)?;
    for (what, bad) in bad_texts(subject) {
        refused(subject, what, network.rows(bad.batch()?, &mut |_, _| {}))?;
        measured.all(&rows(subject, &mut network, &text)?.1, &before)?;
    }
    Ok(measured)
}
