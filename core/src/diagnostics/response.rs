use super::Diagnose;
use crate::Real;
use crate::sampling::FinishReason;

/// Statistics of the lengths, endings and entropy of responses. Sums, so that parts of
/// a batch merge.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ResponseStats {
    /// Responses seen.
    pub responses: usize,
    /// Responses cut off at the longest length.
    pub truncated: usize,
    /// Their tokens.
    pub tokens: usize,
    /// The longest, in tokens.
    pub length_max: usize,
    /// Σ −ln p, in nats.
    pub entropy_estimate: f64,
}

impl ResponseStats {
    /// Takes in a response by its tokens' log-probabilities when they were drawn, in nats, and why it
    /// ended.
    pub fn record<R: Real>(&mut self, log_probs: &[R], finish: FinishReason) {
        self.merge(&Self {
            responses: 1,
            truncated: usize::from(finish == FinishReason::Length),
            tokens: log_probs.len(),
            length_max: log_probs.len(),
            entropy_estimate: -log_probs.iter().map(|p| p.f64()).sum::<f64>(),
        });
    }

    /// Adds the sums of another part of the batch.
    pub fn merge(&mut self, other: &Self) {
        self.responses += other.responses;
        self.truncated += other.truncated;
        self.tokens += other.tokens;
        self.length_max = self.length_max.max(other.length_max);
        self.entropy_estimate += other.entropy_estimate;
    }
}

impl Diagnose for ResponseStats {
    fn diagnose(&self, visit: &mut dyn FnMut(&'static str, f64)) {
        if self.responses > 0 {
            let per_response = |count: usize| count as f64 / self.responses as f64;
            visit("length", per_response(self.tokens));
            visit("length_max", self.length_max as f64);
            visit("ended", per_response(self.responses - self.truncated));
            visit("truncated", per_response(self.truncated));
        }
        if self.tokens > 0 {
            visit("entropy", self.entropy_estimate / self.tokens as f64);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_what_they_say() {
        let mut stats = ResponseStats::default();
        stats.record(&[-1.0, -2.0, -3.0], FinishReason::Length);
        stats.record(&[-2.0f32], FinishReason::Stop);
        let mut figures = std::vec::Vec::new();
        stats.diagnose(&mut |name, value| figures.push((name, value)));
        let want =
            [("length", 2.0), ("length_max", 3.0), ("ended", 0.5), ("truncated", 0.5), ("entropy", 2.0)];
        assert_eq!(figures, want);
    }
}
