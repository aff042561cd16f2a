use super::*;
use crate::loss::{PreferenceLoss, SupervisedTerm};
use std::vec;

const ENDS: [usize; 4] = [3, 6, 9, 11];
const POSITIONS: [usize; 6] = [1, 2, 5, 7, 8, 10];
const NEW: [f64; 6] = [-1.0, -0.5, -2.0, -1.5, -0.25, -3.0];
const REFERENCE: [f32; 11] =
    [f32::NAN, -1.5, -1.0, f32::NAN, f32::NAN, -1.0, f32::NAN, -1.0, -0.5, f32::NAN, -2.25];
const COUNTS: PreferenceCounts = PreferenceCounts { pairs: 2.0, chosen_tokens: 4.0 };

fn run(mut o: PreferencePairs<'_>, log_probs: &[f64]) -> (f64, Vec<f64>, PreferenceStats) {
    let shown: Vec<f32> = log_probs.iter().map(|&l| l as f32).collect();
    let mut grad = vec![f32::NAN; shown.len()];
    let loss = o.tokens(&POSITIONS, &shown, &[], &mut grad, &mut []).unwrap();
    (loss, grad.iter().map(|&g| f64::from(g)).collect(), o.stats)
}

fn all(loss: PreferenceLoss) -> PreferencePairs<'static> {
    PreferencePairs::new(Preference::new(loss), &ENDS, COUNTS).unwrap().with_reference(&REFERENCE)
}

/// Slopes by differences of numbers that f32 holds exactly.
fn sloped(o: PreferencePairs<'_>) {
    let (_, grad, _) = run(o, &NEW);
    let h = 1.0 / 256.0;
    for i in 0..NEW.len() {
        let moved = |by: f64| {
            let mut x = NEW;
            x[i] += by;
            run(o, &x).0
        };
        let got = (moved(h) - moved(-h)) / (2.0 * h);
        assert!((got - grad[i]).abs() < 1e-4, "{o:?}: {i}: {got} {}", grad[i]);
    }
}

#[test]
fn gradients_are_slopes_with_every_term() {
    use PreferenceLoss::{Aot, AotPair, ApoDown, Cpo, Dpo, Ipo, NcaPair, Orpo, Simpo};
    for loss in [Dpo, Ipo, NcaPair, ApoDown, Aot, AotPair, Cpo, Simpo, Orpo] {
        sloped(all(loss));
        sloped(all(loss).with_winners(&[false, true]).unwrap().with_optimism(0.3).unwrap());
        for per in [Per::Token, Per::Response] {
            let supervised = SupervisedTerm { coefficient: 0.7, per };
            let s = Preference { supervised, ..Preference::new(loss) };
            sloped(PreferencePairs::new(s, &ENDS, COUNTS).unwrap().with_reference(&REFERENCE));
        }
    }
}

#[test]
fn log_ratios_are_sums_or_means_of_the_loss_tokens() {
    let (loss, grad, stats) = run(all(PreferenceLoss::Dpo), &NEW);
    // Chosen 1.0 and −0.25 nats, rejected −1.0 and −0.75.
    assert_eq!((stats.chosen, stats.rejected, stats.correct), (0.75, -1.75, 2));
    let l = |m: f64| (1.0 + (-m).exp()).ln();
    assert!((loss - (l(0.2) + l(0.05)) / 2.0).abs() < 1e-12);
    assert_eq!((grad[0], grad[3]), (grad[1], grad[4]));
    assert_eq!((grad[0], grad[3]), (-grad[2], -grad[5]));
    let (_, grad, stats) = run(all(PreferenceLoss::Ipo), &NEW);
    assert_eq!((stats.chosen, stats.rejected), (0.5 - 0.125, -1.75));
    assert_eq!(grad[2], -2.0 * grad[0]);
}

#[test]
fn at_the_reference_dpo_starts_at_ln_2_exactly() {
    let mut o = all(PreferenceLoss::Dpo);
    let shown = POSITIONS.map(|p| REFERENCE[p]);
    let mut grad = [f32::NAN; 6];
    let loss = o.tokens(&POSITIONS, &shown, &[], &mut grad, &mut []).unwrap();
    assert_eq!((loss, o.stats.chosen, o.stats.rejected, o.stats.correct), (2f64.ln(), 0.0, 0.0, 0));
}

