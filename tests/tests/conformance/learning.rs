//! Roles that learn.

use crate::conformance::faults::Fault;
use crate::conformance::tiny::{SCORE, Tiny, VALUE, VOCABULARY};
use rlhf_core::capabilities::{LearnCandidates, LearnRows, Parameters};
use rlhf_core::log_probs::{log_prob, log_prob_pull};
use rlhf_core::optim::{Decay, EpsilonAt, Update, adamw, average, clip_factor, global_norm};
use rlhf_core::roles::{Averaged, Learner};
use rlhf_core::{Batch, CandidateObjective, Coupling, Error, Objective, RowObjective};

impl Tiny {
    /// Adds the gradient of the loss tokens' numbers to [`Self::gradient`].
    fn learn_tokens<O: Objective>(&mut self, batch: Batch<'_>, objective: &mut O) -> Result<f64, Error> {
        let (sequences, positions) = (batch.sequences(), Self::positions(batch));
        let temperature = f64::from(batch.temperature());
        let (mut log_probs, mut entropies) = (Vec::new(), Vec::new());
        for &t in &positions {
            let target = sequences.tokens()[t] as usize;
            let logits = self.columns(&self.learning_features(sequences, t), 0..VOCABULARY);
            let (log_prob, mut entropy) = log_prob(&logits, target, temperature)?;
            if self.has(Fault::EntropyInBits) {
                entropy /= core::f32::consts::LN_2;
            }
            log_probs.push(log_prob);
            entropies.push(entropy);
        }
        if !objective.needs().entropy && !self.has(Fault::ShowsEntropyUnasked) {
            entropies.clear();
        }
        let n = positions.len();
        let tiled = objective.coupling() == Coupling::Token || self.has(Fault::TilesSequences);
        let each = if tiled { 2 } else { n.max(1) };
        let (mut loss, mut slopes, mut bends) = (0.0, vec![f32::NAN; n], vec![f32::NAN; entropies.len()]);
        for start in (0..n).step_by(each) {
            let span = start..(start + each).min(n);
            let shown = if entropies.is_empty() { 0..0 } else { span.clone() };
            loss += objective.tokens(
                &positions[span.clone()],
                &log_probs[span.clone()],
                &entropies[shown.clone()],
                &mut slopes[span],
                &mut bends[shown],
            )?;
        }
        for (i, &t) in positions.iter().enumerate() {
            let mut bend = bends.get(i).copied().unwrap_or(0.0);
            let mut slope = slopes[i];
            let start = sequences.ends().iter().copied().filter(|end| *end <= t).max().unwrap_or(0);
            let index = sequences.ends().iter().filter(|end| **end <= t).count();
            match self.fault {
                Fault::LearnsShortTexts if t - start > 6 => (slope, bend) = (0.0, 0.0),
                Fault::LearnsTilesOf32 if index >= 32 => (slope, bend) = (0.0, 0.0),
                Fault::NoEntropyGradient => bend = 0.0,
                Fault::WrongSign => slope = -slope,
                Fault::MissesToken if i + 1 == n => (slope, bend) = (0.0, 0.0),
                Fault::MeanOverCall => slope /= sequences.len() as f32,
                _ => {}
            }
            let features = self.learning_features(sequences, t);
            let logits = self.columns(&features, 0..VOCABULARY);
            let mut pulled = vec![0.0; logits.len()];
            let divides = if self.has(Fault::TemperatureNotPulled) { 1.0 } else { temperature };
            let target = sequences.tokens()[t] as usize;
            log_prob_pull(&logits, target, divides, slope, bend, &mut pulled)?;
            self.pull(&features, 0, &pulled);
        }
        Ok(loss)
    }

