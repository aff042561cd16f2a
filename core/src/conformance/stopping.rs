//! The ends of responses.

use super::Subject;
use super::company::bad_texts;
use super::measure::{Checked, Fault, Measured, ensure};
use super::run::refused;
use super::sampling::{key, prompts, sample, up_to};
use super::text::{Text, words};
use crate::roles::Policy;
use crate::sampling::{FinishReason, SamplingParams, StopCriteria};

/// A response ends at its first end token or stop token, which it keeps, or at the greatest length; all
/// three happen. `sample` reports any other end.
pub(super) fn endings<S: Subject<Network: Policy>>(subject: &S) -> Checked {
    let mut network = subject.fresh(1);
    let prompts = Text::of((0..60).map(|i| words(subject, 2, 30 + i)));
    let ends = (subject.vocabulary() as u32 / 2).max(2);
    // Half of the vocabulary ends a response, so that a few tokens are enough to see each ending.
    let stop = [1, ends - 1, subject.vocabulary() as u32 - 1];
    let stopping = StopCriteria { max_new_tokens: 3, eos: &[0], stop: &stop };
    let mut found = [false; 3];
    for step in 0..20 {
        if step > 2 && found == [true; 3] {
            break;
        }
        let sampling = SamplingParams::at_temperature(1.5);
        let out = sample(subject, &mut network, &prompts, &sampling, &stopping, key(step), 0)?;
        for finish in out.finish {
            match finish {
                FinishReason::Eos => found[0] = true,
                FinishReason::Stop => found[1] = true,
                FinishReason::Length => found[2] = true,
            }
        }
    }
    ensure(found == [true; 3], "of 1200 responses none ended with one of: end token, stop token, length")?;
    Ok(Measured::within(0.0))
}

/// Responses are as long as they may be: up to the limit, or to the end of the context. A prompt without room for a
/// response is refused, and changes nothing.
pub(super) fn limits<S: Subject<Network: Policy>>(subject: &S) -> Checked {
    let mut network = subject.fresh(1);
    let sampling = SamplingParams::at_temperature(1.0);
    let context = subject.context();
    let long =
        Text::of([words(subject, context - 1, 22), words(subject, context - 3, 23), words(subject, 1, 24)]);
    let lengths = |limit: usize, network: &mut S::Network| -> Result<[usize; 3], Fault> {
        let out = sample(subject, network, &long, &sampling, &up_to(limit), key(0), 0)?;
        Ok([0, 1, 2].map(|i| out.span(i).len()))
    };
    ensure(lengths(1, &mut network)? == [1, 1, 1], "responses of one token are not of one token")?;
    let all = lengths(2 * context, &mut network)?;
    ensure(all == [1, 3, context - 1], "responses do not fill the context")?;
    let before = sample(subject, &mut network, &prompts(subject), &sampling, &up_to(3), key(1), 0)?;
    refusals(subject, &mut network)?;
    let after = sample(subject, &mut network, &prompts(subject), &sampling, &up_to(3), key(1), 0)?;
    ensure(before == after, "a refused call changes later responses")?;
    Ok(Measured::within(0.0))
}

/// [`Policy::sample`] refuses the scorer's invalid texts, and a prompt that fills the context.
fn refusals<S: Subject<Network: Policy>>(subject: &S, network: &mut S::Network) -> Result<(), Fault> {
    let full = Text::of([words(subject, 2, 20), words(subject, subject.context(), 21)]);
    for (what, bad) in bad_texts(subject).into_iter().chain([("a prompt that fills the context", full)]) {
        let sampling = SamplingParams::at_temperature(1.0);
        refused(subject, what, network.sample(bad.sequences()?, &sampling, &up_to(2), key(0), 0))?;
    }
    let prompts = Text::short(subject);
    let sampling = SamplingParams::at_temperature(1.0);
    // No response is empty.
    refused(
        subject,
        "a response of no tokens",
        network.sample(prompts.sequences()?, &sampling, &up_to(0), key(0), 0),
    )
}
