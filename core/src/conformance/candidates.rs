//! [`Candidates`]: several ids at a position.

use super::Subject;
use super::company::{bad_texts, read};
use super::measure::{Checked, Fault, Measured, ensure};
use super::probe::LogProbs;
use super::run::{Check, refused, wait};
use super::text::Text;
use crate::capabilities::Candidates;
use alloc::vec;
use alloc::vec::Vec;

pub(super) fn checks<S: Subject<Network: Candidates>>() -> [Check<S>; 4] {
    [("top", top), ("scored", scored), ("company", company), ("refusals", refusals)]
}

/// Returns the `k` most probable ids, written over `u32::MAX` and NaN so that missing ones show.
pub(super) fn likeliest<S: Subject<Network: Candidates>>(
    subject: &S,
    network: &mut S::Network,
    text: &Text,
    k: usize,
) -> Result<(Vec<u32>, Vec<f32>), Fault> {
    let n = text.positions().len() * k;
    let (mut ids, mut log_probs) = (vec![u32::MAX; n], vec![f32::NAN; n]);
    wait(subject, network.top(text.batch()?, k, &mut ids, &mut log_probs))?;
    let known = ids.iter().all(|id| (*id as usize) < subject.vocabulary());
    ensure(known && log_probs.iter().all(|l| l.is_finite()), "an output is not written, or not finite")?;
    Ok((ids, log_probs))
}

/// Log-probabilities of given ids.
pub(super) fn candidates_of<S: Subject<Network: Candidates>>(
    subject: &S,
    network: &mut S::Network,
    text: &Text,
    k: usize,
    ids: &[u32],
) -> Result<Vec<f32>, Fault> {
    let mut log_probs = vec![f32::NAN; ids.len()];
    wait(subject, network.candidates(text.batch()?, k, ids, &mut log_probs))?;
    ensure(log_probs.iter().all(|l| l.is_finite()), "an output is not written, or not finite")?;
    Ok(log_probs)
}

/// Of the whole vocabulary, each id comes once, in falling order, equal ones by rising id, and the
/// probabilities sum to 1; of fewer, the first of those come.
fn top<S: Subject<Network: Candidates>>(subject: &S) -> Checked {
    let mut measured = Measured::within(subject.tolerances().formula);
    let (text, mut network) = (Text::uneven(subject).at(0.7), subject.fresh(1));
    let vocabulary = subject.vocabulary();
    let (all, log_probs) = likeliest(subject, &mut network, &text, vocabulary)?;
    let (three, best) = likeliest(subject, &mut network, &text, 3)?;
    for (i, (ids, log_probs)) in
        all.chunks_exact(vocabulary).zip(log_probs.chunks_exact(vocabulary)).enumerate()
    {
        measured.pair(log_probs.iter().map(|l| libm::exp(f64::from(*l))).sum(), 1.0);
        let mut sorted = ids.to_vec();
        sorted.sort_unstable();
        ensure(sorted.iter().zip(0..).all(|(a, b)| *a == b), "an id comes twice")?;
        let falls = |j: usize| {
            log_probs[j - 1] > log_probs[j] || log_probs[j - 1] == log_probs[j] && ids[j - 1] < ids[j]
        };
        ensure((1..vocabulary).all(falls), "the likeliest ids are not in falling order")?;
        ensure(three[3 * i..3 * i + 3] == ids[..3], "fewer ids are not the first of more")?;
        measured.all(&best[3 * i..3 * i + 3], &log_probs[..3])?;
    }
    Ok(measured)
}

/// Candidates have the log-probabilities that the scorer gives them, at a temperature too.
fn scored<S: Subject<Network: Candidates>>(subject: &S) -> Checked {
    let mut measured = Measured::within(subject.tolerances().agree);
    let mut network = subject.fresh(1);
    for temperature in [1.0, 0.7] {
        let text = Text::uneven(subject).at(temperature);
        let positions = text.positions();
        let scores = read::<S, LogProbs>(subject, &mut network, &text)?;
        // The token and the id after it, which comes twice.
        let vocabulary = subject.vocabulary() as u32;
        let ids: Vec<u32> = positions
            .iter()
            .flat_map(|t| [0, 1, 1].map(|more| (text.tokens[*t] + more) % vocabulary))
            .collect();
        let got = candidates_of(subject, &mut network, &text, 3, &ids)?;
        for (&t, got) in positions.iter().zip(got.chunks_exact(3)) {
            measured.pair(got[0].into(), scores[t].into());
            measured.pair(got[1].into(), got[2].into());
        }
        let (ids, want) = likeliest(subject, &mut network, &text, 2)?;
        measured.all(&candidates_of(subject, &mut network, &text, 2, &ids)?, &want)?;
    }
    Ok(measured)
}

/// A sequence alone has the candidates that it has in a batch.
fn company<S: Subject<Network: Candidates>>(subject: &S) -> Checked {
    let mut measured = Measured::within(subject.tolerances().same);
    let (text, mut network) = (Text::uneven(subject), subject.fresh(1));
    let (ids, want) = likeliest(subject, &mut network, &text, 2)?;
    let (mut alone, mut log_probs) = (Vec::new(), Vec::new());
    for i in 0..text.len() {
        let part = likeliest(subject, &mut network, &text.pick([i]), 2)?;
        alone.extend(part.0);
        log_probs.extend(part.1);
    }
    ensure(alone == ids, "the likeliest ids depend on company")?;
    measured.all(&log_probs, &want)?;
    Ok(measured)
}

/// As the scorer's; a `k` of 0 or beyond the vocabulary, other lengths, an id outside the vocabulary.
fn refusals<S: Subject<Network: Candidates>>(subject: &S) -> Checked {
    let (text, mut network) = (Text::short(subject), subject.fresh(1));
    let (loss_mask, vocabulary) = (text.positions().len(), subject.vocabulary());
    likeliest(subject, &mut network, &text, vocabulary)?;
    for (what, k, len) in [
        ("a k of 0", 0, 0),
        ("a k beyond the vocabulary", vocabulary + 1, loss_mask * (vocabulary + 1)),
        ("outputs of another length", 2, loss_mask * 2 - 1),
    ] {
        let (mut ids, mut log_probs) = (vec![0; len], vec![0.0; len]);
        refused(subject, what, network.top(text.batch()?, k, &mut ids, &mut log_probs))?;
        refused(subject, what, network.candidates(text.batch()?, k, &ids, &mut log_probs))?;
    }
    let outside = vec![vocabulary as u32; loss_mask];
    let mut log_probs = vec![0.0; loss_mask];
    let call = network.candidates(text.batch()?, 1, &outside, &mut log_probs);
    refused(subject, "a candidate outside the vocabulary", call)?;
    for (what, bad) in bad_texts(subject) {
        let n = bad.positions().len();
        let (mut ids, mut log_probs) = (vec![0; n], vec![0.0; n]);
        refused(subject, what, network.top(bad.batch()?, 1, &mut ids, &mut log_probs))?;
    }
    Ok(Measured::within(0.0))
}
