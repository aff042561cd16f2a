//! Caches: after a network has learned, was given other weights, exchanged them with their average, or was saved and
//! loaded, every role uses its current weights.
//!
//! Each check calls the role first, so that its caches are filled, then changes the weights, then calls it again.

use super::candidates::likeliest;
use super::company::{Reads, read};
use super::exact::{Draws, Next};
use super::learn::{accumulate, adam, outputs_of, step, weights};
use super::measure::{Checked, Fault, Measured, ensure, moved};
use super::probe::{LogProbs, Output, Scores, Values};
use super::rows::rows;
use super::run::{Check, wait};
use super::sampling::{key, prompts, sample, up_to};
use super::text::Text;
use super::{Saved, Subject, WithDropout};
use crate::capabilities::{Candidates, Parameters, Rows};
use crate::log_probs::log_prob;
use crate::roles::{Averaged, Critic, Learner, Policy, Reference, Reward};
use crate::sampling::{Filters, Responses, SamplingParams};
use alloc::vec;
use alloc::vec::Vec;

/// Returns all numbers that a role gives for the kit's text.
type Outputs<S> = fn(&S, &mut <S as Subject>::Network) -> Result<Vec<f32>, Fault>;

fn log_probs<S: Subject<Network: Reference>>(
    subject: &S,
    network: &mut S::Network,
) -> Result<Vec<f32>, Fault> {
    read::<S, LogProbs>(subject, network, &Text::uneven(subject))
}

fn values<S: Subject<Network: Critic>>(subject: &S, network: &mut S::Network) -> Result<Vec<f32>, Fault> {
    read::<S, Values>(subject, network, &Text::uneven(subject))
}

fn scores<S: Subject<Network: Reward>>(subject: &S, network: &mut S::Network) -> Result<Vec<f32>, Fault> {
    read::<S, Scores>(subject, network, &Text::uneven(subject))
}

fn logits<S: Subject<Network: Rows>>(subject: &S, network: &mut S::Network) -> Result<Vec<f32>, Fault> {
    Ok(rows(subject, network, &Text::uneven(subject))?.1)
}

fn top<S: Subject<Network: Candidates>>(subject: &S, network: &mut S::Network) -> Result<Vec<f32>, Fault> {
    let (ids, log_probs) = likeliest(subject, network, &Text::uneven(subject), 3)?;
    Ok(ids.into_iter().map(|id| id as f32).chain(log_probs).collect())
}

/// Responses that draw much.
fn drawn<S: Subject<Network: Policy>>(subject: &S, network: &mut S::Network) -> Result<Responses, Fault> {
    let sampling = SamplingParams::at_temperature(1.3);
    sample(subject, network, &prompts(subject), &sampling, &up_to(4), key(50), 0)
}

fn samples<S: Subject<Network: Policy>>(subject: &S, network: &mut S::Network) -> Result<Vec<f32>, Fault> {
    let out = drawn(subject, network)?;
    Ok(out.tokens.iter().map(|token| *token as f32).chain(out.log_probs).collect())
}

/// One of three steps that are unlike each other.
fn learn<S: Subject<Network: Learner>, O: Output>(
    subject: &S,
    network: &mut S::Network,
    index: usize,
) -> Result<(), Fault> {
    let text = Text::uneven(subject);
    let sign = [1.0, -1.0, 1.0][index];
    let weights: Vec<f32> = weights::<O>(&text).iter().map(|w| sign * w).collect();
    accumulate::<S, O>(subject, network, &text, &weights)?;
    step(subject, network, adam([0.05, 0.08, 0.02][index])).map(|_| ())
}

/// After each of three steps the role gives the numbers that a learner passes to its objective.
pub(super) fn after_step<S: Subject<Network: Learner>, O: Output + Reads<S>>(subject: &S) -> Checked {
    let mut measured = Measured::within(subject.tolerances().agree);
    let (text, mut network) = (Text::uneven(subject), subject.fresh(1));
    let mut before = read::<S, O>(subject, &mut network, &text)?;
    for index in 0..3 {
        learn::<S, O>(subject, &mut network, index)?;
        let after = read::<S, O>(subject, &mut network, &text)?;
        moved(&before, &after, "a step does not change the role's outputs: it reads old weights")?;
        let shown = outputs_of::<S, O>(subject, &mut network, &text)?;
        let places = O::positions(&text).into_iter().map(|place| after[place]).collect::<Vec<_>>();
        measured.all(&places, &shown)?;
        before = after;
    }
    Ok(measured)
}

