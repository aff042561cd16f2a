use super::*;
use crate::oracle::close;
use proptest::prelude::*;
use std::vec;

proptest! {
    /// For whole shapes k, `P(k, x) = 1 − e^−x Σ_{i<k} xⁱ/i!`.
    #[test]
    fn a_whole_shape_has_a_closed_form(k in 1u32..9, x in 0.01..40.0) {
        let (mut term, mut sum) = (1.0, 0.0);
        for i in 0..k {
            sum += term;
            term *= x / f64::from(i + 1);
        }
        close(lower_gamma(f64::from(k), x), 1.0 - (-x).exp() * sum, 1e-12);
    }

    /// The slope of the distribution is its density.
    #[test]
    fn any_shape_has_its_density(a in 0.5..20.0, x in 0.1..30.0) {
        let h = 1e-5;
        let slope = (lower_gamma(a, x + h) - lower_gamma(a, x - h)) / (2.0 * h);
        close(slope, libm::exp((a - 1.0) * libm::log(x) - x - libm::lgamma(a)), 1e-6);
    }

    #[test]
    fn credits_add_up_to_the_distribution(
        step in 0.05..1.0, since in 0.0..3.0, n in 1usize..40, shape in 0.5..5.0,
    ) {
        for delay in [
            Delay::None,
            Delay::Uniform { from: 0.2, to: 0.8 },
            Delay::Gamma { shape, scale: 0.3 },
        ] {
            let mut credits = vec![f64::NAN; n];
            delay.credits(step, since, &mut credits).unwrap();
            assert!(credits.iter().all(|&c| c >= 0.0));
            let want = delay.cumulative(since + (n - 1) as f64 * step) - delay.cumulative(since - step);
            close(credits.iter().sum(), want, 1e-12);
        }
    }

    #[test]
    fn quantiles_undo_the_distribution(u in 0.001..0.999, shape in 0.5..5.0) {
        for delay in [Delay::Uniform { from: 0.28, to: 4.0 }, Delay::Gamma { shape, scale: 0.3 }] {
            close(delay.cumulative(delay.quantile(u)), u, 1e-9);
        }
    }
}

#[test]
fn without_delay_the_last_step_has_all_credit() {
    let mut credits = [f64::NAN; 3];
    Delay::None.credits(0.1, 0.1, &mut credits).unwrap();
    assert_eq!(credits, [1.0, 0.0, 0.0]);
    // Even between 0.25 s and 1.25 s, at half a second a step.
    Delay::Uniform { from: 0.25, to: 1.25 }.credits(0.5, 0.5, &mut credits).unwrap();
    assert_eq!(credits, [0.25, 0.5, 0.25]);
}

#[test]
fn what_is_out_of_range_is_named() {
    let backwards = Delay::Uniform { from: 1.0, to: 0.5 };
    let found = backwards.credits(0.1, 0.1, &mut [0.0f32]);
    assert!(matches!(found, Err(Error::Range { name: "delay to - from", .. })));
    assert!(Delay::Gamma { shape: 0.0, scale: 1.0 }.validate().is_err());
    assert!(Delay::Gamma { shape: 2.0, scale: f64::NAN }.validate().is_err());
    assert!(Delay::Uniform { from: f64::NAN, to: 1.0 }.validate().is_err());
    assert!(Delay::None.credits(0.0, 0.1, &mut [0.0f32]).is_err());
}
