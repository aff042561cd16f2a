use super::*;
use crate::oracle::{close, slope};
use proptest::prelude::*;

const OUT: f64 = f64::NEG_INFINITY;

proptest! {
    #[test]
    fn terms_are_their_definitions_never_negative_and_have_their_slopes(
        a in -6.0..0.0, b in -6.0..0.0, beta in 0.01..0.99,
    ) {
        let (p, q) = (f64::exp(a), f64::exp(b));
        let m: f64 = beta * p + (1.0 - beta) * q;
        let naive = [
            p * (p / q).ln() - p + q,
            q * (q / p).ln() - q + p,
            beta * p * (p / m).ln() + (1.0 - beta) * q * (q / m).ln(),
        ];
        let all = [Divergence::Forward, Divergence::Reverse, Divergence::JensenShannon { beta }];
        for (divergence, want) in all.into_iter().zip(naive) {
            let (value, pull) = divergence.term(a, b);
            close(value, want, 1e-13);
            prop_assert!(value >= -1e-15);
            slope(&[b], &[pull], |x| divergence.term(a, x[0]).0);
            prop_assert_eq!(divergence.term(a, a), (0.0, 0.0));
        }
    }

    #[test]
    fn the_mixture_tends_to_both_ends(a in -6.0..0.0, b in -6.0..0.0) {
        let share = 1e-7;
        let near = |beta: f64, whole: Divergence, by: f64| {
            let (value, pull) = Divergence::JensenShannon { beta }.term(a, b);
            let (want, want_pull) = whole.term(a, b);
            close(value / by, want, 1e-3);
            close(pull / by, want_pull, 1e-3);
        };
        // KL's own −p + q, which sum to 0 over a distribution, are part of what tends.
        near(share, Divergence::Forward, share);
        near(1.0 - share, Divergence::Reverse, share);
    }
}

#[test]
fn impossible_outcomes() {
    let half = Divergence::JensenShannon { beta: 0.5 };
    assert_eq!(Divergence::Forward.term(OUT, -1.0), ((-1f64).exp(), (-1f64).exp()));
    assert_eq!(Divergence::Forward.term(-1.0, OUT).0, f64::INFINITY);
    assert_eq!(Divergence::Reverse.term(OUT, -1.0).0, f64::INFINITY);
    assert_eq!(Divergence::Reverse.term(-1.0, OUT), ((-1f64).exp(), 0.0));
    close(half.term(-1.0, OUT).0, 0.5 * (-1f64).exp() * 2f64.ln(), 1e-15);
    close(half.term(OUT, -1.0).0, 0.5 * (-1f64).exp() * 2f64.ln(), 1e-15);
    for divergence in [Divergence::Forward, Divergence::Reverse, half] {
        assert_eq!(divergence.term(OUT, OUT), (0.0, 0.0));
    }
    assert!(half.term(-1.0, -1e9).0.is_finite() && half.term(-1e9, -1.0).0.is_finite());
}

#[test]
fn a_share_of_nothing_or_of_all_is_refused() {
    for beta in [0.0, 1.0, -0.5, f64::NAN] {
        assert!(Divergence::JensenShannon { beta }.validate().is_err());
    }
    assert!(Divergence::JensenShannon { beta: 0.1 }.validate().is_ok());
}
