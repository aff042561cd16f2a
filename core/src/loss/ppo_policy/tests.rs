use super::*;
use crate::oracle::{close, columns, many, slope, tokens};
use proptest::prelude::*;
use std::vec;

const CLIP: PolicyClip = PolicyClip { low: 0.2, high: 0.28, log_ratio: None, dual: None };

#[test]
fn the_dual_clip_bounds_the_loss_of_negative_advantages_alone() {
    let dual = PolicyClip { dual: Some(1.5), ..CLIP };
    for advantage in [-2.0, -0.5, 0.0, 0.5, 2.0] {
        for log_ratio in [-1.0f64, 0.0, 0.3, 0.5, 3.0] {
            let (r, got) = (log_ratio.exp(), dual.token(log_ratio, 0.0, advantage));
            let plain = CLIP.token(log_ratio, 0.0, advantage);
            if advantage < 0.0 && r > 1.5 {
                assert_eq!((got.loss, got.slope, got.bounded), (1.5 * -advantage, 0.0, true));
            } else {
                assert_eq!(got, plain);
            }
            // TRL's form, of which it is the same number: ρ itself is held at δ.
            let two_sided = -(r.min(1.5) * advantage).min(r.clamp(0.8, 1.28) * advantage);
            close(got.loss, two_sided, 1e-15);
        }
    }
    // A ratio that overflows is held, too.
    let far = dual.token(0.0f32, -1000.0, -1.0);
    assert_eq!((far.loss, far.slope), (1.5, 0.0));
    let name = "clip dual";
    let below = PolicyClip { dual: Some(1.2), ..CLIP }.validate();
    assert_eq!(below, Err(Error::Range { name, value: 1.2, low: 1.28, high: f64::MAX }));
}

#[test]
fn what_is_not_a_number_stays_so() {
    for clip in [CLIP, PolicyClip { log_ratio: Some(20.0), dual: Some(3.0), ..CLIP }] {
        for [new, old, advantage] in [[f32::NAN, 0.0, 1.0], [0.0, f32::NAN, 1.0], [0.0, 0.0, f32::NAN]] {
            assert!(clip.token(new, old, advantage).loss.is_nan());
        }
    }
}

proptest! {
    #[test]
    fn policy_loss_equals_the_definition_and_its_slope(x in tokens()) {
        let (new, old, adv, mask) = columns(&x);
        // Finite differences mean nothing on a kink.
        prop_assume!(x.iter().all(|p| {
            let r = (p.0 - p.1).exp();
            (r - 0.8).abs() > 1e-3 && (r - 1.28).abs() > 1e-3
        }));
        let naive: f64 = x.iter().filter(|p| p.3).map(|(a, b, adv, _)| {
            let r = (a - b).exp();
            -(r * adv).min(r.clamp(0.8, 1.28) * adv)
        }).sum::<f64>() / 7.0;
        let loss = |new: &[f64]| {
            policy_loss(new, &old, &adv, &mask, &CLIP, 7.0, &mut vec![0.0; new.len()]).unwrap().0
        };
        close(loss(&new), naive, 1e-13);
        let mut grad = vec![f64::NAN; new.len()];
        let (_, stats) = policy_loss(&new, &old, &adv, &mask, &CLIP, 7.0, &mut grad).unwrap();
        slope(&new, &grad, loss);
        prop_assert_eq!(stats.tokens, mask.iter().filter(|m| **m).count());
    }

    /// Any split gives the same gradient, to the bit, and stats that merge.
    #[test]
    fn a_split_changes_nothing(x in tokens(), at in 0usize..16) {
        let (new, old, adv, mask) = columns(&x);
        let at = at.min(x.len());
        let mut whole = vec![f64::NAN; x.len()];
        let (loss, stats) = policy_loss(&new, &old, &adv, &mask, &CLIP, 9.0, &mut whole).unwrap();
        let mut parts = vec![f64::NAN; x.len()];
        let (g1, g2) = parts.split_at_mut(at);
        let (a, mut s) =
            policy_loss(&new[..at], &old[..at], &adv[..at], &mask[..at], &CLIP, 9.0, g1).unwrap();
        let (b, t) =
            policy_loss(&new[at..], &old[at..], &adv[at..], &mask[at..], &CLIP, 9.0, g2).unwrap();
        s.merge(&t);
        prop_assert_eq!(&whole, &parts);
        close(a + b, loss, 1e-13);
        prop_assert_eq!((s.tokens, s.clipped, s.ratio_min, s.ratio_max),
            (stats.tokens, stats.clipped, stats.ratio_min, stats.ratio_max));
        close(s.approx_kl(), stats.approx_kl(), 1e-13);
    }

    /// Whatever padding holds, NaN too, it moves nothing.
    #[test]
    fn padding_cannot_move_the_loss(x in tokens()) {
        let (mut new, mut old, mut adv, mut mask) = columns(&x);
        let mut grad = vec![f64::NAN; x.len()];
        let alone = policy_loss(&new, &old, &adv, &mask, &CLIP, 3.0, &mut grad).unwrap();
        for v in [&mut new, &mut old, &mut adv] {
            v.push(f64::NAN);
        }
        mask.push(false);
        let mut padded = vec![f64::NAN; x.len() + 1];
        let got = policy_loss(&new, &old, &adv, &mask, &CLIP, 3.0, &mut padded).unwrap();
        prop_assert_eq!(got, alone);
        prop_assert_eq!(&padded[..x.len()], &grad[..]);
        prop_assert_eq!(padded[x.len()], 0.0);
    }
}

