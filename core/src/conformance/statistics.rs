//! Draws of many responses to one prompt follow the policy's own distribution: each by its uniform number, or, for a backend
//! that declares another generator, their frequencies.

use super::Subject;
use super::continuation::{next, next_of_each};
use super::exact::{Draws, Next};
use super::measure::{Checked, Fault, Measured, ensure};
use super::run::declared;
use super::sampling::{filtered, key};
use super::text::{Text, words};
use crate::roles::Policy;
use crate::sampling::Filters;
use alloc::vec;
use alloc::vec::Vec;

/// Draws of each distribution, where frequencies are tested.
const DRAWS: usize = 2000;
/// Draws of each distribution, where every one is compared with its uniform number; one more than a tile of 128 has.
const EXACT_DRAWS: usize = 129;
/// The fewest expected draws of a cell; rarer ones share one (Cochran's rule).
const CELL: f64 = 5.0;

/// Pearson's χ² of counts against probabilities, and how large it may be at `sigmas` standard
/// deviations (Wilson and Hilferty's cube: `χ²/df` is nearly normal under the cube root).
fn chi_square(counts: &[usize], probabilities: &[f64], sigmas: f64) -> Checked {
    let (mut cells, mut rare) = (Vec::new(), (0.0, 0.0));
    let draws: usize = counts.iter().sum();
    for (&count, &p) in counts.iter().zip(probabilities) {
        ensure(p > 0.0 || count == 0, "an id of probability 0 was drawn")?;
        let (observed, expected) = (count as f64, p * draws as f64);
        if expected >= CELL {
            cells.push((observed, expected));
        } else {
            rare = (rare.0 + observed, rare.1 + expected);
        }
    }
    if rare.1 >= CELL {
        cells.push(rare);
    }
    let freedom = cells.len().saturating_sub(1) as f64;
    ensure(freedom > 0.0, "the distribution is all but certain: it shows nothing")?;
    let spread = 2.0 / (9.0 * freedom);
    let root = 1.0 - spread + sigmas * libm::sqrt(spread);
    let error = cells.iter().map(|(o, e)| (o - e) * (o - e) / e).sum();
    Ok(Measured { error, tolerance: freedom * root * root * root })
}

/// Returns how often each id is the first of the responses to a prompt.
fn counted<S: Subject<Network: Policy>>(
    subject: &S,
    network: &mut S::Network,
    prompt: &[u32],
    filters: Filters,
    step: u32,
) -> Result<Vec<usize>, Fault> {
    let prompts = Text::of(vec![prompt; DRAWS]);
    let out = Draws { prompts: &prompts, filters, key: key(step), first: 0 }.sample(subject, network, 1)?;
    let mut counts = vec![0; subject.vocabulary()];
    out.tokens.iter().for_each(|id| counts[*id as usize] += 1);
    Ok(counts)
}

/// Returns whether the uniform numbers decide the draws: unless that is declared not to hold.
fn keyed<S: Subject>(subject: &S) -> bool {
    declared(subject.skips(), "policy", Some("exact")).is_none()
}

/// Measures each of some draws of one or two tokens against its uniform number.
fn exactly<S: Subject<Network: Policy>>(
    subject: &S,
    network: &mut S::Network,
    draws: Draws<'_>,
    tokens: usize,
    measured: &mut Measured,
) -> Result<(), Fault> {
    let out = draws.sample(subject, network, tokens)?;
    let mut next: Next<'_, S::Network> = &mut |network, texts| next_of_each(subject, network, texts, 1.0);
    draws.exactly(network, &out, &mut next, measured)
}

/// Measures draws with each of these filters: their worst error by their uniform numbers, or the χ² that is nearest to its
/// limit.
fn worst<S: Subject<Network: Policy>>(subject: &S, settings: &[Filters]) -> Result<Measured, Fault> {
    let (prompt, mut network) = (words(subject, 3, 25), subject.fresh(1));
    if keyed(subject) {
        let mut measured = Measured::within(subject.tolerances().agree);
        let prompts = Text::of(vec![&prompt; EXACT_DRAWS]);
        for (&filters, step) in settings.iter().zip(10..) {
            let draws = Draws { prompts: &prompts, filters, key: key(step), first: 0 };
            exactly(subject, &mut network, draws, 1, &mut measured)?;
        }
        return Ok(measured);
    }
    let mut worst = Measured::within(1.0);
    let log_probs = log_probs(subject, &mut network, &prompt)?;
    for (filters, step) in settings.iter().zip(10..) {
        let counts = counted(subject, &mut network, &prompt, *filters, step)?;
        let probabilities = filtered(&log_probs, *filters, &prompt)?;
        let one = chi_square(&counts, &probabilities, subject.tolerances().sigmas)?;
        if one.error / one.tolerance >= worst.error / worst.tolerance {
            worst = one;
        }
    }
    Ok(worst)
}

/// Draws follow the softmax, at several temperatures.
pub(super) fn draws<S: Subject<Network: Policy>>(subject: &S) -> Checked {
    worst(subject, &[1.0, 0.5, 1.7].map(|temperature| Filters { temperature, ..Filters::default() }))
}

