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
    let text = Text::continued(subject, prefix).at(temperature);
    let out = read::<S, LogProbs>(subject, network, &text)?;
    Ok(text.ends.iter().map(|end| out[end - 1]).collect())
}
