//! Log-probabilities of everything that may follow a text.

use super::Subject;
use super::company::read;
use super::measure::Fault;
use super::probe::LogProbs;
use super::text::Text;
use crate::roles::Reference;
use alloc::vec::Vec;

/// Log-probabilities of the whole vocabulary after a text.
pub(super) fn next<S: Subject<Network: Reference>>(
    subject: &S,
    network: &mut S::Network,
    prefix: &[u32],
    temperature: f32,
) -> Result<Vec<f32>, Fault> {
    Ok(next_of_each(subject, network, &[prefix], temperature)?.concat())
}

/// Log-probabilities of the whole vocabulary after each of some texts, in one call.
pub(super) fn next_of_each<S: Subject<Network: Reference>, T: AsRef<[u32]>>(
    subject: &S,
    network: &mut S::Network,
    prefixes: &[T],
    temperature: f32,
) -> Result<Vec<Vec<f32>>, Fault> {
    let text = Text::continued(subject, prefixes).at(temperature);
    let out = read::<S, LogProbs>(subject, network, &text)?;
    let last = |ends: &[usize]| ends.iter().map(|end| out[end - 1]).collect();
    Ok(text.ends.chunks(subject.vocabulary()).map(last).collect())
}
