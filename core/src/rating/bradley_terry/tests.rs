use super::super::ELO_PER_NAT;
use super::*;
use crate::oracle::{close, slope};
use crate::random::Stream;
use crate::stats::Measured;
use proptest::prelude::*;

const PLAIN: BradleyTerry = BradleyTerry { prior: 0.0 };

fn results(a: usize, b: usize, won: u32, lost: u32, tied: u32) -> Results {
    Results { players: [a, b], won, lost, tied }
}

/// `games` games of every pair of players with these strengths.
fn simulate(strengths: &[f64], games: u32, key: Key) -> Vec<Results> {
    let n = strengths.len();
    let pairs = (0..n).flat_map(|a| (a + 1..n).map(move |b| (a, b)));
    let play = |(i, (a, b)): (usize, (usize, usize))| {
        let chance = 1.0 / (1.0 + (strengths[b] - strengths[a]).exp());
        let won = (0..games).filter(|&game| key.uniform(i as u32, game) < chance).count() as u32;
        results(a, b, won, games - won, 0)
    };
    pairs.enumerate().map(play).collect()
}

#[test]
fn two_players_have_their_closed_form() {
    let fit = PLAIN.fit(2, &[results(0, 1, 30, 10, 0)]).unwrap();
    let gap = fit.gap(0, 1).unwrap();
    close(gap.value, 3f64.ln(), 1e-12);
    close(gap.error, (1.0 / 30.0 + 1.0 / 10.0f64).sqrt(), 1e-12);
    close(fit.strengths()[0], 0.5 * 3f64.ln(), 1e-12);
    close(fit.strength(0).unwrap().error, 0.5 * gap.error, 1e-12);
    assert_eq!((fit.strength(2), fit.gap(0, 2)), (None, None));
    // Ten to one is 400 points.
    let ten = PLAIN.fit(2, &[results(0, 1, 100, 10, 0)]).unwrap();
    close(ten.gap(0, 1).unwrap().value * ELO_PER_NAT, 400.0, 1e-12);
}

proptest! {
    /// Zermelo's fixed point holds at the maximum: expected wins are wins.
    #[test]
    fn expected_wins_are_wins(x in prop::collection::vec((1u32..30, 1u32..30, 0u32..9), 6)) {
        let pairs = [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)];
        let all: Vec<Results> =
            pairs.iter().zip(&x).map(|(&(a, b), &(won, lost, tied))| results(a, b, won, lost, tied)).collect();
        let fit = PLAIN.fit(4, &all).unwrap();
        let s = fit.strengths();
        close(s.iter().sum(), 0.0, 1e-12);
        for player in 0..4 {
            let (mut wins, mut expected) = (0.0, 0.0);
            for r in &all {
                let [a, b] = r.players;
                let p = 1.0 / (1.0 + (s[b] - s[a]).exp());
                let games = r.games() as f64;
                wins += if player == a { r.wins()[0] } else if player == b { r.wins()[1] } else { 0.0 };
                expected += if player == a { games * p } else if player == b { games * (1.0 - p) } else { 0.0 };
            }
            close(expected, wins, 1e-9);
        }
    }

    /// The curvature is the slope of the gradient, and the gradient of the loss.
    #[test]
    fn gradient_and_information_are_slopes(
        x in prop::collection::vec((0u32..9, 0u32..9, 0u32..9), 3), s in prop::collection::vec(-2.0..2.0, 3),
        prior in 0.1..2.0,
    ) {
        let all: Vec<Results> = [(0, 1), (1, 2), (0, 2)].iter().zip(&x)
            .map(|(&(a, b), &(won, lost, tied))| results(a, b, won, lost, tied)).collect();
        let at = |s: &[f64]| Point::new(prior, s.to_vec(), &all).unwrap();
        slope(&s, &at(&s).gradient, |s| at(s).loss);
        let mut curvature = at(&s).inverse;
        invert(&mut curvature, 3).unwrap();
        for i in 0..3 {
            let row: Vec<f64> = (0..3).map(|j| curvature[3 * i + j] - 1.0 / 3.0).collect();
            slope(&s, &row, |s| at(s).gradient[i]);
        }
    }

    /// Neither the order of the results, nor of the players in them, nor a split of the games matters.
    #[test]
    fn order_and_split_change_nothing(x in prop::collection::vec((1u32..20, 1u32..20, 0u32..5), 3)) {
        let pairs = [(0, 1), (1, 2), (2, 0)];
        let all: Vec<Results> = pairs.iter().zip(&x).map(|(&(a, b), &(w, l, t))| results(a, b, w, l, t)).collect();
        let mut other: Vec<Results> =
            all.iter().rev().map(|r| results(r.players[1], r.players[0], r.lost, r.won, r.tied)).collect();
        let first = other[0];
        other[0].won = 0;
        other.push(Results { lost: 0, tied: 0, ..first });
        let (a, b) = (PLAIN.fit(3, &all).unwrap(), PLAIN.fit(3, &other).unwrap());
        for i in 0..3 {
            close(a.strengths()[i], b.strengths()[i], 1e-9);
        }
    }
}

