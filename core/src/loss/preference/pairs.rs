//! The loss of a batch of pairs.

use super::sorted;
use crate::error::check;
use crate::loss::{Against, Pair, Preference, PreferenceStats};
use crate::ranges::{finite, positive};
use crate::{Error, Real};
use alloc::vec::Vec;

/// Log-probabilities of pairs of responses.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PairLogProbs<'a, R> {
    /// The policy's log-probabilities of the chosen responses, `[pairs]`, in nats, summed or averaged
    /// over their tokens as [`Preference::reduction`] says.
    pub chosen: &'a [R],
    /// The policy's log-probabilities of the rejected responses, likewise.
    pub rejected: &'a [R],
    /// The reference's of both, reduced in the same way; read where [`Preference::against`] says so.
    pub reference: Option<[&'a [R]; 2]>,
}

/// A preference loss over pairs: `L = Σ pair loss / n`, see [`Preference::pair`]. AOT's pairs are those
/// of equal rank, so it has to be shown the whole optimizer batch.
///
/// `grad_chosen`, `grad_rejected`: `[pairs]`, ∂L with respect to the policy's log-probabilities, are
/// overwritten. `n` (`denominator`) counts the pairs of the whole optimizer batch. The SFT term is not
/// part of it: that is a mean over tokens.
///
/// # Errors
/// [`Preference::validate`]'s; [`Error::Shape`], also for a reference that is wanted and not given;
/// [`Error::Range`] for a denominator that is not positive; [`Error::NotFinite`] for a
/// log-probability, or with the pair whose loss leaves the number type: an α-divergence's
/// exponential does some 700/α nats away, and certainty has no log-odds.
pub fn preference<R: Real>(
    settings: &Preference,
    pairs: PairLogProbs<'_, R>,
    denominator: f64,
    grad_chosen: &mut [R],
    grad_rejected: &mut [R],
) -> Result<PreferenceStats, Error> {
    settings.validate()?;
    positive("denominator", denominator)?;
    let n = pairs.chosen.len();
    check("rejected", pairs.rejected.len(), n)?;
    check("grad_chosen", grad_chosen.len(), n)?;
    check("grad_rejected", grad_rejected.len(), n)?;
    finite("chosen", pairs.chosen)?;
    finite("rejected", pairs.rejected)?;
    let mut base: [Vec<f64>; 2] = [alloc::vec![0.0; n], alloc::vec![0.0; n]];
    if settings.against == Against::Reference {
        for (base, reference) in base.iter_mut().zip(pairs.reference.unwrap_or([&[], &[]])) {
            check("reference", reference.len(), n)?;
            finite("reference", reference)?;
            base.iter_mut().zip(reference).for_each(|(b, r)| *b = r.f64());
        }
    }
    let ratios = |log_probs: &[R], base: &[f64]| -> Vec<f64> {
        log_probs.iter().zip(base).map(|(l, b)| l.f64() - b).collect()
    };
    let (chosen, rejected) = (ratios(pairs.chosen, &base[0]), ratios(pairs.rejected, &base[1]));
    let mut stats = PreferenceStats { pairs: n, ..PreferenceStats::default() };
    for (&a, &b) in chosen.iter().zip(&rejected) {
        stats.correct += usize::from(a > b);
        stats.chosen += a;
        stats.rejected += b;
        stats.chosen_rewards += settings.beta * settings.shape.of(a).0;
        stats.rejected_rewards += settings.beta * settings.shape.of(b).0;
    }
    let mut see = |index: usize, partner: usize, pair: Pair| {
        stats.loss += pair.loss;
        grad_chosen[index] = R::of(pair.chosen / denominator);
        grad_rejected[partner] = R::of(pair.rejected / denominator);
        let numbers = [R::of(pair.loss), grad_chosen[index], grad_rejected[partner]];
        finite("preference loss", &numbers).map_err(|_| Error::NotFinite { name: "preference loss", index })
    };
    if settings.sorts() {
        sorted::each(settings, &chosen, &rejected, &base, &mut see)?;
    } else {
        for i in 0..n {
            see(i, i, settings.pair(chosen[i], rejected[i]))?;
        }
    }
    stats.loss /= denominator;
    Ok(stats)
}