/// Returns the log-probabilities of the next token after each of some texts, as a learner passes them to its objective.
fn next_by_learner<S: Subject<Network: Learner>>(
    subject: &S,
    network: &mut S::Network,
    prefixes: &[Vec<u32>],
) -> Result<Vec<Vec<f32>>, Fault> {
    let log_probs = outputs_of::<S, LogProbs>(subject, network, &Text::continued(subject, prefixes))?;
    Ok(log_probs.chunks(subject.vocabulary()).map(<[f32]>::to_vec).collect())
}

pub(super) fn step_sampler<S: Subject<Network: Learner + Policy>>() -> [Check<S>; 1] {
    [("after_step", sampler_after_step)]
}

/// After each of three steps, samples have the log-probabilities that a learner passes to its objective, and follow them.
fn sampler_after_step<S: Subject<Network: Learner + Policy>>(subject: &S) -> Checked {
    let mut measured = Measured::within(subject.tolerances().agree);
    let (prompts, mut network) = (prompts(subject), subject.fresh(1));
    let mut before = drawn(subject, &mut network)?;
    for index in 0..3 {
        learn::<S, LogProbs>(subject, &mut network, index)?;
        let out = drawn(subject, &mut network)?;
        ensure(
            before.log_probs != out.log_probs,
            "a step does not change what is sampled: the sampler reads old weights",
        )?;
        let whole = (0..prompts.len()).map(|i| [&prompts.tokens[prompts.span(i)], out.response(i)].concat());
        let mut text = Text::of(whole).at(1.3);
        for i in 0..prompts.len() {
            let start = text.span(i).start;
            text.loss_mask[start..start + prompts.span(i).len()].fill(false);
        }
        measured.all(&out.log_probs, &outputs_of::<S, LogProbs>(subject, &mut network, &text)?)?;
        // Draw by draw after the last step alone, since it takes a pass for each.
        if index == 2 {
            let mut next: Next<'_, S::Network> =
                &mut |network, texts| next_by_learner(subject, network, texts);
            let filters = Filters { temperature: 1.3, ..Filters::default() };
            let draws = Draws { prompts: &prompts, filters, key: key(50), first: 0 };
            draws.exactly(&mut network, &out, &mut next, &mut measured)?;
        }
        before = out;
    }
    Ok(measured)
}

pub(super) fn step_rows<S: Subject<Network: Learner + Rows>>() -> [Check<S>; 1] {
    [("after_step", rows_after_step)]
}

/// After each of three steps, rows give the log-probabilities that the learner shows.
fn rows_after_step<S: Subject<Network: Learner + Rows>>(subject: &S) -> Checked {
    let mut measured = Measured::within(subject.tolerances().formula);
    let (text, mut network) = (Text::uneven(subject), subject.fresh(1));
    let mut before = logits(subject, &mut network)?;
    for index in 0..3 {
        learn::<S, LogProbs>(subject, &mut network, index)?;
        let rows = logits(subject, &mut network)?;
        moved(&before, &rows, "a step does not change the rows: they are made with old weights")?;
        let shown = outputs_of::<S, LogProbs>(subject, &mut network, &text)?;
        for ((t, row), shown) in
            text.positions().into_iter().zip(rows.chunks_exact(subject.vocabulary())).zip(shown)
        {
            measured.pair(log_prob(row, text.tokens[t] as usize, 1.0)?.0.into(), shown.into());
        }
        before = rows;
    }
    Ok(measured)
}

pub(super) fn step_candidates<S: Subject<Network: Learner + Candidates>>() -> [Check<S>; 1] {
    [("after_step", candidates_after_step)]
}

/// After each of three steps, the likeliest ids have the log-probabilities that the learner shows.
fn candidates_after_step<S: Subject<Network: Learner + Candidates>>(subject: &S) -> Checked {
    let mut measured = Measured::within(subject.tolerances().agree);
    let (text, mut network) = (Text::uneven(subject), subject.fresh(1));
    likeliest(subject, &mut network, &text, 3)?;
    for index in 0..3 {
        learn::<S, LogProbs>(subject, &mut network, index)?;
        let (ids, log_probs) = likeliest(subject, &mut network, &text, 3)?;
        let some: Vec<(usize, usize)> = text.positions().into_iter().enumerate().step_by(6).collect();
        let prefixes: Vec<Vec<u32>> = some
            .iter()
            .map(|&(_, t)| {
                let start = text.ends.iter().copied().filter(|end| *end <= t).max().unwrap_or(0);
                text.tokens[start..t].to_vec()
            })
            .collect();
        for ((i, _), all) in some.into_iter().zip(next_by_learner(subject, &mut network, &prefixes)?) {
            let mut falling = all.clone();
            falling.sort_by(|a, b| b.total_cmp(a));
            for j in 0..3 {
                measured.pair(log_probs[3 * i + j].into(), all[ids[3 * i + j] as usize].into());
                measured.pair(log_probs[3 * i + j].into(), falling[j].into());
            }
        }
    }
    Ok(measured)
}

