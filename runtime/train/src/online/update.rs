//! The update: epochs of minibatches over the comparisons of an iteration.

use super::OnlinePreferences;
use super::comparisons::Comparisons;
use crate::accumulation::Accumulation;
use crate::guard::{Place, ResponseBatch};
use crate::preference::PairBatch;
use crate::profile::OnlineMethod;
use crate::rollout::{Epochs, IndexBatch};
use crate::{TOKENS_AT_ONCE, TrainError};
use alloc::vec;
use alloc::vec::Vec;
use rlhf_core::Error;
use rlhf_core::advantage::{best_and_worst, win_rates};
use rlhf_core::loss::{NashPolicy, PreferenceStats};
use rlhf_core::roles::Learner;

/// The comparison that is learnt from at one prompt.
struct Comparison {
    prompt: usize,
    /// The texts that are learnt from.
    texts: Vec<usize>,
    /// `true` if the first text of the pair is the chosen one.
    first_wins: bool,
    /// The probability by which the first text is preferred to the one that it was compared with.
    preferred: f32,
}

/// Some comparisons, learnt from in one optimizer step.
struct Minibatch<'a> {
    comparisons: Vec<&'a Comparison>,
    /// The 0-based number of the step in the run.
    step: u64,
    place: Place,
}

impl OnlinePreferences {
    /// Learns from the comparisons in epochs of minibatches. Returns how many pairs or responses were learnt from, and
    /// statistics of the pairs.
    pub(super) async fn learn<L: Learner<Error: 'static>>(
        &self,
        policy: &mut L,
        all: &Comparisons<'_>,
    ) -> Result<(usize, PreferenceStats), TrainError> {
        let comparisons = comparisons(&self.settings.method, all.responses.each, all.preferred)?;
        let mut stats = PreferenceStats::default();
        if comparisons.is_empty() {
            return Ok((0, stats));
        }
        let epochs = Epochs::new(&self.settings.passes, self.seed, self.iteration);
        for IndexBatch { indices, step, place } in epochs.batches(4 << 18, comparisons.len()) {
            let comparisons = indices.iter().map(|&i| &comparisons[i]).collect();
            stats.merge(&self.step(policy, all, &Minibatch { comparisons, step, place }).await?);
        }
        Ok((comparisons.len(), stats))
    }

    /// Takes one optimizer step.
    async fn step<L: Learner<Error: 'static>>(
        &self,
        policy: &mut L,
        all: &Comparisons<'_>,
        minibatch: &Minibatch<'_>,
    ) -> Result<PreferenceStats, TrainError> {
        let Minibatch { comparisons, step, place } = minibatch;
        let (place, all_texts) = (*place, &all.responses.texts);
        let indices = || comparisons.iter().flat_map(|comparison| comparison.texts.iter().copied());
        let texts = all_texts.select(indices());
        let reference = all.reference.as_ref().map(|log_probs| all_texts.gather(log_probs, indices()));
        let items: Vec<usize> = comparisons.iter().map(|comparison| comparison.prompt).collect();
        let temperature = self.settings.temperature as f32;
        let texts_per_item = texts.len() / items.len();
        let responses = ResponseBatch { texts: &texts, items: &items, texts_per_item };
        let mut stats = PreferenceStats::default();
        match &self.settings.method {
            OnlineMethod::BestAndWorst { objective, .. } | OnlineMethod::Xpo { objective, .. } => {
                let wins: Vec<bool> = comparisons.iter().map(|comparison| comparison.first_wins).collect();
                let mut pairs = PairBatch::new(*objective, responses);
                (pairs.reference, pairs.temperature) = (reference.as_deref(), temperature);
                pairs.first_wins = Some(&wins);
                if let OnlineMethod::Xpo { alpha, .. } = &self.settings.method {
                    pairs.optimism = *alpha;
                }
                stats = pairs.accumulate(policy, place).await?.1;
            }
            OnlineMethod::NashMd { objective, .. } => {
                let preferred: Vec<f32> = comparisons.iter().map(|comparison| comparison.preferred).collect();
                let (reference, n) = (reference.as_deref().unwrap_or(&[]), texts.len() as f64);
                let most = TOKENS_AT_ONCE;
                let accumulation = Accumulation { responses, place, role: "policy", most, temperature };
                let parts = accumulation.parts();
                let accumulated = accumulation.accumulate(
                    policy,
                    &parts,
                    |part| {
                        let reference = &reference[part.span.clone()];
                        let preferred = &preferred[part.texts.clone()];
                        NashPolicy::new(*objective, part.ends(), reference, preferred, n)
                    },
                    |_, _| {},
                );
                accumulated.await?;
            }
        }
        self.optimizer.step(policy, "policy", *step, place, || responses.offenders()).await?;
        Ok(stats)
    }
}

/// The comparison at each prompt. A pair that a judge cannot tell apart gives none.
fn comparisons(method: &OnlineMethod, each: usize, preferred: &[f32]) -> Result<Vec<Comparison>, Error> {
    let mut out = Vec::new();
    for (prompt, group) in preferred.chunks_exact(each * each).enumerate() {
        let mut rates = vec![0.0; each];
        win_rates(group, &mut rates)?;
        let first = prompt * each;
        let comparison = |texts, first_wins, preferred| Comparison { prompt, texts, first_wins, preferred };
        match (method, best_and_worst(&rates)?) {
            (OnlineMethod::NashMd { .. }, _) => out.push(comparison(vec![first], true, group[1])),
            (OnlineMethod::Xpo { .. }, Some((best, _))) => {
                out.push(comparison(vec![first, first + 1], best == 0, group[1]));
            }
            (OnlineMethod::BestAndWorst { .. }, Some((best, worst))) => {
                out.push(comparison(vec![first + best, first + worst], true, group[best * each + worst]));
            }
            (_, None) => {}
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::OnlinePreference;

    fn method(name: &str) -> OnlineMethod {
        OnlinePreference::by_name(name).unwrap().method
    }

    fn learnt_from(name: &str, each: usize, preferred: &[f32]) -> Vec<(usize, Vec<usize>, bool)> {
        let all = comparisons(&method(name), each, preferred).unwrap();
        all.into_iter().map(|pair| (pair.prompt, pair.texts, pair.first_wins)).collect()
    }

    #[test]
    fn each_method_takes_its_pairs_and_leaves_ties() {
        let two = [0.5, 0.2, 0.8, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 1.0, 0.0, 0.5];
        assert_eq!(learnt_from("online_dpo", 2, &two), [(0, vec![1, 0], true), (2, vec![4, 5], true)]);
        assert_eq!(learnt_from("xpo", 2, &two), [(0, vec![0, 1], false), (2, vec![4, 5], true)]);
        assert_eq!(
            learnt_from("nash_md", 2, &two),
            [(0, vec![0], true), (1, vec![2], true), (2, vec![4], true)]
        );
        let three = [0.5, 1.0, 0.4, 0.0, 0.5, 0.0, 0.6, 1.0, 0.5];
        assert_eq!(learnt_from("online_dpo", 3, &three), [(0, vec![2, 1], true)]);
    }

    #[test]
    fn a_preference_that_is_no_probability_is_refused() {
        for wrong in [1.5, f32::NAN] {
            let error = comparisons(&method("online_dpo"), 2, &[0.5, wrong, 0.5, 0.5]).err();
            assert!(matches!(error, Some(Error::Range { name: "preferred", .. })), "{error:?}");
        }
    }
}