/// Blocks and lanes are seen in no number: each gradient is its token's, each sum theirs.
#[test]
fn many_tokens_are_each_as_alone() {
    for n in [0, 1, 63, 64, 65, 200] {
        let ([new, old, advantages], mask) = many(n);
        let clip = PolicyClip { dual: Some(2.0), log_ratio: Some(1.5), ..CLIP };
        let mut grad = vec![f32::NAN; n];
        let (loss, stats) = policy_loss(&new, &old, &advantages, &mask, &clip, 8.0, &mut grad).unwrap();
        let (mut sum, mut expected) = (0.0, PolicyStats::default());
        for i in 0..n {
            let token = clip.token(new[i], old[i], advantages[i]);
            assert_eq!(grad[i], if mask[i] { token.slope / 8.0 } else { 0.0 });
            if mask[i] {
                sum += f64::from(token.loss);
                expected.record(new[i], old[i], &token);
            }
        }
        close(loss, sum / 8.0, 1e-14);
        let exact = |s: &PolicyStats| (s.tokens, s.clipped, s.bounded, s.ratio_min, s.ratio_max);
        assert_eq!(exact(&stats), exact(&expected));
        for (got, want) in [
            (stats.ratio, expected.ratio),
            (stats.log_ratio, expected.log_ratio),
            (stats.half_squared_log_ratio, expected.half_squared_log_ratio),
        ] {
            close(got, want, 1e-13);
        }
    }
}

#[test]
fn on_policy_the_slope_is_the_policy_gradient() {
    let mut grad = [f32::NAN; 2];
    let (loss, stats) =
        policy_loss(&[-1.0, -2.0], &[-1.0, -2.0], &[0.5, -3.0], &[true; 2], &CLIP, 2.0, &mut grad).unwrap();
    assert_eq!((loss, grad), (1.25, [-0.25, 1.5]));
    assert_eq!((stats.ratio_min, stats.ratio_max, stats.clip_fraction()), (1.0, 1.0, 0.0));
    assert_eq!((stats.policy_kl(), stats.approx_kl()), (0.0, 0.0));
}

#[test]
fn a_limited_log_ratio_neither_overflows_nor_pulls() {
    let limited = PolicyClip { log_ratio: Some(20.0), ..CLIP };
    let token = limited.token(0.0f32, -1000.0, -1.0);
    assert!(token.loss.is_finite() && token.slope == 0.0);
    let free = policy_loss(&[0.0f32], &[-1000.0], &[-1.0], &[true], &CLIP, 1.0, &mut [0.0]);
    assert_eq!(free, Err(Error::NotFinite { name: "policy loss", index: 0 }));
}

const SYMMETRIC: PolicyClip = PolicyClip::symmetric(0.2);
const OLD: [f32; 5] = [f32::NAN, -1.0, -2.0, f32::NAN, -0.5];
const ADVANTAGES: [f32; 5] = [f32::NAN, 1.0, -1.0, f32::NAN, 2.0];

#[test]
fn tiles_add_up_and_only_loss_tokens_are_read() {
    let new = [-0.9, -2.5, -0.5];
    let h = [1.0, 2.0, 3.0];
    let run = |tiles: &[(usize, usize)]| {
        let mut o = PpoPolicy::new(&OLD, &ADVANTAGES, SYMMETRIC, 0.01, 3.0).unwrap();
        let (mut g, mut gh, mut loss) = ([f32::NAN; 3], [f32::NAN; 3], 0.0);
        for &(start, end) in tiles {
            let tile = start..end;
            let positions = &[1, 2, 4][tile.clone()];
            let (g, gh) = (&mut g[tile.clone()], &mut gh[tile.clone()]);
            loss += o.tokens(positions, &new[tile.clone()], &h[tile.clone()], g, gh).unwrap();
        }
        (g, gh, loss, o.stats)
    };
    let (g, gh, loss, stats) = run(&[(0, 3)]);
    let (g2, gh2, loss2, stats2) = run(&[(0, 1), (1, 3)]);
    assert_eq!((g, gh), (g2, gh2));
    assert!((loss - loss2).abs() < 1e-12 && stats.tokens == 3 && stats2.tokens == 3);
    // The second token's ratio, e^−½, is clipped; the last one's gradient is −A/n.
    assert_eq!((g[1], g[2]), (0.0, -2.0 / 3.0));
    assert_eq!(stats.entropy, 6.0);
}

#[test]
fn a_mean_ratio_above_the_threshold_silences_the_update() {
    let mut o = PpoPolicy::new(&OLD, &ADVANTAGES, SYMMETRIC, 0.0, 1.0).unwrap();
    assert_eq!(o.coupling(), Coupling::Token);
    o = o.with_ratio_threshold(10.0).unwrap();
    assert_eq!(o.coupling(), Coupling::Batch);
    let mut g = [f32::NAN];
    assert_eq!(o.tokens(&[2], &[1.0], &[], &mut g, &mut []), Ok(0.0));
    assert!(o.silenced && g == [0.0]);
}

#[test]
fn what_does_not_fit_is_named() {
    let mut o = PpoPolicy::new(&OLD, &ADVANTAGES, SYMMETRIC, 0.0, 1.0).unwrap();
    let beyond = o.tokens(&[5], &[-1.0], &[], &mut [0.0], &mut []);
    assert_eq!(beyond, Err(Error::Shape { name: "old", want: 6, got: 5 }));
    let nan = o.tokens(&[3], &[-1.0], &[], &mut [0.0], &mut []);
    assert_eq!(nan, Err(Error::NotFinite { name: "policy loss", index: 3 }));
    assert!(PpoPolicy::new(&OLD, &ADVANTAGES[..4], SYMMETRIC, 0.0, 1.0).is_err());
}
