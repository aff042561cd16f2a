//! Batches wider than any tile, and batches of nothing.

use super::Subject;
use super::company::{Reads, read};
use super::learn::{accumulate, descent, outputs_of, step, weights};
use super::measure::{Checked, Fault, Measured, ensure};
use super::probe::{Form, Output, Probe};
use super::run::wait;
use super::sampling::{key, sample, up_to};
use super::text::{Text, words};
use crate::Coupling;
use crate::roles::{Learner, Policy};
use crate::sampling::SamplingParams;
use alloc::vec::Vec;
use core::ops::Range;

/// Sizes one above those of tiles of 32, 64 and 1,024.
const WIDTHS: [usize; 3] = [33, 65, 1025];

/// So many short sequences.
fn wide<S: Subject>(subject: &S, sequences: usize) -> Text {
    Text::of((0..sequences).map(|i| words(subject, 1 + i % 3, 1000 + i as u32)))
}

/// Runs of at most `size` sequences: all of a few sequences, else those around the edges of tiles.
fn parts(sequences: usize, size: usize) -> Vec<Range<usize>> {
    if sequences < 100 {
        return (0..sequences).step_by(size).map(|start| start..(start + size).min(sequences)).collect();
    }
    let edges = [0, 32, 64, 128, 256, 342, 512, 683, 1024];
    edges.map(|edge: usize| edge.saturating_sub(size / 2)..(edge + size.div_ceil(2)).min(sequences)).to_vec()
}

/// In a batch of 33, 65 and 1,025 sequences each has the numbers that it has among five.
pub(super) fn sequences<S: Subject, R: Reads<S>>(subject: &S) -> Checked {
    let mut measured = Measured::within(subject.tolerances().same);
    let mut network = subject.fresh(1);
    for width in WIDTHS {
        let text = wide(subject, width);
        let whole = read::<S, R>(subject, &mut network, &text)?;
        for part in parts(width, 5) {
            let numbers = text.span(part.start).start..text.span(part.end - 1).end;
            let want = read::<S, R>(subject, &mut network, &text.pick(part.clone()))?;
            measured.all(&whole[if R::SEQUENCES { part } else { numbers }], &want)?;
        }
    }
    Ok(measured)
}

/// Among 33, 65 and 1,025 prompts each has the response that it has among five.
pub(super) fn prompts<S: Subject<Network: Policy>>(subject: &S) -> Checked {
    let mut measured = Measured::within(subject.tolerances().same);
    let mut network = subject.fresh(1);
    let sampling = SamplingParams::at_temperature(1.2);
    for width in WIDTHS {
        let text = wide(subject, width);
        let whole = sample(subject, &mut network, &text, &sampling, &up_to(3), key(60), 7)?;
        for part in parts(width, 5) {
            let (some, first) = (text.pick(part.clone()), 7 + part.start as u32);
            let out = sample(subject, &mut network, &some, &sampling, &up_to(3), key(60), first)?;
            for (i, j) in part.enumerate() {
                ensure(
                    out.response(i) == whole.response(j),
                    "a response depends on how many prompts there are",
                )?;
                measured.all(&out.log_probs[out.span(i)], &whole.log_probs[whole.span(j)])?;
            }
        }
    }
    Ok(measured)
}