#[test]
fn a_split_between_pairs_changes_nothing() {
    use PreferenceLoss::{Cpo, Dpo, Ipo, Orpo, SppoHard};
    for loss in [Dpo, Ipo, SppoHard, Cpo, Orpo] {
        let settings = Preference::new(loss);
        let (whole, grad, stats) = run(all(loss), &NEW);
        let mut a = PreferencePairs::new(settings, &[3, 6], COUNTS).unwrap().with_reference(&REFERENCE[..6]);
        let mut b = PreferencePairs::new(settings, &[3, 5], COUNTS).unwrap().with_reference(&REFERENCE[6..]);
        let (shown, mut parts) = (NEW.map(|l| l as f32), [f32::NAN; 6]);
        let sum = a.tokens(&[1, 2, 5], &shown[..3], &[], &mut parts[..3], &mut []).unwrap()
            + b.tokens(&[1, 2, 4], &shown[3..], &[], &mut parts[3..], &mut []).unwrap();
        assert!((sum - whole).abs() < 1e-12);
        assert_eq!(parts.map(f64::from).to_vec(), grad);
        a.stats.merge(&b.stats);
        assert_eq!((a.stats.pairs, a.stats.chosen), (stats.pairs, stats.chosen));
        assert_eq!(a.chosen_nats + b.chosen_nats, 3.25);
    }
}

#[test]
fn who_wins_swaps_the_sides() {
    let (a, up, _) = run(all(PreferenceLoss::Dpo).with_winners(&[false, false]).unwrap(), &NEW);
    let (b, down, _) = run(all(PreferenceLoss::Dpo), &NEW);
    assert!(a > b && up[0] > 0.0 && down[0] < 0.0);
    // Optimism adds the same to what the reference wrote, whoever won.
    let (c, bold, _) = run(all(PreferenceLoss::Dpo).with_optimism(0.5).unwrap(), &NEW);
    assert!((c - b - 0.25 * (-2.0 - 3.0)).abs() < 1e-12);
    assert_eq!((bold[0], bold[3]), (down[0], down[3]));
    assert!((bold[2] - down[2] - 0.25).abs() < 1e-7 && (bold[5] - down[5] - 0.25).abs() < 1e-7);
}

#[test]
fn what_does_not_fit_is_refused() {
    let dpo = Preference::new(PreferenceLoss::Dpo);
    let odd = PreferencePairs::new(dpo, &[3, 6, 9], COUNTS);
    assert_eq!(odd.err(), Some(Error::Shape { name: "ends", want: 2, got: 3 }));
    let mut o = PreferencePairs::new(dpo, &ENDS, COUNTS).unwrap();
    let got = o.tokens(&POSITIONS, &[-1.0; 6], &[], &mut [0.0; 6], &mut []);
    assert_eq!(got, Err(Error::Shape { name: "reference", want: 2, got: 0 }));
    let got = o.tokens(&POSITIONS[..5], &[-1.0; 5], &[], &mut [0.0; 5], &mut []);
    assert_eq!(got, Err(Error::TooFew { name: "loss_mask", need: 1, got: 0 }));
    let got = o.tokens(&[1, 5, 7, 10, 11], &[-1.0; 5], &[], &mut [0.0; 5], &mut []);
    assert_eq!(got, Err(Error::Ends { sequence: 3 }));
    let cpo = Preference::new(PreferenceLoss::Cpo);
    assert!(PreferencePairs::new(cpo, &ENDS, PreferenceCounts { chosen_tokens: 0.0, ..COUNTS }).is_err());
    assert!(all(PreferenceLoss::Dpo).with_winners(&[true]).is_err());
    // Without a reference none is read, whatever it holds.
    let free = Preference { against: Against::Nothing, ..dpo };
    let o = PreferencePairs::new(free, &ENDS, COUNTS).unwrap();
    assert_eq!(run(o.with_reference(&[f32::NAN]), &NEW), run(o, &NEW));
    assert_eq!(all(PreferenceLoss::Aot).coupling(), Coupling::Batch);
    assert_eq!(all(PreferenceLoss::Dpo).coupling(), Coupling::Group);
}
