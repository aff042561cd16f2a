//! Figures of an iteration of step 3, by the names of [`FIGURES`](crate::record::FIGURES).

use crate::engine::{Capability, Model, Scorer};
use rlhf_core::HeldRows;
use rlhf_core::advantage::exact_kls;
use rlhf_core::diagnostics::{Diagnose, KlStats, ResponseStats};
use rlhf_train::{Examples, IterationReport, Models, ROWS_AT_ONCE, TrainError, now};

/// The number of responses, and the largest vocabulary, for which whole distributions are compared.
const EXACT: usize = 8;
const LARGEST: usize = 4096;

/// The policy as it writes a rollout, which it will not be when it has learnt from it.
pub(super) struct Writer {
    policy: Option<Model>,
    temperature: f64,
}

impl Writer {
    /// Measures a policy that samples at this temperature.
    pub fn of(policy: &Model, temperature: f64) -> Self {
        let small = policy.architecture().vocabulary <= LARGEST;
        let mut policy = small.then(|| policy.clone());
        // The distributions are read from rows.
        if policy.as_mut().is_some_and(|policy| policy.require(Capability::Rows).is_err()) {
            policy = None;
        }
        Self { policy, temperature }
    }

    /// Returns the figures of the iteration.
    pub fn figures(
        self,
        seen: &IterationReport,
        models: &mut Models<'_, Model, Scorer>,
    ) -> Result<Vec<(&'static str, f64)>, TrainError> {
        let (mut kl, mut response) = (KlStats::default(), ResponseStats::default());
        let rollouts = &seen.rollouts;
        for i in 0..rollouts.len() {
            let span = rollouts.response_span(i);
            let log_probs = &rollouts.log_probs()[span.clone()];
            kl.record(log_probs, &rollouts.ref_log_probs()[span])?;
            response.record(log_probs, rollouts.finish()[i]);
        }
        if let Some(reference) = &mut models.reference {
            self.exact(seen, reference, &mut kl)?;
        }
        let disagreement =
            models.reward.as_mut().map(|reward| reward.take_disagreement()).unwrap_or_default();
        let all: [&dyn Diagnose; 6] = [&seen.parts, &kl, &response, &seen.policy, &seen.value, &disagreement];
        let mut figures = vec![("beta", seen.beta), ("pretraining_loss", seen.pretraining)];
        all.iter().for_each(|part| part.diagnose(&mut |name, value| figures.push((name, value))));
        Ok(figures)
    }

    /// The KL over whole distributions of the first responses.
    fn exact(
        self,
        seen: &IterationReport,
        reference: &mut Model,
        kl: &mut KlStats,
    ) -> Result<(), TrainError> {
        let Some(mut policy) = self.policy else { return Ok(()) };
        let (rollouts, mut texts) = (&seen.rollouts, Examples::default());
        let tokens = rollouts.sequences().tokens();
        for i in 0..rollouts.len().min(EXACT) {
            let (whole, response) = (rollouts.span(i), rollouts.response_span(i));
            texts.push(&tokens[whole.start..response.start], &tokens[response])?;
        }
        for part in texts.parts(ROWS_AT_ONCE) {
            let batch = part.batch()?.at_temperature(self.temperature as f32)?;
            let mut each = vec![0.0; part.span.len()];
            now(async {
                let rows = HeldRows::of(reference, batch).await.map_err(TrainError::role("reference"))?;
                exact_kls(&mut policy, &rows, batch, &mut each).await.map_err(TrainError::role("policy"))
            })?;
            for (_, span) in batch.sequences().sequences() {
                let loss_mask = batch.loss_mask()[span.clone()].iter().filter(|counts| **counts).count();
                kl.see_exact(each[span].iter().map(|kl| f64::from(*kl)).sum(), loss_mask);
            }
        }
        Ok(())
    }
}
