//! Losses over pairs, whole: slopes, splits, order and reductions, for every name.

use super::*;
use crate::Error;
use crate::oracle::{close, slope};
use proptest::prelude::*;
use std::vec;
use std::vec::Vec;

use PreferenceLoss as L;

const ALL: [PreferenceLoss; 19] = [
    L::Dpo,
    L::Cdpo,
    L::Robust,
    L::Ipo,
    L::Hinge,
    L::ExoPair,
    L::NcaPair,
    L::SppoHard,
    L::ApoZero,
    L::ApoDown,
    L::Discopop,
    L::Aot,
    L::AotPair,
    L::Cpo,
    L::CpoHinge,
    L::CpoIpo,
    L::Simpo,
    L::AlphaPo,
    L::Orpo,
];

/// Log-probabilities of chosen and rejected, then the reference's.
type Four = (f64, f64, f64, f64);

fn pairs() -> impl Strategy<Value = Vec<Four>> {
    let nats = || -9.0..-0.1f64;
    prop::collection::vec((nats(), nats(), nats(), nats()), 1..8)
}

/// The loss and the gradients, chosen then rejected, at policy log-probabilities in that order.
fn run(s: &Preference, policy: &[f64], x: &[Four], n: f64) -> (PreferenceStats, Vec<f64>) {
    let (chosen, rejected) = policy.split_at(x.len());
    let reference: [Vec<f64>; 2] = [x.iter().map(|p| p.2).collect(), x.iter().map(|p| p.3).collect()];
    let mut grad = vec![f64::NAN; policy.len()];
    let (up, down) = grad.split_at_mut(x.len());
    let pairs = PairLogProbs { chosen, rejected, reference: Some([&reference[0], &reference[1]]) };
    (preference(s, pairs, n, up, down).unwrap(), grad)
}

fn policy(x: &[Four]) -> Vec<f64> {
    x.iter().map(|p| p.0).chain(x.iter().map(|p| p.1)).collect()
}

fn at(s: &Preference, x: &[Four], n: f64) -> (PreferenceStats, Vec<f64>) {
    run(s, &policy(x), x, n)
}

/// Returns whether finite differences are valid: no hinge is near its corner, no two sorted numbers are nearly equal.
fn smooth(s: &Preference, x: &[Four]) -> bool {
    let margin = |p: &Four| p.0 - p.1 - if s.against == Against::Reference { p.2 - p.3 } else { 0.0 };
    let corner =
        matches!(s.loss, L::Hinge | L::CpoHinge) && x.iter().any(|p| (s.beta * margin(p) - 1.0).abs() < 1e-3);
    let apart =
        |key: fn(&Four) -> f64| (0..x.len()).all(|i| (0..i).all(|j| (key(&x[i]) - key(&x[j])).abs() > 1e-3));
    !corner && (!s.sorts() || apart(|p| p.0 - p.1) && apart(|p| p.0 - p.2) && apart(|p| p.1 - p.3))
}

