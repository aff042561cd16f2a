use super::*;
use crate::oracle::close;
use crate::random::Stream;
use crate::rating::{BradleyTerry, Results};

const ELO: Elo = Elo { k: 32.0, start: 1000.0 };

fn game(a: usize, b: usize, score: f64) -> Game {
    Game { players: [a, b], score }
}

/// Games of two players `gap` points apart.
fn simulate(gap: f64, games: u32, key: Key) -> Vec<Game> {
    let won = |i| key.uniform(0, i) < win_probability(gap);
    (0..games).map(|i| game(0, 1, if won(i) { 1.0 } else { 0.0 })).collect()
}

#[test]
fn games_of_equals_move_by_half_of_k() {
    assert_eq!(ELO.rate(3, &[game(0, 1, 1.0)]), Ok(vec![1016.0, 984.0, 1000.0]));
    assert_eq!(ELO.rate(2, &[game(0, 1, 0.5)]), Ok(vec![1000.0, 1000.0]));
    let rated = ELO.rate(2, &[game(0, 1, 1.0), game(1, 0, 1.0)]).unwrap();
    close(rated[0], 1016.0 - 32.0 * win_probability(32.0), 1e-12);
    close(win_probability(400.0) / win_probability(-400.0), 10.0, 1e-12);
}

#[test]
fn averaged_over_orders_it_agrees_with_maximum_likelihood() {
    let games = simulate(120.0, 4000, Key::new(1, Stream::Data, 0));
    let won = games.iter().filter(|g| g.score == 1.0).count() as u32;
    let results = [Results { players: [0, 1], won, lost: 4000 - won, tied: 0 }];
    let fit = BradleyTerry::default().fit(2, &results).unwrap();
    let want = fit.gap(0, 1).unwrap().value * ELO_PER_NAT;
    let slow = Elo { k: 4.0, ..ELO };
    let key = Key::new(1, Stream::Bootstrap, 0);
    let averaged = slow.averaged(2, &games, 50, key).unwrap();
    assert!((averaged[0] - averaged[1] - want).abs() < 10.0, "{averaged:?}, want {want}");
    // One order alone is as noisy as √K says.
    let orders = |n| slow.averaged(2, &games, n, key).unwrap()[0];
    assert_eq!(orders(3), orders(3));
    assert_ne!(orders(1), orders(3));
}

#[test]
fn intervals_cover_at_least_at_their_nominal_rate() {
    let elo = Elo { k: 8.0, ..ELO };
    let covered = (0..200).filter(|&trial| {
        let games = simulate(150.0, 800, Key::new(2, Stream::Data, trial));
        let again = elo.bootstrap(2, &games, 100, Key::new(2, Stream::Bootstrap, trial)).unwrap();
        let (low, high) = again.gap(0, 1, 0.95).unwrap();
        low < 150.0 && 150.0 < high
    });
    let covered = covered.count();
    assert!(covered >= 181, "{covered} of 200");
}

#[test]
fn bad_input_is_refused() {
    assert_eq!(ELO.rate(2, &[game(1, 1, 1.0)]), Err(Error::Tied { name: "players", index: 0 }));
    assert!(matches!(ELO.rate(2, &[game(0, 2, 1.0)]), Err(Error::Range { name: "player", .. })));
    assert!(matches!(ELO.rate(2, &[game(0, 1, 2.0)]), Err(Error::Range { name: "score", .. })));
    assert!(matches!(Elo { k: 0.0, ..ELO }.rate(2, &[]), Err(Error::Range { name: "k", .. })));
    let key = Key::new(0, Stream::Bootstrap, 0);
    assert!(ELO.averaged(2, &[], 0, key).is_err() && ELO.bootstrap(2, &[], 9, key).is_err());
}
