//! Statistics of a value update.

/// Statistics of a value update. Sums, so that parts of a batch merge.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ValueStats {
    /// Steps seen.
    pub steps: usize,
    /// Elements whose loss the clip holds.
    pub clipped: usize,
    /// Σ value.
    pub value: f64,
    /// Σ return.
    pub target: f64,
    /// Σ return².
    pub squared_target: f64,
    /// Σ (value − return)².
    pub squared_error: f64,
    /// Σ of what is minimized: half the squared error, or of the two the greater where there is a clip.
    pub loss: f64,
}

impl ValueStats {
    /// Adds a step. `minimized` is its part of the loss.
    pub(super) fn record(&mut self, value: f64, target: f64, squared_error: f64, minimized: f64) {
        self.steps += 1;
        self.value += value;
        self.target += target;
        self.squared_target += target * target;
        self.squared_error += squared_error;
        self.loss += minimized;
    }

    /// Adds the sums of another part of the batch.
    pub fn merge(&mut self, other: &Self) {
        self.steps += other.steps;
        self.clipped += other.clipped;
        self.value += other.value;
        self.target += other.target;
        self.squared_target += other.squared_target;
        self.squared_error += other.squared_error;
        self.loss += other.loss;
    }

    fn per_step(&self, sum: f64) -> f64 {
        sum / self.steps.max(1) as f64
    }

    /// The share of steps whose loss the clip holds.
    pub fn clip_fraction(&self) -> f64 {
        self.per_step(self.clipped as f64)
    }

    /// Mean value.
    pub fn mean_value(&self) -> f64 {
        self.per_step(self.value)
    }

    /// The mean of what is minimized, before any coefficient.
    pub fn mean_loss(&self) -> f64 {
        self.per_step(self.loss)
    }

    /// Mean squared error against the returns, without any clip.
    pub fn mean_squared_error(&self) -> f64 {
        self.per_step(self.squared_error)
    }

    /// `1 − MSE / Var(returns)`: 1 is a perfect critic, 0 one that knows the mean. `None` when the
    /// returns do not vary.
    pub fn explained_variance(&self) -> Option<f64> {
        let mean = self.per_step(self.target);
        let variance = self.per_step(self.squared_target) - mean * mean;
        (variance > 0.0).then(|| 1.0 - self.mean_squared_error() / variance)
    }
}
