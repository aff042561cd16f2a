//! The values of statistics that objectives keep.

use super::Diagnose;
use crate::loss::{Comparisons, PolicyStats, ValueStats};
use crate::rewards::Disagreement;

impl Diagnose for PolicyStats {
    fn diagnose(&self, visit: &mut dyn FnMut(&'static str, f64)) {
        if self.tokens > 0 {
            visit("clip_fraction", self.clip_fraction());
            visit("dual_clip_fraction", self.bounded as f64 / self.tokens as f64);
            visit("ratio", self.mean_ratio());
            visit("ratio_min", self.ratio_min);
            visit("ratio_max", self.ratio_max);
            visit("policy_kl", self.policy_kl());
            visit("approx_kl", self.approx_kl());
        }
        // Nobody asked for entropies where they add up to nothing.
        if self.entropy > 0.0 {
            visit("policy_entropy", self.mean_entropy());
        }
    }
}

impl Diagnose for ValueStats {
    fn diagnose(&self, visit: &mut dyn FnMut(&'static str, f64)) {
        if self.steps > 0 {
            visit("value", self.mean_value());
            visit("value_loss", self.mean_loss());
            visit("value_clip_fraction", self.clip_fraction());
        }
        if let Some(share) = self.explained_variance() {
            visit("explained_variance", share);
        }
    }
}

impl Diagnose for Comparisons {
    fn diagnose(&self, visit: &mut dyn FnMut(&'static str, f64)) {
        if let Some(share) = self.accuracy() {
            visit("accuracy", share);
        }
    }
}

impl Diagnose for Disagreement {
    fn diagnose(&self, visit: &mut dyn FnMut(&'static str, f64)) {
        if self.texts > 0 {
            visit("disagreement", self.mean_deviation());
            visit("disagreement_max", self.deviation_max);
            visit("disagreement_range", self.mean_range());
        }
    }
}