/// A gradient of 33, 65 and 1,025 sequences at once is that of the same ones in parts. Of the 1,025 those around the edges of
/// tiles count, the others have a weight of 0: so the parts need not hold them.
pub(super) fn learning<S: Subject<Network: Learner>, O: Output>(subject: &S) -> Checked {
    let mut measured = Measured::within(subject.tolerances().same);
    // Heads share the body, whose widest batch one output is enough to see.
    for width in WIDTHS.into_iter().filter(|width| O::NEEDS.log_probs || *width < 1000) {
        let (text, parts) = (wide(subject, width), parts(width, 16));
        let all: Vec<f32> = weights::<O>(&text).iter().map(|w| w / width as f32).collect();
        let outputs = |range: &Range<usize>| {
            let start = if O::NEEDS.scores { range.start } else { text.span(range.start).start };
            start..start + O::count(&text.pick(range.clone()))
        };
        let mut weights = alloc::vec![0.0; all.len()];
        for outputs in parts.iter().map(outputs) {
            weights[outputs.clone()].copy_from_slice(&all[outputs]);
        }
        let outputs_after = |parts: &[Range<usize>]| -> Result<Vec<f32>, Fault> {
            let mut network = subject.fresh(1);
            for range in parts {
                let mut part = text.pick(range.clone());
                part.first = range.start as u32;
                accumulate::<S, O>(subject, &mut network, &part, &weights[outputs(range)])?;
            }
            let norm = step(subject, &mut network, descent(subject.tolerances().nudge, 1.0))?;
            let mut after = outputs_of::<S, O>(subject, &mut network, &text.pick(0..8))?;
            after.push(norm as f32);
            Ok(after)
        };
        let whole = outputs_after(core::slice::from_ref(&(0..width)))?;
        measured.all(&outputs_after(&parts)?, &whole)?;
    }
    Ok(measured)
}

/// A batch of no sequence has no numbers, and is no error.
pub(super) fn empty<S: Subject, R: Reads<S>>(subject: &S) -> Checked {
    let mut network = subject.fresh(1);
    let out = read::<S, R>(subject, &mut network, &Text::default())?;
    ensure(out.is_empty(), "a batch of no sequence has numbers")?;
    // And the network is as before.
    read::<S, R>(subject, &mut network, &Text::short(subject))?;
    Ok(Measured::within(0.0))
}

/// No prompts have no responses, and are no error.
pub(super) fn no_prompts<S: Subject<Network: Policy>>(subject: &S) -> Checked {
    let mut network = subject.fresh(1);
    let sampling = SamplingParams::at_temperature(1.0);
    let out = sample(subject, &mut network, &Text::default(), &sampling, &up_to(3), key(0), 0)?;
    ensure(out.is_empty() && out.tokens.is_empty(), "there are responses to no prompts")?;
    Ok(Measured::within(0.0))
}

/// A batch of no sequence, and one whose loss mask is false throughout, have the loss 0 and no gradient; what was accumulated
/// before stays.
pub(super) fn nothing_to_learn<S: Subject<Network: Learner>, O: Output>(subject: &S) -> Checked {
    let mut measured = Measured::within(subject.tolerances().same);
    let text = Text::short(subject);
    let weights = weights::<O>(&text);
    let mut unmasked = text.clone();
    unmasked.loss_mask.fill(false);
    let mut nothing = alloc::vec![Text::default()];
    if O::NEEDS.log_probs {
        nothing.push(unmasked);
    }
    for empty in nothing {
        let learn = |network: &mut S::Network| -> Result<(), Fault> {
            let mut probe = Probe::new::<O>(&empty, &weights, Form::Weighted, Coupling::Token);
            let loss = wait(subject, network.accumulate(empty.batch()?, &mut probe))?;
            ensure(loss == 0.0, "the loss of nothing is not 0")
        };
        let mut network = subject.fresh(1);
        learn(&mut network)?;
        measured.pair(step(subject, &mut network, descent(0.1, 1.0))?, 0.0);
        let norm = |network: &mut S::Network, between: bool| -> Result<f64, Fault> {
            accumulate::<S, O>(subject, network, &text, &weights)?;
            if between {
                learn(network)?;
            }
            step(subject, network, descent(0.0, 1.0))
        };
        let want = norm(&mut subject.fresh(1), false)?;
        measured.pair(norm(&mut subject.fresh(1), true)?, want);
        let before = outputs_of::<S, O>(subject, &mut subject.fresh(1), &text)?;
        measured.all(&outputs_of::<S, O>(subject, &mut network, &text)?, &before)?;
    }
    Ok(measured)
}