/// A network that was used and trained, and was then given another's weights, gives the other's numbers.
fn after_write<S: Subject<Network: Parameters>>(subject: &S, outputs: Outputs<S>) -> Checked {
    let mut measured = Measured::within(subject.tolerances().same);
    let (mut network, mut other) = (subject.fresh(1), subject.fresh(2));
    let before = outputs(subject, &mut network)?;
    learn::<S, LogProbs>(subject, &mut network, 0)?;
    outputs(subject, &mut network)?;
    let mut weights_of_other = vec![0.0; other.parameters()];
    wait(subject, other.read(&mut weights_of_other))?;
    wait(subject, network.write(&weights_of_other))?;
    let after = outputs(subject, &mut network)?;
    moved(&before, &after, "other weights change nothing")?;
    measured.all(&after, &outputs(subject, &mut other)?)?;
    Ok(measured)
}

pub(super) fn write_sampler<S: Subject<Network: Parameters + Policy>>() -> [Check<S>; 2] {
    [("sampler_after_write", |subject| after_write(subject, samples)), ("ties", ties)]
}

pub(super) fn write_critic<S: Subject<Network: Parameters + Critic>>() -> [Check<S>; 1] {
    [("values_after_write", |subject| after_write(subject, values))]
}

pub(super) fn write_reward<S: Subject<Network: Parameters + Reward>>() -> [Check<S>; 1] {
    [("scores_after_write", |subject| after_write(subject, scores))]
}

pub(super) fn write_rows<S: Subject<Network: Parameters + Rows>>() -> [Check<S>; 1] {
    [("rows_after_write", |subject| after_write(subject, logits))]
}

pub(super) fn write_candidates<S: Subject<Network: Parameters + Candidates>>() -> [Check<S>; 1] {
    [("candidates_after_write", |subject| after_write(subject, top))]
}

/// Of equally probable ids, greedy sampling takes the smallest: where all weights are 0, all ids are.
fn ties<S: Subject<Network: Parameters + Policy>>(subject: &S) -> Checked {
    let mut network = subject.fresh(1);
    wait(subject, network.write(&vec![0.0; network.parameters()]))?;
    let out =
        sample(subject, &mut network, &prompts(subject), &SamplingParams::Greedy, &up_to(2), key(0), 0)?;
    ensure(
        out.tokens.iter().all(|token| *token == 0),
        "of equally probable ids another than the smallest is taken",
    )?;
    Ok(Measured::within(0.0))
}

/// A network that keeps the average of its first weights and then learns gives its first numbers after a swap, and its
/// latest numbers after another swap.
fn after_swap<S: Subject<Network: Averaged>>(subject: &S, outputs: Outputs<S>) -> Checked {
    let mut measured = Measured::within(subject.tolerances().same);
    let mut network = subject.fresh(1);
    let first = outputs(subject, &mut network)?;
    wait(subject, network.average(0.5))?;
    learn::<S, LogProbs>(subject, &mut network, 0)?;
    let learned = outputs(subject, &mut network)?;
    for want in [&first, &learned] {
        wait(subject, network.swap_average())?;
        measured.all(&outputs(subject, &mut network)?, want)?;
    }
    Ok(measured)
}

pub(super) fn swap_sampler<S: Subject<Network: Averaged + Policy>>() -> [Check<S>; 1] {
    [("sampler_after_swap", |subject| after_swap(subject, samples))]
}

pub(super) fn swap_critic<S: Subject<Network: Averaged + Critic>>() -> [Check<S>; 1] {
    [("values_after_swap", |subject| after_swap(subject, values))]
}

pub(super) fn swap_reward<S: Subject<Network: Averaged + Reward>>() -> [Check<S>; 1] {
    [("scores_after_swap", |subject| after_swap(subject, scores))]
}

pub(super) fn swap_rows<S: Subject<Network: Averaged + Rows>>() -> [Check<S>; 1] {
    [("rows_after_swap", |subject| after_swap(subject, logits))]
}

pub(super) fn swap_candidates<S: Subject<Network: Averaged + Candidates>>() -> [Check<S>; 1] {
    [("candidates_after_swap", |subject| after_swap(subject, top))]
}

