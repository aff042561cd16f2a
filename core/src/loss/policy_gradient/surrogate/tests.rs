use super::*;
use crate::oracle::{close, slope};
use proptest::prelude::*;

const CLIP: PolicyClip = PolicyClip::symmetric(0.2);

/// The formula as it is written in the papers; `held` is what CISPO's ratio was when it was detached.
fn naive(surrogate: Surrogate, log_prob: f64, old: f64, advantage: f64, held: f64) -> f64 {
    let rho = (log_prob - old).exp();
    let pessimist = |rho: f64, clip: PolicyClip| {
        let rho = clip.dual.map_or(rho, |delta| rho.min(delta));
        -(rho * advantage).min(rho.clamp(1.0 - clip.low, 1.0 + clip.high) * advantage)
    };
    match surrogate {
        Surrogate::LogProb => -advantage * log_prob,
        Surrogate::Clipped(clip) | Surrogate::SequenceMean(clip) | Surrogate::SequenceProduct(clip) => {
            pessimist(rho, clip)
        }
        Surrogate::Detached(clip) => -held.clamp(1.0 - clip.low, 1.0 + clip.high) * advantage * log_prob,
        Surrogate::SoftGate { positive, negative } => {
            let tau = if advantage > 0.0 { positive } else { negative };
            -advantage * 4.0 / tau / (1.0 + (-tau * (rho - 1.0)).exp())
        }
    }
}

proptest! {
    #[test]
    fn equals_the_oracle_and_its_slope(
        log_prob in -4.0..0.0, log_ratio in -2.0..2.0, advantage in -3.0..3.0,
        low in 0.0..0.9, high in 0.0..0.9, beyond in 0.01..3.0,
    ) {
        let clip = PolicyClip { low, high, ..CLIP };
        let (old, rho) = (log_prob - log_ratio, f64::exp(log_ratio));
        let delta = 1.0 + high + beyond;
        for edge in [1.0 - low, 1.0 + high, delta] {
            prop_assume!((rho - edge).abs() > 1e-3);
        }
        for surrogate in [
            Surrogate::LogProb,
            Surrogate::Clipped(clip),
            Surrogate::Clipped(PolicyClip { dual: Some(delta), ..clip }),
            Surrogate::Detached(clip),
            Surrogate::SequenceMean(clip),
            Surrogate::SoftGate { positive: 0.5 + low, negative: 0.5 + high },
        ] {
            let token = surrogate.token(log_prob, old, advantage);
            let loss = |x: &[f64]| naive(surrogate, x[0], old, advantage, rho);
            close(token.loss, loss(&[log_prob]), 1e-12);
            slope(&[log_prob], &[token.slope], loss);
            close(token.ratio, rho, 1e-12);
        }
    }

    /// Inside the clip every surrogate with a ratio pulls the same way and as hard.
    #[test]
    fn inside_the_clip_all_ratios_pull_alike(
        log_prob in -4.0..0.0f64, log_ratio in -0.2..0.18, advantage in -3.0..3.0,
    ) {
        let old = log_prob - log_ratio;
        let slope = |s: Surrogate| s.token(log_prob, old, advantage).slope;
        let want = -advantage * f64::exp(log_ratio);
        for s in [
            Surrogate::Clipped(CLIP),
            Surrogate::Detached(CLIP),
        ] {
            close(slope(s), want, 1e-12);
        }
        // With ratio 1, that is REINFORCE.
        for s in [Surrogate::Clipped(CLIP), Surrogate::Detached(CLIP), Surrogate::LogProb] {
            prop_assert_eq!(s.token(log_prob, log_prob, advantage).slope, -advantage);
        }
    }
}

#[test]
fn settings_are_checked() {
    assert!(Surrogate::LogProb.validate().is_ok());
    let wrong = PolicyClip { low: -0.1, ..CLIP };
    for s in [
        Surrogate::Clipped(wrong),
        Surrogate::Detached(wrong),
        Surrogate::SequenceMean(wrong),
        Surrogate::SequenceProduct(wrong),
    ] {
        assert!(matches!(s.validate(), Err(Error::Range { name: "clip low", .. })));
    }
    let gate = Surrogate::SoftGate { positive: 1.0, negative: 0.0 };
    assert!(matches!(gate.validate(), Err(Error::Range { name: "soft gate negative", .. })));
}
