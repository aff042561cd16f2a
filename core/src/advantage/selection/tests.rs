use super::*;
use proptest::prelude::*;
use std::vec;
use std::vec::Vec;

fn kept(selection: Selection, scores: &[f64]) -> Vec<usize> {
    let mut keep = vec![true; scores.len()];
    let count = selection.keep(scores, &[scores.len()], &mut keep).unwrap();
    let kept: Vec<usize> = (0..scores.len()).filter(|&i| keep[i]).collect();
    assert_eq!(count, kept.len());
    kept
}

proptest! {
    #[test]
    fn what_is_kept_is_what_sorting_finds(
        scores in prop::collection::vec((-3i32..3).prop_map(f64::from), 1..10),
        count in 1u32..6, score in -3.0..3.0, share in 0.05..1.0f64,
    ) {
        let mut order: Vec<usize> = (0..scores.len()).collect();
        order.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]));
        let best = |count: usize, lowest: f64| {
            let mut all: Vec<usize> =
                order.iter().copied().take(count).filter(|&i| scores[i] >= lowest).collect();
            all.sort_unstable();
            all
        };
        let part = (share * scores.len() as f64).ceil() as usize;
        prop_assert_eq!(kept(Selection::Best { count }, &scores), best(count as usize, f64::MIN));
        prop_assert_eq!(kept(Selection::Share { share }, &scores), best(part, f64::MIN));
        prop_assert_eq!(kept(Selection::AtLeast { score }, &scores), best(scores.len(), score));
        prop_assert_eq!(kept(Selection::BestAtLeast { count, score }, &scores), best(count as usize, score));
    }
}

#[test]
fn groups_stand_alone_and_bad_input_is_named() {
    let mut keep = [true; 4];
    let best = Selection::Best { count: 1 };
    assert_eq!(best.keep(&[5.0, 5.0, -2.0, -1.0], &[2, 4], &mut keep), Ok(2));
    assert_eq!(keep, [true, false, false, true]);
    assert_eq!(Selection::AtLeast { score: 9.0 }.keep(&[1.0], &[1], &mut keep[..1]), Ok(0));
    let nan = best.keep(&[1.0, f64::NAN], &[2], &mut keep[..2]);
    assert_eq!(nan, Err(Error::NotFinite { name: "scores", index: 1 }));
    for wrong in [
        Selection::Best { count: 0 },
        Selection::Share { share: 0.0 },
        Selection::Share { share: 1.5 },
        Selection::AtLeast { score: f64::NAN },
    ] {
        assert!(matches!(wrong.validate(), Err(Error::Range { .. })), "{wrong:?}");
    }
}
