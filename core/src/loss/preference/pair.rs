//! The loss of one pair.

use super::{margin, separate};
use crate::loss::{Preference, PreferenceLoss};

/// The loss of one pair, not yet divided by anything.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pair {
    /// The loss.
    pub loss: f64,
    /// The slope in the chosen response's log-ratio.
    pub chosen: f64,
    /// The slope in the rejected response's log-ratio.
    pub rejected: f64,
}

impl Preference {
    /// The loss of one pair from the two log-ratios to the reference (or log-probabilities, without
    /// one), in nats. AOT with one pair is DPO.
    pub fn pair(&self, chosen: f64, rejected: f64) -> Pair {
        use PreferenceLoss as L;
        let ((a, a_slope), (b, b_slope)) = (self.shape.of(chosen), self.shape.of(rejected));
        let (beta, smoothing) = (self.beta, self.label_smoothing);
        let apart = a - b;
        // A loss of one number, and what that number grows by with each nat apart.
        let along = |(loss, slope): (f64, f64), by: f64| (loss, by * slope, -by * slope);
        // A loss of two worths that are times β.
        let each = |(loss, up, down): (f64, f64, f64)| (loss, beta * up, beta * down);
        let (loss, up, down) = match self.loss {
            L::Dpo | L::Cdpo | L::Cpo | L::Simpo | L::AlphaPo | L::Aot | L::AotPair => {
                along(margin::logistic(beta * apart - self.margin, smoothing), beta)
            }
            L::Robust => along(margin::robust(beta * apart, smoothing), beta),
            L::Hinge | L::CpoHinge => along(margin::hinge(beta * apart), beta),
            L::Ipo | L::CpoIpo => along(margin::squared(apart, 0.5 / beta), 1.0),
            L::ExoPair => along(margin::exo(beta * apart, smoothing), beta),
            L::Discopop => along(margin::discopop(beta * apart, self.tau), beta),
            L::Orpo => {
                let (loss, slope) = margin::logistic(apart, 0.0);
                (beta * loss, beta * slope, -beta * slope)
            }
            L::NcaPair => each(separate::nca(beta * a, beta * b)),
            L::SppoHard => separate::sppo(a, b, 0.5 / beta),
            L::ApoZero => each(separate::apo_zero(beta * a, beta * b)),
            L::ApoDown => each(separate::apo_down(beta * a, beta * b)),
        };
        Pair { loss, chosen: up * a_slope, rejected: down * b_slope }
    }
}