proptest! {
    #[test]
    fn gradients_are_slopes(x in pairs()) {
        for loss in ALL {
            for beta in [0.1, 0.7] {
                let s = Preference { beta, ..Preference::new(loss) };
                if smooth(&s, &x) {
                    let (_, grad) = at(&s, &x, 5.0);
                    slope(&policy(&x), &grad, |policy| run(&s, policy, &x, 5.0).0.loss);
                }
            }
        }
    }

    #[test]
    fn shapes_have_slopes_too(x in pairs(), alpha in -0.8..0.8f64) {
        for shape in [RewardShape::JensenShannon, RewardShape::Alpha(alpha)] {
            let s = Preference { shape, ..Preference::new(L::Dpo) };
            let (_, grad) = at(&s, &x, 5.0);
            slope(&policy(&x), &grad, |policy| run(&s, policy, &x, 5.0).0.loss);
        }
    }

    /// But for AOT, which sorts, any split and any order give each pair the same gradient, to the bit.
    #[test]
    fn a_split_or_another_order_changes_nothing(x in pairs(), cut in 0usize..8) {
        let (n, cut) = (x.len(), cut.min(x.len()));
        for s in ALL.map(Preference::new).iter().filter(|s| !s.sorts()) {
            let (whole, grad) = at(s, &x, 9.0);
            let (mut a, left) = at(s, &x[..cut], 9.0);
            let (b, right) = at(s, &x[cut..], 9.0);
            a.merge(&b);
            close(a.loss, whole.loss, 1e-13);
            close(a.chosen_rewards, whole.chosen_rewards, 1e-13);
            prop_assert_eq!((a.pairs, a.correct), (whole.pairs, whole.correct));
            prop_assert_eq!([&left[..cut], &right[..n - cut]].concat(), &grad[..n]);
            prop_assert_eq!([&left[cut..], &right[n - cut..]].concat(), &grad[n..]);
        }
        let mut back = x.clone();
        back.reverse();
        for s in ALL.map(Preference::new) {
            let ((a, grad), (b, mut other)) = (at(&s, &x, 9.0), at(&s, &back, 9.0));
            other[..n].reverse();
            other[n..].reverse();
            close(a.loss, b.loss, 1e-13);
            if smooth(&s, &x) {
                grad.iter().zip(&other).for_each(|(a, b)| close(*a, *b, 1e-13));
            }
        }
    }

    /// Each name's limit is another's formula.
    #[test]
    fn reductions(x in pairs()) {
        let dpo = at(&Preference::new(L::Dpo), &x, 3.0);
        let same = |s: Preference, x: &[Four], want: &(PreferenceStats, Vec<f64>)| {
            let got = at(&s, x, 3.0);
            close(got.0.loss, want.0.loss, 1e-13);
            got.1.iter().zip(&want.1).for_each(|(a, b)| close(*a, *b, 1e-13));
        };
        for loss in [L::Cdpo, L::Robust] {
            same(Preference { label_smoothing: 0.0, ..Preference::new(loss) }, &x, &dpo);
        }
        same(Preference { shape: RewardShape::Alpha(0.0), ..Preference::new(L::Dpo) }, &x, &dpo);
        let free = at(&Preference { against: Against::Nothing, ..Preference::new(L::Dpo) }, &x, 3.0);
        same(Preference::new(L::Cpo), &x, &free);
        same(Preference { beta: 0.1, margin: 0.0, ..Preference::new(L::Simpo) }, &x, &free);
        let one = &x[..1];
        for loss in [L::Aot, L::AotPair] {
            same(Preference::new(loss), one, &at(&Preference::new(L::Dpo), one, 3.0));
        }
        // A reference of 0 nats is none.
        let flat: Vec<Four> = x.iter().map(|p| (p.0, p.1, 0.0, 0.0)).collect();
        same(Preference::new(L::Dpo), &flat, &free);
        let nothing = at(&Preference { beta: 0.0, ..Preference::new(L::Dpo) }, &x, 3.0);
        prop_assert!(nothing.1.iter().all(|g| *g == 0.0));
        // Swapped labels: half smoothing cannot tell.
        let swapped: Vec<Four> = x.iter().map(|p| (p.1, p.0, p.3, p.2)).collect();
        let half = Preference { label_smoothing: 0.5, ..Preference::new(L::Cdpo) };
        close(at(&half, &x, 3.0).0.loss, at(&half, &swapped, 3.0).0.loss, 1e-13);
    }

    /// If labels follow rewards by Bradley–Terry, the gradient of DPO is 0 at the reference tilted by reward/β, the
    /// policy that is optimal under a KL penalty of β.
    #[test]
    fn dpo_rests_at_the_tilted_reference(
        r in prop::collection::vec((-2.0..2.0f64, -5.0..-1.0f64), 2), beta in 0.1..2.0,
    ) {
        let (good, bad) = if r[0].0 > r[1].0 { (r[0], r[1]) } else { (r[1], r[0]) };
        let wrong = 1.0 / (1.0 + (good.0 - bad.0).exp());
        let s = Preference { beta, label_smoothing: wrong, ..Preference::new(L::Cdpo) };
        let tilted = |(reward, reference): (f64, f64)| reference + reward / beta - 3.0;
        let (_, grad) = at(&s, &[(tilted(good), tilted(bad), good.1, bad.1)], 1.0);
        grad.iter().for_each(|g| close(*g, 0.0, 1e-12));
    }

    /// AOT is the least that any matching of the two sides costs.
    #[test]
    fn aot_is_optimal_transport(x in prop::collection::vec((-9.0..0.0, -9.0..0.0, -9.0..0.0, -9.0..0.0), 3)) {
        let x: Vec<Four> = x;
        let s = Preference { beta: 0.5, ..Preference::new(L::AotPair) };
        let cost = |order: [usize; 3]| -> f64 {
            (0..3).map(|i| s.pair(x[i].0 - x[i].2, x[order[i]].1 - x[order[i]].3).loss).sum()
        };
        let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
        let least = orders.map(cost).into_iter().fold(f64::INFINITY, f64::min);
        close(at(&s, &x, 1.0).0.loss, least, 1e-12);
    }
}