    fn learn_all<O: Objective>(&mut self, batch: Batch<'_>, objective: &mut O) -> Result<f64, Error> {
        let sequences = batch.sequences();
        self.check(sequences)?;
        let (needs, mut loss) = (objective.needs(), 0.0);
        if needs.log_probs || needs.entropy {
            loss += self.learn_tokens(batch, objective)?;
        }
        if needs.values {
            let values = self.values_of(sequences, VALUE);
            let mut slopes = vec![f32::NAN; values.len()];
            loss += objective.values(&values, &mut slopes)?;
            for (i, slope) in slopes.iter().enumerate() {
                let at = if self.has(Fault::ValueGradientShifted) { i.saturating_sub(1) } else { i };
                self.pull(&self.features(sequences, self.place(sequences, at)), VALUE, &[*slope]);
            }
        }
        if needs.scores {
            let values = self.values_of(sequences, SCORE);
            let last: Vec<usize> = (0..sequences.len())
                .map(|i| {
                    let span = sequences.span(i);
                    if self.has(Fault::ScoresFirstToken) { span.start } else { span.end - 1 }
                })
                .collect();
            let scores: Vec<f32> = last.iter().map(|t| values[*t]).collect();
            let mut slopes = vec![f32::NAN; scores.len()];
            loss += objective.scores(&scores, &mut slopes)?;
            for (t, slope) in last.iter().zip(slopes) {
                let t = self.place(sequences, *t);
                self.pull(&self.features(sequences, t), SCORE, &[slope]);
            }
        }
        if self.has(Fault::MeanOfNothing) && Self::positions(batch).is_empty() {
            return Ok(f64::NAN);
        }
        Ok(if self.has(Fault::HalvesLoss) { loss / 2.0 } else { loss })
    }

    /// On an error the accumulated gradient is dropped.
    fn or_drop(&mut self, result: Result<f64, Error>) -> Result<f64, Error> {
        if result.is_err() && !self.has(Fault::ErrorKeepsGradient) {
            self.gradient.fill(0.0);
        }
        result
    }

    fn drop_gradient(&mut self) {
        if !self.has(Fault::ZeroGradDoesNothing) {
            self.gradient.fill(0.0);
        }
    }
}

impl Learner for Tiny {
    type Error = Error;

    async fn accumulate<O: Objective>(&mut self, batch: Batch<'_>, objective: &mut O) -> Result<f64, Error> {
        let result = self.learn_all(batch, objective);
        self.or_drop(result)
    }

    async fn zero_grad(&mut self) -> Result<(), Error> {
        self.drop_gradient();
        Ok(())
    }

    async fn step(&mut self, update: &Update) -> Result<f64, Error> {
        let norm = global_norm([&self.gradient[..]]);
        let mut update = *update;
        let first = *self.update.get_or_insert(update);
        match self.fault {
            Fault::KeepsFirstRate => update.learning_rate = first.learning_rate,
            Fault::KeepsFirstBetas => {
                (update.adam.beta1, update.adam.beta2) = (first.adam.beta1, first.adam.beta2);
            }
            Fault::KeepsFirstEpsilon => update.adam.epsilon = first.adam.epsilon,
            Fault::KeepsFirstDecay => update.adam.weight_decay = first.adam.weight_decay,
            Fault::KeepsFirstClip => update.max_grad_norm = first.max_grad_norm,
            Fault::DecayAlwaysDecoupled => update.adam.decay = Decay::Decoupled,
            Fault::EpsilonAlwaysCorrected => update.adam.epsilon_at = EpsilonAt::Corrected,
            _ => {}
        }
        let scale = match clip_factor(norm, update.max_grad_norm) {
            Ok(scale) => scale,
            Err(_) if self.has(Fault::AcceptsNan) => return Ok(norm),
            Err(error) => {
                if self.has(Fault::NanTouchesWeights) {
                    self.weights[0] += 0.5;
                }
                match self.fault {
                    Fault::CountsRefusedSteps => self.steps += 1,
                    Fault::RefusedStepDecaysMoments => self.first.iter_mut().for_each(|m| *m *= 0.9),
                    Fault::RefusedStepKeepsGradient => return Err(error),
                    _ => {}
                }
                self.gradient.fill(0.0);
                return Err(error);
            }
        };
        match self.fault {
            Fault::NoWeightDecay => update.adam.weight_decay = 0.0,
            Fault::NoMomentum => update.adam.beta1 = 0.0,
            _ => {}
        }
        self.steps += 1;
        let count = if self.has(Fault::NoBiasCorrection) { 1 << 40 } else { self.steps };
        let clip = if self.has(Fault::DoesNotClip) { 1.0 } else { scale };
        let (first, second) = (&mut self.first, &mut self.second);
        adamw(&mut self.weights, &self.gradient, first, second, count, &update, clip)?;
        if !self.has(Fault::StepKeepsGradient) {
            self.gradient.fill(0.0);
        }
        Ok(if self.has(Fault::NormAfterClip) { norm * scale } else { norm })
    }
}

