//! Checks that log-probabilities, values and scores share: a text's numbers do not depend on the rest of the batch.

use super::Subject;
use super::measure::{Checked, Fault, Measured, ensure, moved};
use super::probe::{LogProbs, Scores, Values};
use super::run::{refused, wait};
use super::text::{Text, words};
use crate::Batch;
use crate::roles::{Critic, Reference, Reward};
use alloc::vec;
use alloc::vec::Vec;
use core::future::Future;

/// A role that scores texts.
pub(super) trait Reads<S: Subject> {
    /// `true` if there is a number for each sequence, `false` if there is one for each token.
    const SEQUENCES: bool;
    type Error: core::error::Error;

    fn call(
        network: &mut S::Network,
        batch: Batch<'_>,
        out: &mut [f32],
    ) -> impl Future<Output = Result<(), Self::Error>>;
}

impl<S: Subject<Network: Reference>> Reads<S> for LogProbs {
    const SEQUENCES: bool = false;
    type Error = <S::Network as Reference>::Error;

    async fn call(network: &mut S::Network, batch: Batch<'_>, out: &mut [f32]) -> Result<(), Self::Error> {
        network.log_probs(batch, out).await
    }
}

impl<S: Subject<Network: Critic>> Reads<S> for Values {
    const SEQUENCES: bool = false;
    type Error = <S::Network as Critic>::Error;

    async fn call(network: &mut S::Network, batch: Batch<'_>, out: &mut [f32]) -> Result<(), Self::Error> {
        network.values(batch.sequences(), out).await
    }
}

impl<S: Subject<Network: Reward>> Reads<S> for Scores {
    const SEQUENCES: bool = true;
    type Error = <S::Network as Reward>::Error;

    async fn call(network: &mut S::Network, batch: Batch<'_>, out: &mut [f32]) -> Result<(), Self::Error> {
        network.score(batch.sequences(), out).await
    }
}

/// Returns the numbers of a text, written over NaNs so that a missing one shows.
pub(super) fn read<S: Subject, R: Reads<S>>(
    subject: &S,
    network: &mut S::Network,
    text: &Text,
) -> Result<Vec<f32>, Fault> {
    let mut out = vec![f32::NAN; if R::SEQUENCES { text.len() } else { text.tokens.len() }];
    wait(subject, R::call(network, text.batch()?, &mut out))?;
    ensure(out.iter().all(|x| x.is_finite()), "an output is not written, or not finite")?;
    Ok(out)
}

/// Sequence `i`'s part of a text's numbers.
fn part<'a, S: Subject, R: Reads<S>>(text: &Text, out: &'a [f32], i: usize) -> &'a [f32] {
    &out[if R::SEQUENCES { i..i + 1 } else { text.span(i) }]
}

/// Every output is written, and finite.
pub(super) fn writes<S: Subject, R: Reads<S>>(subject: &S) -> Checked {
    let mut network = subject.fresh(1);
    read::<S, R>(subject, &mut network, &Text::uneven(subject))?;
    Ok(Measured::within(0.0))
}

/// A text has the same numbers in a second call and in another network of the same seed, and other numbers
/// in a network of another seed.
pub(super) fn repeats<S: Subject, R: Reads<S>>(subject: &S) -> Checked {
    let mut measured = Measured::within(subject.tolerances().same);
    let (text, mut network) = (Text::uneven(subject), subject.fresh(1));
    let first = read::<S, R>(subject, &mut network, &text)?;
    measured.all(&read::<S, R>(subject, &mut network, &text)?, &first)?;
    measured.all(&read::<S, R>(subject, &mut subject.fresh(1), &text)?, &first)?;
    let other = read::<S, R>(subject, &mut subject.fresh(2), &text)?;
    moved(&first, &other, "seeds 1 and 2 give the same network")?;
    Ok(measured)
}