#[test]
fn ipo_at_its_optimum_does_not_pull() {
    let (_, grad) = at(&Preference::new(L::Ipo), &[(-1.0, -6.0, -1.0, -1.0)], 1.0);
    assert_eq!(grad, [0.0, 0.0]);
}

#[test]
fn far_log_ratios_stay_finite() {
    let far = [(-1e4, 0.0, 0.0, -1e4), (0.0, -1e4, -1e4, 0.0), (-1e4, -1e4, 0.0, 0.0)];
    for loss in ALL.into_iter().filter(|l| !matches!(l, L::AlphaPo | L::Orpo)) {
        let (stats, grad) = at(&Preference::new(loss), &far, 3.0);
        assert!(stats.loss.is_finite() && grad.iter().all(|g| g.is_finite()), "{loss:?}");
        let single: Vec<f32> = [-1e4, 0.0].to_vec();
        let (mut up, mut down) = ([f32::NAN], [f32::NAN]);
        let pair =
            PairLogProbs { chosen: &single[..1], rejected: &single[1..], reference: Some([&[0.0], &[-1e4]]) };
        preference(&Preference::new(loss), pair, 1.0, &mut up, &mut down).unwrap();
        assert!(up[0].is_finite() && down[0].is_finite(), "{loss:?}");
    }
    // Where the formula itself has no number, it says so.
    let lost = |loss, chosen: f64| {
        let pair = PairLogProbs { chosen: &[chosen], rejected: &[-1.0], reference: None };
        preference(&Preference::new(loss), pair, 1.0, &mut [0.0], &mut [0.0])
    };
    let no_number = Err(Error::NotFinite { name: "preference loss", index: 0 });
    assert_eq!(lost(L::Orpo, 0.0), no_number);
    assert_eq!(lost(L::AlphaPo, -1e4), no_number);
    assert!(lost(L::Orpo, -1e4).is_ok() && lost(L::AlphaPo, -1e3).is_ok());
}

#[test]
fn what_does_not_fit_is_refused() {
    let pair = PairLogProbs { chosen: &[-1.0], rejected: &[-2.0], reference: None };
    let got = preference(&Preference::new(L::Dpo), pair, 1.0, &mut [0.0], &mut [0.0]);
    assert_eq!(got, Err(Error::Shape { name: "reference", want: 1, got: 0 }));
    let nan = PairLogProbs { chosen: &[f64::NAN], ..pair };
    let got = preference(&Preference::new(L::Cpo), nan, 1.0, &mut [0.0], &mut [0.0]);
    assert_eq!(got, Err(Error::NotFinite { name: "chosen", index: 0 }));
    assert!(preference(&Preference::new(L::Cpo), pair, 0.0, &mut [0.0], &mut [0.0]).is_err());
}

#[test]
fn settings_that_a_loss_does_not_read_are_refused() {
    for loss in ALL {
        assert_eq!(Preference::new(loss).validate(), Ok(()), "{loss:?}");
    }
    let range = |s: Preference| match s.validate() {
        Err(Error::Range { name, .. } | Error::Unknown { name, .. } | Error::NotFinite { name, .. }) => name,
        other => panic!("{other:?}"),
    };
    let of = Preference::new;
    assert_eq!(range(Preference { label_smoothing: 0.1, ..of(L::Dpo) }), "label_smoothing");
    assert_eq!(range(Preference { label_smoothing: 0.5, ..of(L::Robust) }), "label_smoothing");
    assert_eq!(range(Preference { label_smoothing: 0.0, ..of(L::ExoPair) }), "label_smoothing");
    assert_eq!(range(Preference { margin: 0.5, ..of(L::Ipo) }), "margin");
    assert_eq!(range(Preference { beta: 0.0, ..of(L::Ipo) }), "beta");
    assert_eq!(range(Preference { beta: f64::NAN, ..of(L::Dpo) }), "beta");
    assert_eq!(range(Preference { shape: RewardShape::JensenShannon, ..of(L::Aot) }), "shape");
    assert_eq!(range(Preference { against: Against::Reference, ..of(L::Orpo) }), "against");
    let supervised = SupervisedTerm { coefficient: -1.0, per: Per::Token };
    assert_eq!(range(Preference { supervised, ..of(L::Dpo) }), "supervised coefficient");
}

#[cfg(feature = "model")]
#[test]
fn names_are_the_fields() {
    let names = "dpo cdpo robust ipo hinge exo_pair nca_pair sppo_hard apo_zero apo_down discopop aot aot_pair \
                 cpo cpo_hinge cpo_ipo simpo alpha_po orpo";
    let names: Vec<&str> = names.split_whitespace().collect();
    assert_eq!(ALL.map(|loss| serde_json::to_value(loss).unwrap()).to_vec(), names);
}
