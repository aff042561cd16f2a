//! What is learnt from an iteration's comparisons.

use super::OnlinePreferences;
use super::written::Written;
use crate::accumulation::Accumulation;
use crate::guard::{Place, Shown};
use crate::preference::Compared;
use crate::profile::OnlineMethod;
use crate::{Passes, TOKENS_AT_ONCE, TrainError};
use alloc::vec;
use alloc::vec::Vec;
use rlhf_core::Error;
use rlhf_core::advantage::{best_and_worst, win_rates};
use rlhf_core::loss::{NashPolicy, PreferenceStats};
use rlhf_core::random::{Key, Stream};
use rlhf_core::roles::Learner;

/// What is learnt from one prompt.
struct Lesson {
    prompt: usize,
    /// Its texts that are learnt from.
    texts: Vec<usize>,
    /// Of a pair, whether the first wins.
    first_wins: bool,
    /// By which probability the first is preferred to what it was compared with.
    preferred: f32,
}

impl OnlinePreferences {
    /// All passes. Gives how many pairs or responses were learnt from, and what the pairs showed.
    pub(super) async fn learn<L: Learner<Error: 'static>>(
        &self,
        policy: &mut L,
        written: &Written,
        preferred: &[f32],
        reference: Option<&[f32]>,
    ) -> Result<(usize, PreferenceStats), TrainError> {
        let lessons = lessons(&self.settings.method, written.each, preferred)?;
        let mut seen = PreferenceStats::default();
        if lessons.is_empty() {
            return Ok((0, seen));
        }
        let (iteration, each) = (self.iteration, self.settings.steps_per_iteration());
        let pass = iteration.wrapping_mul(self.settings.epochs);
        let mut passes = Passes::new(Key::new(self.seed, Stream::Shuffle, (4 << 18) + pass), lessons.len());
        let mut step = 0;
        for _ in 0..self.settings.epochs {
            let all = passes.take(lessons.len());
            for batch in all.chunks(lessons.len().div_ceil(self.settings.minibatches as usize)) {
                let place = Place::Minibatch { iteration: u64::from(iteration) + 1, minibatch: step + 1 };
                let batch: Vec<&Lesson> = batch.iter().map(|&i| &lessons[i]).collect();
                let index = u64::from(iteration) * each + step;
                seen.merge(&self.minibatch(policy, written, &batch, reference, place, index).await?);
                step += 1;
            }
        }
        Ok((lessons.len(), seen))
    }

    /// One optimizer step, number `index` of the run's from 0.
    async fn minibatch<L: Learner<Error: 'static>>(
        &self,
        policy: &mut L,
        written: &Written,
        batch: &[&Lesson],
        reference: Option<&[f32]>,
        place: Place,
        index: u64,
    ) -> Result<PreferenceStats, TrainError> {
        let picked = || batch.iter().flat_map(|lesson| lesson.texts.iter().copied());
        let texts = written.texts.select(picked());
        let said = reference.map(|all| written.texts.gather(all, picked()));
        let items: Vec<usize> = batch.iter().map(|lesson| lesson.prompt).collect();
        let temperature = self.settings.temperature as f32;
        let shown = Shown { texts: &texts, items: &items, each: texts.len() / items.len() };
        let mut seen = PreferenceStats::default();
        match &self.settings.method {
            OnlineMethod::BestAndWorst { objective, .. } | OnlineMethod::Xpo { objective, .. } => {
                let wins: Vec<bool> = batch.iter().map(|lesson| lesson.first_wins).collect();
                let mut compared = Compared::new(*objective, shown);
                (compared.reference, compared.temperature) = (said.as_deref(), temperature);
                compared.first_wins = Some(&wins);
                if let OnlineMethod::Xpo { alpha, .. } = &self.settings.method {
                    compared.optimism = *alpha;
                }
                seen = compared.accumulate(policy, place).await?.1;
            }
            OnlineMethod::NashMd { objective, .. } => {
                let preferred: Vec<f32> = batch.iter().map(|lesson| lesson.preferred).collect();
                let (said, n) = (said.as_deref().unwrap_or(&[]), texts.len() as f64);
                let most = TOKENS_AT_ONCE;
                let played = Accumulation { shown, place, role: "policy", most, temperature };
                let parts = played.parts();
                let taught = played.learn(
                    policy,
                    &parts,
                    |part| {
                        let (said, preferred) = (&said[part.span.clone()], &preferred[part.texts.clone()]);
                        NashPolicy::new(*objective, part.ends(), said, preferred, n)
                    },
                    |_, _| {},
                );
                taught.await?;
            }
        }
        self.pace.step((policy, "policy"), index, place, || shown.offenders()).await?;
        Ok(seen)
    }
}

/// What there is to learn, prompt by prompt. A pair that a judge cannot tell apart teaches nothing.
fn lessons(method: &OnlineMethod, each: usize, preferred: &[f32]) -> Result<Vec<Lesson>, Error> {
    let mut out = Vec::new();
    for (prompt, group) in preferred.chunks_exact(each * each).enumerate() {
        let mut rates = vec![0.0; each];
        win_rates(group, &mut rates)?;
        let first = prompt * each;
        let lesson = |texts, first_wins, preferred| Lesson { prompt, texts, first_wins, preferred };
        match (method, best_and_worst(&rates)?) {
            (OnlineMethod::NashMd { .. }, _) => out.push(lesson(vec![first], true, group[1])),
            (OnlineMethod::Xpo { .. }, Some((best, _))) => {
                out.push(lesson(vec![first, first + 1], best == 0, group[1]));
            }
            (OnlineMethod::BestAndWorst { .. }, Some((best, worst))) => {
                out.push(lesson(vec![first + best, first + worst], true, group[best * each + worst]));
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

    fn told(name: &str, each: usize, preferred: &[f32]) -> Vec<(usize, Vec<usize>, bool)> {
        let all = lessons(&method(name), each, preferred).unwrap();
        all.into_iter().map(|lesson| (lesson.prompt, lesson.texts, lesson.first_wins)).collect()
    }

    #[test]
    fn each_method_takes_its_pairs_and_leaves_ties() {
        let two = [0.5, 0.2, 0.8, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 1.0, 0.0, 0.5];
        assert_eq!(told("online_dpo", 2, &two), [(0, vec![1, 0], true), (2, vec![4, 5], true)]);
        assert_eq!(told("xpo", 2, &two), [(0, vec![0, 1], false), (2, vec![4, 5], true)]);
        assert_eq!(told("nash_md", 2, &two), [(0, vec![0], true), (1, vec![2], true), (2, vec![4], true)]);
        let three = [0.5, 1.0, 0.4, 0.0, 0.5, 0.0, 0.6, 1.0, 0.5];
        assert_eq!(told("online_dpo", 3, &three), [(0, vec![2, 1], true)]);
    }

    #[test]
    fn a_preference_that_is_no_probability_is_refused() {
        for wrong in [1.5, f32::NAN] {
            let error = lessons(&method("online_dpo"), 2, &[0.5, wrong, 0.5, 0.5]).err();
            assert!(matches!(error, Some(Error::Range { name: "preferred", .. })), "{error:?}");
        }
    }
}