#[test]
fn known_strengths_lie_within_their_intervals_at_the_nominal_rate() {
    let truth = [0.9, 0.3, -0.2, -1.0];
    let (mut own, mut gap) = (0, 0);
    for trial in 0..500 {
        let fit = PLAIN.fit(4, &simulate(&truth, 60, Key::new(3, Stream::Data, trial))).unwrap();
        let inside = |m: Measured, want: f64| {
            let (low, high) = m.interval(1.96);
            usize::from(low < want && want < high)
        };
        own += inside(fit.strength(1).unwrap(), truth[1]);
        gap += inside(fit.gap(0, 3).unwrap(), truth[0] - truth[3]);
    }
    // Three binomial deviations about 95 % of 500.
    assert!((460..=490).contains(&own) && (460..=490).contains(&gap), "{own} {gap} of 500");
}

#[test]
fn bootstrap_intervals_cover_too_and_repeat() {
    let truth = [0.6, 0.0, -0.6];
    let small = BradleyTerry { prior: 1e-3 };
    let covered = (0..200).filter(|&trial| {
        let games = simulate(&truth, 60, Key::new(4, Stream::Data, trial));
        let again = small.bootstrap(3, &games, 200, Key::new(4, Stream::Bootstrap, trial)).unwrap();
        let (low, high) = again.gap(0, 2, 0.95).unwrap();
        low < 1.2 && 1.2 < high
    });
    let covered = covered.count();
    assert!((181..=199).contains(&covered), "{covered} of 200");
    let games = simulate(&truth, 60, Key::new(4, Stream::Data, 0));
    let key = Key::new(9, Stream::Bootstrap, 0);
    assert_eq!(small.bootstrap(3, &games, 5, key), small.bootstrap(3, &games, 5, key));
}

#[test]
fn what_cannot_be_compared_is_named() {
    let apart = [results(0, 2, 5, 4, 0), results(1, 3, 2, 2, 1)];
    let groups = vec![vec![0, 2], vec![1, 3]];
    for prior in [0.0, 1.0] {
        let got = BradleyTerry { prior }.fit(4, &apart);
        assert_eq!(got, Err(RatingError::Unlinked { groups: groups.clone() }));
    }
    let undefeated = [results(0, 1, 5, 0, 0), results(1, 2, 3, 4, 0), results(0, 2, 5, 0, 0)];
    let groups = vec![vec![0], vec![1, 2]];
    assert_eq!(PLAIN.fit(3, &undefeated), Err(RatingError::Unbounded { groups }));
    let fit = BradleyTerry { prior: 0.5 }.fit(3, &undefeated).unwrap();
    assert!(fit.strengths()[0] > fit.strengths()[2] && fit.strengths()[0].is_finite());
    // A tie is half a loss, and enough.
    let tied = [results(0, 1, 5, 0, 1), undefeated[1], undefeated[2]];
    assert!(PLAIN.fit(3, &tied).is_ok());
}

#[test]
fn bad_input_is_refused() {
    assert_eq!(PLAIN.fit(2, &[results(1, 1, 1, 1, 0)]), Err(RatingError::Itself { player: 1 }));
    assert!(matches!(PLAIN.fit(2, &[results(0, 2, 1, 1, 0)]), Err(RatingError::Argument(_))));
    assert!(matches!(PLAIN.fit(1, &[]), Err(RatingError::Argument(_))));
    assert!(matches!(BradleyTerry { prior: f64::NAN }.fit(2, &[]), Err(RatingError::Argument(_))));
    assert!(matches!(PLAIN.fit(2, &[]), Err(RatingError::Unlinked { .. })));
    let lopsided = PLAIN.fit(2, &[results(0, 1, u32::MAX, 1, 0)]).unwrap();
    close(lopsided.gap(0, 1).unwrap().value, f64::from(u32::MAX).ln(), 1e-9);
}