/// A trained network gives the same numbers after saving and loading, and so does the one that was saved.
fn after_load<S: Saved<Network: Learner>>(subject: &S, outputs: Outputs<S>) -> Checked {
    let mut measured = Measured::within(0.0);
    let mut network = subject.fresh(1);
    learn::<S, LogProbs>(subject, &mut network, 0)?;
    let want = outputs(subject, &mut network)?;
    let mut loaded = subject.reload(&mut network);
    measured.all(&outputs(subject, &mut loaded)?, &want)?;
    measured.all(&outputs(subject, &mut network)?, &want)?;
    Ok(measured)
}

pub(super) fn load_learner<S: Saved<Network: Learner + Reference>>() -> [Check<S>; 2] {
    [("log_probs_after_load", |subject| after_load(subject, log_probs)), ("step_after_load", step_after_load)]
}

pub(super) fn load_sampler<S: Saved<Network: Learner + Policy>>() -> [Check<S>; 1] {
    [("sampler_after_load", |subject| after_load(subject, samples))]
}

pub(super) fn load_critic<S: Saved<Network: Learner + Critic>>() -> [Check<S>; 1] {
    [("values_after_load", |subject| after_load(subject, values))]
}

pub(super) fn load_reward<S: Saved<Network: Learner + Reward>>() -> [Check<S>; 1] {
    [("scores_after_load", |subject| after_load(subject, scores))]
}

/// A step after saving and loading is the step without: the moments and their count are saved.
fn step_after_load<S: Saved<Network: Learner + Reference>>(subject: &S) -> Checked {
    let mut measured = Measured::within(0.0);
    let (mut saved, mut other) = (subject.fresh(1), subject.fresh(1));
    for network in [&mut saved, &mut other] {
        learn::<S, LogProbs>(subject, network, 0)?;
    }
    let mut loaded = subject.reload(&mut saved);
    for network in [&mut loaded, &mut other] {
        learn::<S, LogProbs>(subject, network, 1)?;
        learn::<S, LogProbs>(subject, network, 2)?;
    }
    measured.all(&log_probs(subject, &mut loaded)?, &log_probs(subject, &mut other)?)?;
    Ok(measured)
}

pub(super) fn load_average<S: Saved<Network: Averaged + Reference>>() -> [Check<S>; 1] {
    [("average_after_load", average_after_load)]
}

/// The moving average is saved: after loading, a swap gives the same numbers as without saving.
fn average_after_load<S: Saved<Network: Averaged + Reference>>(subject: &S) -> Checked {
    let mut measured = Measured::within(0.0);
    let (mut saved, mut other) = (subject.fresh(1), subject.fresh(1));
    for network in [&mut saved, &mut other] {
        wait(subject, network.average(0.5))?;
        learn::<S, LogProbs>(subject, network, 0)?;
        wait(subject, network.average(0.5))?;
    }
    let mut loaded = subject.reload(&mut saved);
    for network in [&mut loaded, &mut other] {
        wait(subject, network.swap_average())?;
    }
    measured.all(&log_probs(subject, &mut loaded)?, &log_probs(subject, &mut other)?)?;
    Ok(measured)
}

pub(super) fn load_dropout<S: Saved<Network: Learner + Reference> + WithDropout>() -> [Check<S>; 1] {
    [("dropout_after_load", dropout_after_load)]
}

/// With dropout on, a step after saving and loading is the step without: it drops the same. Each step drops something else.
fn dropout_after_load<S: Saved<Network: Learner + Reference> + WithDropout>(subject: &S) -> Checked {
    let mut measured = Measured::within(0.0);
    let text = Text::uneven(subject);
    let (mut saved, mut other) = (subject.with_dropout(1), subject.with_dropout(1));
    let mut before = outputs_of::<S, LogProbs>(subject, &mut subject.fresh(1), &text)?;
    for _ in 0..2 {
        let dropped = outputs_of::<S, LogProbs>(subject, &mut saved, &text)?;
        moved(&before, &dropped, "dropout is off, or drops the same at every step")?;
        before = dropped;
        for network in [&mut saved, &mut other] {
            accumulate::<S, LogProbs>(subject, network, &text, &weights::<LogProbs>(&text))?;
            step(subject, network, adam(0.0))?;
        }
    }
    let mut loaded = subject.reload(&mut saved);
    for index in 0..2 {
        for network in [&mut loaded, &mut other] {
            learn::<S, LogProbs>(subject, network, index)?;
        }
    }
    measured.all(&log_probs(subject, &mut loaded)?, &log_probs(subject, &mut other)?)?;
    Ok(measured)
}
