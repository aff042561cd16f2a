//! Batches wider than any tile, and batches of nothing.

use super::Subject;
use super::company::{Reads, read};
use super::learn::{descent, look, step, teach, weights};
use super::measure::{Checked, Fault, Measured, ensure};
use super::probe::{Form, Output, Probe};
use super::run::wait;
use super::sampling::{key, sample, up_to};
use super::text::{Text, words};
use crate::Coupling;
use crate::roles::{Learner, Policy};
use crate::sampling::SamplingParams;
use alloc::vec::Vec;

/// Sizes one above those of tiles of 32, 64 and 1,024.
const WIDTHS: [usize; 3] = [33, 65, 1025];

/// So many short sequences.
fn wide<S: Subject>(subject: &S, sequences: usize) -> Text {
    Text::of((0..sequences).map(|i| words(subject, 1 + i % 3, 1000 + i as u32)))
}

/// Sequences to ask about alone: all of a few, else those around the edges of tiles.
fn alone(sequences: usize) -> Vec<usize> {
    if sequences <= 33 {
        return (0..sequences).collect();
    }
    let edges = [0, 31, 32, 63, 64, 127, 128, 255, 256, 341, 342, 511, 512, 682, 683, 1023, 1024];
    edges.into_iter().filter(|i| *i < sequences).collect()
}

/// In a batch of 33, 65 and 1,025 sequences each has the numbers that it has alone.
pub(super) fn sequences<S: Subject, R: Reads<S>>(subject: &S) -> Checked {
    let mut measured = Measured::within(subject.tolerances().same);
    let mut network = subject.fresh(1);
    for width in WIDTHS {
        let text = wide(subject, width);
        let whole = read::<S, R>(subject, &mut network, &text)?;
        for i in alone(width) {
            let want = read::<S, R>(subject, &mut network, &text.pick([i]))?;
            measured.all(&whole[if R::SEQUENCES { i..i + 1 } else { text.span(i) }], &want)?;
        }
    }
    Ok(measured)
}

/// Among 33, 65 and 1,025 prompts each has the response that it has alone.
pub(super) fn prompts<S: Subject<Network: Policy>>(subject: &S) -> Checked {
    let mut measured = Measured::within(subject.tolerances().same);
    let mut network = subject.fresh(1);
    let sampling = SamplingParams::at_temperature(1.2);
    for width in WIDTHS {
        let text = wide(subject, width);
        let whole = sample(subject, &mut network, &text, &sampling, &up_to(3), key(60), 7)?;
        for i in alone(width) {
            let first = 7 + i as u32;
            let out = sample(subject, &mut network, &text.pick([i]), &sampling, &up_to(3), key(60), first)?;
            ensure(out.response(0) == whole.response(i), "a response depends on how many prompts there are")?;
            measured.all(&whole.log_probs[whole.span(i)], &out.log_probs)?;
        }
    }
    Ok(measured)
}

/// A gradient of 33, 65 and 1,025 sequences at once is that of the same ones in parts.
pub(super) fn learning<S: Subject<Network: Learner>, O: Output>(subject: &S) -> Checked {
    let mut measured = Measured::within(subject.tolerances().same);
    // Heads share the body, whose widest batch one output is enough to see.
    for width in WIDTHS.into_iter().filter(|width| O::NEEDS.log_probs || *width < 1000) {
        let text = wide(subject, width);
        let weights: Vec<f32> = weights::<O>(&text).iter().map(|w| w / width as f32).collect();
        let taught = |size: usize| -> Result<Vec<f32>, Fault> {
            let mut network = subject.fresh(1);
            for start in (0..width).step_by(size) {
                let end = (start + size).min(width);
                let mut part = text.pick(start..end);
                part.first = start as u32;
                let from = if O::NEEDS.scores { start } else { text.span(start).start };
                teach::<S, O>(subject, &mut network, &part, &weights[from..from + O::count(&part)])?;
            }
            let norm = step(subject, &mut network, descent(subject.tolerances().nudge, 1.0))?;
            let mut seen = look::<S, O>(subject, &mut network, &text.pick(0..8))?;
            seen.push(norm as f32);
            Ok(seen)
        };
        let whole = taught(width)?;
        measured.all(&taught(if width > 65 { 128 } else { 16 })?, &whole)?;
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
            teach::<S, O>(subject, network, &text, &weights)?;
            if between {
                learn(network)?;
            }
            step(subject, network, descent(0.0, 1.0))
        };
        let want = norm(&mut subject.fresh(1), false)?;
        measured.pair(norm(&mut subject.fresh(1), true)?, want);
        let before = look::<S, O>(subject, &mut subject.fresh(1), &text)?;
        measured.all(&look::<S, O>(subject, &mut network, &text)?, &before)?;
    }
    Ok(measured)
}