/// Draws follow the filtered softmax, and ids that are filtered out are never drawn.
pub(super) fn filters<S: Subject<Network: Policy>>(subject: &S) -> Checked {
    let all = Filters::default();
    let settings = [
        Filters { top_k: 3, ..all },
        Filters { top_p: 0.6, ..all },
        Filters { min_p: 0.5, ..all },
        Filters { temperature: 0.7, top_k: 4, top_p: 0.8, ..all },
    ];
    worst(subject, &settings)
}

/// Returns the log-probabilities of the next token after a prompt.
fn log_probs<S: Subject<Network: Policy>>(
    subject: &S,
    network: &mut S::Network,
    prompt: &[u32],
) -> Result<Vec<f64>, Fault> {
    Ok(next(subject, network, prompt, 1.0)?.into_iter().map(f64::from).collect())
}

/// Tests counts of draws under a penalty on repetition. The penalty applies to raw logits, which log-probabilities give only
/// up to a constant, so the constant that fits best is taken. None fits a sampler without the penalty.
fn explained<S: Subject<Network: Policy>>(
    subject: &S,
    network: &mut S::Network,
    counts: &[usize],
    filters: Filters,
    text: &[u32],
) -> Checked {
    let log_probs = log_probs(subject, network, text)?;
    let mut best: Option<Measured> = None;
    for constant in (-3000..=3000).map(|hundredths| f64::from(hundredths) / 100.0) {
        let logits: Vec<f64> = log_probs.iter().map(|l| l + constant).collect();
        let probabilities = filtered(&logits, filters, text)?;
        // Under some constants all is certain, which the counts then contradict.
        let Ok(one) = chi_square(counts, &probabilities, subject.tolerances().sigmas) else { continue };
        let worse = |best: &Measured| one.error / one.tolerance >= best.error / best.tolerance;
        if !best.as_ref().is_some_and(worse) {
            best = Some(one);
        }
    }
    best.ok_or_else(|| Fault("no logits explain what is drawn under a penalty on repetition".into()))
}

/// Ids of the prompt are drawn as the penalty on repetition says.
pub(super) fn repetition<S: Subject<Network: Policy>>(subject: &S) -> Checked {
    let mut network = subject.fresh(1);
    // Different ids, since one alone a constant can explain, and not all there are.
    let prompt: Vec<u32> = (0..6.min(subject.vocabulary() as u32 - 1)).collect();
    let filters = Filters { repetition: 3.0, ..Filters::default() };
    let counts = counted(subject, &mut network, &prompt, filters, 30)?;
    explained(subject, &mut network, &counts, filters, &prompt)
}

/// First and second ids of responses are drawn independently: each by its own uniform number, or so that their pairs follow
/// the product of their probabilities.
pub(super) fn pairs<S: Subject<Network: Policy>>(subject: &S) -> Checked {
    let (vocabulary, mut network) = (subject.vocabulary(), subject.fresh(1));
    let prompt = words(subject, 3, 26);
    let (key, filters) = (key(20), Filters::default());
    if keyed(subject) {
        let mut measured = Measured::within(subject.tolerances().agree);
        let prompts = Text::of(vec![&prompt; EXACT_DRAWS]);
        let draws = Draws { prompts: &prompts, filters, key, first: 0 };
        exactly(subject, &mut network, draws, 2, &mut measured)?;
        return Ok(measured);
    }
    let of = |log_prob: &f32| libm::exp(f64::from(*log_prob));
    let longer: Vec<Vec<u32>> = (0..vocabulary as u32).map(|id| [&prompt[..], &[id]].concat()).collect();
    let first = next(subject, &mut network, &prompt, 1.0)?;
    let second = next_of_each(subject, &mut network, &longer, 1.0)?;
    let pairs = first.iter().zip(second);
    let probabilities: Vec<f64> = pairs
        .flat_map(|(first, second)| second.into_iter().map(move |second| of(first) * of(&second)))
        .collect();
    let prompts = Text::of(vec![&prompt; DRAWS]);
    let out = Draws { prompts: &prompts, filters, key, first: 0 }.sample(subject, &mut network, 2)?;
    let mut counts = vec![0; vocabulary * vocabulary];
    for i in 0..out.len() {
        if let [first, second] = out.response(i) {
            counts[*first as usize * vocabulary + *second as usize] += 1;
        }
    }
    chi_square(&counts, &probabilities, subject.tolerances().sigmas)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_that_of_tables() {
        // 3.09 standard deviations leave 0.1 %: 10.828 at 1 degree of freedom, 29.588 at 10.
        for (cells, want) in [(2, 10.828), (11, 29.588)] {
            let even = vec![1.0 / cells as f64; cells];
            let limit = chi_square(&vec![DRAWS / cells; cells], &even, 3.0902).unwrap().tolerance;
            assert!((limit / want - 1.0).abs() < 0.04, "{limit}");
        }
        assert!(chi_square(&[DRAWS, 1], &[1.0, 0.0], 4.0).is_err());
    }
}
