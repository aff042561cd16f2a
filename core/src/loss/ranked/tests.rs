use super::*;

#[test]
fn a_split_between_groups_changes_nothing() {
    let (scores, ranks) = ([0.5, 1.0, -1.0, 2.0, 0.0], [1, 2, 1, 2, 2]);
    let loss = RankingLoss::KWise(Ties::ShrinkDivisor);
    let mut whole = [f32::NAN; 5];
    let mut o = Ranked::new(&ranks, &[2, 5], loss, 2.0).unwrap();
    let all = o.scores(&scores, &mut whole).unwrap();
    let mut parts = [f32::NAN; 5];
    let mut a = Ranked::new(&ranks[..2], &[2], loss, 2.0).unwrap();
    let mut b = Ranked::new(&ranks[2..], &[3], loss, 2.0).unwrap();
    let sum =
        a.scores(&scores[..2], &mut parts[..2]).unwrap() + b.scores(&scores[2..], &mut parts[2..]).unwrap();
    assert_eq!((sum, parts), (all, whole));
    a.stats.merge(&b.stats);
    assert_eq!(a.stats, o.stats);
    assert_eq!((o.stats.pairs, o.stats.correct), (3, 0));
    assert!(o.scores(&scores[..4], &mut [0.0; 4]).is_err());
}

#[test]
fn choices_see_groups_and_merge_what_they_saw() {
    let ranks = [1, 0, 1, 1, 0, 1];
    let best = RankingLoss::PlackettLuce(Stages { top: Some(1), ..Stages::default() });
    let mut o = Ranked::new(&ranks, &[4, 6], best, 2.0).unwrap();
    let mut grad = [f32::NAN; 6];
    let loss = o.scores(&[0.0; 6], &mut grad).unwrap();
    assert!((loss - (4f64.ln() + 2f64.ln()) / 2.0).abs() < 1e-12);
    assert_eq!(grad, [0.125, -0.375, 0.125, 0.125, -0.25, 0.25]);
    o.scores(&[0.0, 1.0, 0.0, 0.0, 1.0, 0.0], &mut grad).unwrap();
    assert_eq!((o.stats.pairs, o.stats.correct), (8, 4));
    let short = o.scores(&[0.0; 4], &mut [0.0; 4]);
    assert_eq!(short, Err(Error::Shape { name: "scores", want: 6, got: 4 }));
    assert!(Ranked::new(&ranks, &[4], best, 2.0).is_err());
    let none = RankingLoss::PlackettLuce(Stages { top: Some(0), ..Stages::default() });
    assert!(Ranked::new(&ranks, &[4, 6], none, 2.0).is_err());
}
