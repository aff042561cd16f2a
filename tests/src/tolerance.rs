//! The one table of tolerances, with reasons.

use rlhf_core::Real;

/// The kind of computation behind a number, which determines its tolerance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Ids, counts, masks, copies: no arithmetic.
    Exact,
    /// A few operations on each number.
    Elementwise,
    /// Sums, which PyTorch takes pairwise or in vector lanes and we in rising order.
    Sum,
    /// The peer holds the number in f32, whatever went in.
    PeerF32,
    /// The peer holds the number in bf16.
    PeerBf16,
    /// A whole network in f32, its gradients included, against the peer's in f64.
    Network,
    /// Numbers after some steps of the optimizer.
    Trained,
}

/// `|got − want| ≤ relative·|want| + absolute`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tolerance {
    /// Relative to what is wanted.
    pub relative: f64,
    /// In the number's unit.
    pub absolute: f64,
}

/// The tolerance for numbers computed in `R` from numbers up to `scale` in size.
///
/// | kind | f64 | f32 | why |
/// |---|---|---|---|
/// | `Exact` | 0 | 0 | |
/// | `Elementwise` | 1e-12 | 2e-5 | rounding of inputs, times a condition number up to some hundred (`exp` of a difference of log-probabilities up to 50) |
/// | `Sum` | 1e-10 | 1e-4 | the same, over some hundred terms |
/// | `PeerF32` | 1e-6 | 1e-4 | 2⁻²⁴ for each of the peer's operations |
/// | `PeerBf16` | 2⁻⁸ | 2⁻⁸ | bf16 keeps 8 bits |
/// | `Network` | | 2e-5 | PyTorch's own f32 is as far off; sums are as wide as the network |
/// | `Trained` | | 5e-5 | Adam divides a gradient by its size, so small ones keep their relative error |
///
/// The absolute part is a tenth of the relative one, of `scale`: what cancellation leaves.
pub fn tolerance<R: Real>(kind: Kind, scale: f64) -> Tolerance {
    let single = core::mem::size_of::<R>() == 4;
    let relative = match (kind, single) {
        (Kind::Exact, _) => 0.0,
        (Kind::Elementwise, false) => 1e-12,
        (Kind::Elementwise, true) => 2e-5,
        (Kind::Sum, false) => 1e-10,
        (Kind::Sum, true) => 1e-4,
        (Kind::PeerF32, false) => 1e-6,
        (Kind::PeerF32, true) => 1e-4,
        (Kind::PeerBf16, _) => 1.0 / 256.0,
        (Kind::Network, _) => 2e-5,
        (Kind::Trained, _) => 5e-5,
    };
    Tolerance { relative, absolute: 0.1 * relative * scale }
}

impl Tolerance {
    /// Returns whether `got` is within the tolerance. Infinities have to be equal; NaN never is.
    pub fn holds(&self, got: f64, want: f64) -> bool {
        // A tolerance relative to an infinity would be infinite.
        got == want || want.is_finite() && (got - want).abs() <= self.relative * want.abs() + self.absolute
    }

    /// Returns the difference of two numbers as a share of the tolerance.
    pub fn used(&self, got: f64, want: f64) -> f64 {
        if got == want { 0.0 } else { (got - want).abs() / (self.relative * want.abs() + self.absolute) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn infinities_are_equal_or_wrong_and_nan_is_wrong() {
        let t = tolerance::<f64>(Kind::Sum, 1.0);
        assert!(t.holds(f64::NEG_INFINITY, f64::NEG_INFINITY) && t.holds(1.0 + 1e-11, 1.0));
        for (got, want) in
            [(1.0, f64::INFINITY), (f64::INFINITY, 1.0), (f64::NAN, 1.0), (1.0, f64::NAN), (1.001, 1.0)]
        {
            assert!(!t.holds(got, want), "{got} {want}");
        }
        assert!(!tolerance::<f64>(Kind::Exact, 9.0).holds(1.0 + 1e-15, 1.0));
    }
}
