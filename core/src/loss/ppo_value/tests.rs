use super::*;
use crate::diagnostics::Diagnose;
use crate::oracle::{Token, close, columns, many, slope, tokens};
use proptest::prelude::*;
use std::vec;

proptest! {
    #[test]
    fn value_loss_equals_the_definition_and_its_slope(x in tokens()) {
        let (values, old, targets, mask) = columns(&x);
        let kink = |p: &Token| {
            let kept = p.0.clamp(p.1 - 0.2, p.1 + 0.2);
            ((p.0 - p.1).abs() - 0.2).abs() < 1e-3
                || (kept != p.0 && ((p.0 - p.2).powi(2) - (kept - p.2).powi(2)).abs() < 1e-3)
        };
        prop_assume!(!x.iter().any(kink));
        for clip in [Some(0.2), None] {
            let naive: f64 = x.iter().filter(|p| p.3).map(|(v, o, r, _)| {
                let kept = clip.map_or(*v, |c| v.clamp(o - c, o + c));
                0.5 * (v - r).powi(2).max((kept - r).powi(2))
            }).sum::<f64>() / 5.0;
            let loss = |v: &[f64]| {
                value_loss(v, &old, &targets, &mask, clip, 5.0, &mut vec![0.0; v.len()]).unwrap().0
            };
            close(loss(&values), naive, 1e-13);
            let mut grad = vec![f64::NAN; values.len()];
            let (_, stats) = value_loss(&values, &old, &targets, &mask, clip, 5.0, &mut grad).unwrap();
            close(stats.mean_loss(), 5.0 * naive / stats.steps.max(1) as f64, 1e-13);
            slope(&values, &grad, loss);
        }
    }

    /// Any split gives the same gradient, to the bit; padding, NaN too, moves nothing.
    #[test]
    fn neither_a_split_nor_padding_changes_anything(x in tokens(), at in 0usize..16) {
        let (mut new, mut old, mut adv, mut mask) = columns(&x);
        let at = at.min(x.len());
        let (mut whole, mut parts) = (vec![f64::NAN; x.len()], vec![f64::NAN; x.len()]);
        let (loss, stats) = value_loss(&new, &old, &adv, &mask, Some(0.2), 9.0, &mut whole).unwrap();
        let (g1, g2) = parts.split_at_mut(at);
        let (a, mut s) =
            value_loss(&new[..at], &old[..at], &adv[..at], &mask[..at], Some(0.2), 9.0, g1).unwrap();
        let (b, t) =
            value_loss(&new[at..], &old[at..], &adv[at..], &mask[at..], Some(0.2), 9.0, g2).unwrap();
        prop_assert_eq!(&whole, &parts);
        close(a + b, loss, 1e-13);
        s.merge(&t);
        close(s.mean_squared_error(), stats.mean_squared_error(), 1e-13);
        close(s.mean_loss(), stats.mean_loss(), 1e-13);
        for v in [&mut new, &mut old, &mut adv] {
            v.push(f64::NAN);
        }
        mask.push(false);
        let mut padded = vec![f64::NAN; x.len() + 1];
        let got = value_loss(&new, &old, &adv, &mask, Some(0.2), 9.0, &mut padded).unwrap();
        prop_assert_eq!(got, (loss, stats));
        whole.push(0.0);
        prop_assert_eq!(&padded, &whole);
    }
}

/// Blocks and lanes are seen in no number.
#[test]
fn many_steps_are_each_as_alone() {
    for n in [0, 1, 63, 64, 65, 200] {
        let ([values, old, targets], mask) = many(n);
        let run = |range: core::ops::Range<usize>, grad: &mut [f32]| {
            let (v, o, t) = (&values[range.clone()], &old[range.clone()], &targets[range.clone()]);
            value_loss(v, o, t, &mask[range], Some(0.3), 8.0, grad).unwrap()
        };
        let (mut grad, mut alone) = (vec![f32::NAN; n], vec![f32::NAN; n]);
        let (loss, stats) = run(0..n, &mut grad);
        let (mut sum, mut expected) = (0.0, ValueStats::default());
        for i in 0..n {
            let (loss, stats) = run(i..i + 1, &mut alone[i..i + 1]);
            sum += loss;
            expected.merge(&stats);
        }
        assert_eq!(grad, alone);
        assert_eq!((stats.steps, stats.clipped), (expected.steps, expected.clipped));
        for (got, want) in [
            (loss, sum),
            (stats.value, expected.value),
            (stats.target, expected.target),
            (stats.squared_target, expected.squared_target),
            (stats.squared_error, expected.squared_error),
        ] {
            close(got, want, 1e-13);
        }
    }
}

#[test]
fn what_is_not_finite_is_named() {
    for (bad, index) in [(f32::NAN, 70), (f32::INFINITY, 3), (1e30, 64)] {
        let mut values = vec![0.5f32; 80];
        values[index] = bad;
        let run = |clip| value_loss(&values, &[0.0; 80], &[1.0; 80], &[true; 80], clip, 1.0, &mut [0.0; 80]);
        for clip in [None, Some(0.2)] {
            assert_eq!(run(clip), Err(Error::NotFinite { name: "value loss", index }));
        }
    }
}

#[test]
fn explained_variance_knows_good_from_useless() {
    let run = |values: &[f64]| {
        let (_, stats) =
            value_loss(values, values, &[1.0, 3.0], &[true; 2], None, 2.0, &mut [0.0; 2]).unwrap();
        stats.explained_variance()
    };
    assert_eq!(run(&[1.0, 3.0]), Some(1.0));
    assert_eq!(run(&[2.0, 2.0]), Some(0.0));
    assert_eq!(ValueStats::default().explained_variance(), None);
}

#[test]
fn it_weighs_the_masked_in_states() {
    let (old, returns) = ([f32::NAN, 1.0, 0.0], [f32::NAN, 2.0, 5.0]);
    let mut o = PpoValue::new(&old, &returns, &[false, true, true], Some(0.2), 0.5, 2.0).unwrap();
    let mut g = [f32::NAN; 3];
    let loss = o.values(&[9.0, 1.0, 1.0], &mut g).unwrap();
    // The second state has moved beyond the clip towards its return: no more pull.
    assert_eq!(g, [0.0, -0.25, 0.0]);
    let held = (f64::from(0.2f32 - 5.0)).powi(2);
    assert!((loss - 0.5 * 0.5 * (1.0 + held) / 2.0).abs() < 1e-6);
    assert_eq!((o.stats.steps, o.stats.clipped), (2, 1));
    // What is reported is what is minimized, but for the coefficient.
    let mut reported = None;
    o.stats.diagnose(&mut |name, value| {
        if name == "value_loss" {
            reported = Some(value)
        }
    });
    assert!((0.5 * reported.unwrap() - loss).abs() < 1e-12, "{reported:?} {loss}");
    assert!(o.values(&[1.0; 2], &mut [0.0; 2]).is_err());
    assert!(PpoValue::new(&old, &returns, &[true; 2], None, 1.0, 1.0).is_err());
}