/// A sequence alone, and beside any other, has the numbers that it has in the whole batch.
pub(super) fn company<S: Subject, R: Reads<S>>(subject: &S) -> Checked {
    let mut measured = Measured::within(subject.tolerances().same);
    let (text, mut network) = (Text::uneven(subject), subject.fresh(1));
    let whole = read::<S, R>(subject, &mut network, &text)?;
    for i in 0..text.len() {
        let alone = read::<S, R>(subject, &mut network, &text.pick([i]))?;
        measured.all(&alone, part::<S, R>(&text, &whole, i))?;
        let pair = text.pick([i, (i + 1) % text.len()]);
        let beside = read::<S, R>(subject, &mut network, &pair)?;
        measured.all(part::<S, R>(&pair, &beside, 0), part::<S, R>(&text, &whole, i))?;
    }
    Ok(measured)
}

/// Sequences in the opposite order keep their numbers.
pub(super) fn order<S: Subject, R: Reads<S>>(subject: &S) -> Checked {
    let mut measured = Measured::within(subject.tolerances().same);
    let (text, mut network) = (Text::uneven(subject), subject.fresh(1));
    let whole = read::<S, R>(subject, &mut network, &text)?;
    let turned = text.pick((0..text.len()).rev());
    let out = read::<S, R>(subject, &mut network, &turned)?;
    for i in 0..text.len() {
        let j = text.len() - 1 - i;
        measured.all(part::<S, R>(&turned, &out, j), part::<S, R>(&text, &whole, i))?;
    }
    Ok(measured)
}

/// A sequence's numbers do not depend on later tokens.
pub(super) fn causal<S: Subject, R: Reads<S>>(subject: &S) -> Checked {
    let mut measured = Measured::within(subject.tolerances().same);
    let (words, mut network) = (words(subject, subject.context(), 2), subject.fresh(1));
    let whole = read::<S, R>(subject, &mut network, &Text::of([&words]))?;
    for len in 1..words.len() {
        let mut other = words.clone();
        other[len] = (other[len] + 1) % subject.vocabulary() as u32;
        for text in [&words[..len], &other] {
            let out = read::<S, R>(subject, &mut network, &Text::of([text]))?;
            measured.all(&out[..len], &whole[..len])?;
        }
    }
    Ok(measured)
}

/// The last number of a sequence depends on its last token: it is about the state after it.
pub(super) fn last<S: Subject, R: Reads<S>>(subject: &S) -> Checked {
    let mut network = subject.fresh(1);
    let beginning = words(subject, 3, 2);
    let ids = 0..subject.vocabulary() as u32;
    let text = Text::of(ids.map(|id| [&beginning[..], &[id]].concat()));
    let out = read::<S, R>(subject, &mut network, &text)?;
    let of = |i: usize| part::<S, R>(&text, &out, i).last().copied().into_iter().collect::<Vec<f32>>();
    for i in 1..text.len() {
        moved(&of(0), &of(i), "another last token does not change the last number")?;
    }
    Ok(Measured::within(0.0))
}

/// Ids outside the vocabulary and sequences beyond the context are errors, which change nothing.
pub(super) fn refusals<S: Subject, R: Reads<S>>(subject: &S) -> Checked {
    let mut measured = Measured::within(subject.tolerances().same);
    let (text, mut network) = (Text::short(subject), subject.fresh(1));
    let before = read::<S, R>(subject, &mut network, &text)?;
    for (what, bad) in bad_texts(subject) {
        let mut out = vec![f32::NAN; bad.tokens.len()];
        let out = if R::SEQUENCES { &mut out[..bad.len()] } else { &mut out[..] };
        refused(subject, what, R::call(&mut network, bad.batch()?, out))?;
        measured.all(&read::<S, R>(subject, &mut network, &text)?, &before)?;
    }
    Ok(measured)
}

/// The texts that every role has to refuse, each with its description.
pub(super) fn bad_texts<S: Subject>(subject: &S) -> [(&'static str, Text); 3] {
    let mut outside = Text::short(subject);
    outside.tokens[1] = subject.vocabulary() as u32;
    let mut far = Text::short(subject);
    let last = far.tokens.len() - 1;
    far.tokens[last] = u32::MAX;
    let long = Text::of([words(subject, subject.context() + 1, 3)]);
    [
        ("a token one above the vocabulary", outside),
        ("a token far above the vocabulary", far),
        ("a sequence one token longer than the context", long),
    ]
}