impl Averaged for Tiny {
    async fn average(&mut self, decay: f64) -> Result<(), Error> {
        if self.average.is_empty() {
            self.average = self.weights.clone();
            if self.has(Fault::AverageStartsAtZero) {
                self.average.fill(0.0);
            }
        }
        let decay = if self.has(Fault::DecayReversed) { 1.0 - decay } else { decay };
        average(&mut self.average, &self.weights, decay)
    }

    async fn swap_average(&mut self) -> Result<(), Error> {
        if self.average.is_empty() {
            if self.has(Fault::SwapsWithNothing) {
                return Ok(());
            }
            return Err(Error::TooFew { name: "average", need: 1, got: 0 });
        }
        core::mem::swap(&mut self.average, &mut self.weights);
        Ok(())
    }
}

impl LearnRows for Tiny {
    async fn accumulate_rows<O: RowObjective>(
        &mut self,
        batch: Batch<'_>,
        objective: &mut O,
    ) -> Result<f64, Error> {
        let result = self.check(batch.sequences()).and_then(|()| {
            let mut loss = 0.0;
            for t in Self::positions(batch) {
                let features = self.features(batch.sequences(), t - 1);
                let logits = self.columns(&features, 0..VOCABULARY);
                let mut slopes = vec![f32::NAN; logits.len()];
                loss += objective.row(t, &logits, &mut slopes)?;
                if self.has(Fault::RowGradientDivided) {
                    slopes.iter_mut().for_each(|slope| *slope /= batch.temperature());
                }
                self.pull(&features, 0, &slopes);
            }
            Ok(loss)
        });
        self.or_drop(result)
    }
}

impl LearnCandidates for Tiny {
    async fn accumulate_candidates<O: CandidateObjective>(
        &mut self,
        batch: Batch<'_>,
        k: usize,
        ids: &[u32],
        objective: &mut O,
    ) -> Result<f64, Error> {
        let checked = self.check_candidates(batch, k, ids, ids.len()).and_then(|()| self.check_ids(ids));
        let result = checked.and_then(|()| {
            let mut loss = 0.0;
            for (i, t) in Self::positions(batch).into_iter().enumerate() {
                let (all, ids) = (self.all_log_probs(batch, t)?, &ids[i * k..(i + 1) * k]);
                let log_probs: Vec<f32> = ids.iter().map(|id| all[*id as usize]).collect();
                let mut slopes = vec![f32::NAN; k];
                loss += objective.candidates(&[t], &log_probs, &mut slopes)?;
                let features = self.features(batch.sequences(), t - 1);
                let logits = self.columns(&features, 0..VOCABULARY);
                let mut pulled = vec![0.0; logits.len()];
                for (id, slope) in ids.iter().zip(&slopes) {
                    log_prob_pull(
                        &logits,
                        *id as usize,
                        batch.temperature().into(),
                        *slope,
                        0.0,
                        &mut pulled,
                    )?;
                    if self.has(Fault::PullsFirstCandidate) {
                        break;
                    }
                }
                self.pull(&features, 0, &pulled);
            }
            Ok(loss)
        });
        self.or_drop(result)
    }
}

impl Parameters for Tiny {
    fn parameters(&self) -> usize {
        self.weights.len()
    }

    async fn read(&mut self, out: &mut [f32]) -> Result<(), Error> {
        fits(out.len(), self.weights.len())?;
        out.copy_from_slice(&self.weights);
        Ok(())
    }

    async fn write(&mut self, values: &[f32]) -> Result<(), Error> {
        fits(values.len(), self.weights.len())?;
        self.weights.copy_from_slice(values);
        if self.has(Fault::WriteResetsMoments) {
            self.first.fill(0.0);
        }
        Ok(())
    }

    async fn take_gradient(&mut self, out: &mut [f32]) -> Result<(), Error> {
        fits(out.len(), self.gradient.len())?;
        out.copy_from_slice(&self.gradient);
        if !self.has(Fault::TakeKeepsGradient) {
            self.gradient.fill(0.0);
        }
        Ok(())
    }
}

fn fits(got: usize, want: usize) -> Result<(), Error> {
    if got == want { Ok(()) } else { Err(Error::Shape { name: "values", want, got }) }
}
