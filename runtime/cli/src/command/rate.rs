//! `rlhf rate`.

use super::exit::Failure;
use super::input::{Bad, Row as BadRow, rows};
use super::output::{Output, harmless, print};
use clap::Args;
use rlhf::data::Row;
use rlhf::report::table;
use rlhf::statistics::{Games, Rating, RatingEstimate, StandingError};
use rlhf_core::rating::RatingError;
use std::path::PathBuf;

#[derive(Args)]
pub struct Rate {
    /// JSON lines with the fields "a" and "b", models' names, and "winner": "a", "b" or "tie"; standard input by
    /// default
    file: Option<PathBuf>,
    /// The precision, per nat², of a prior on Bradley–Terry's strengths; above 0 an undefeated model has a
    /// finite rating
    #[arg(long, value_name = "P", default_value_t = 0.0)]
    prior: f64,
    /// The most that a game moves an Elo rating
    #[arg(long, value_name = "POINTS", default_value_t = 16.0)]
    k: f64,
    /// Orders of the games that Elo is averaged over, and resamples for its intervals
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(2..=1_000_000))]
    resamples: u32,
    /// Seed of the orders and resamples
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// The ratings as JSON on standard output
    #[arg(long)]
    json: bool,
}

pub fn main(args: &Rate) -> Result<(), Failure> {
    let mut games = Games::default();
    let mut bad = Bad::none(false);
    for row in rows(args.file.as_deref())? {
        let game = row.map_err(BadRow::from).and_then(|row| {
            let (first, second) = (row.text("a")?.to_owned(), row.text("b")?.to_owned());
            Ok((first, second, score(&row)?))
        });
        if let Some((first, second, score)) = bad.note(game)? {
            games.push(&first, &second, score);
        }
    }
    let Rate { prior, k, resamples, seed, .. } = *args;
    let rating = Rating { prior, k, resamples, seed, ..Rating::default() };
    let all = games.rate(&rating).map_err(|e| match e {
        StandingError::Rating(RatingError::Argument(rlhf_core::Error::Range { .. })) => Failure::wrong(e),
        _ => Failure::failed(e),
    })?;
    if args.json {
        Output { json: true }.result(&all)?;
        return bad.finish();
    }
    let points = |rated: RatingEstimate| {
        [format!("{:.0}", rated.value), format!("{:.0} to {:.0}", rated.low, rated.high)]
    };
    let rows: Vec<Vec<String>> = all
        .iter()
        .map(|s| {
            let [likelihood, within] = points(s.bradley_terry);
            let [elo, elo_within] = points(s.elo);
            let won = format!("{:.0} %", 100.0 * s.won);
            vec![harmless(&s.model), s.games.to_string(), won, likelihood, within, elo, elo_within]
        })
        .collect();
    print(&table(&["model", "games", "won", "Bradley–Terry", "95 %", "Elo", "95 %"], &rows))?;
    bad.finish()
}

/// The first model's score.
fn score(row: &Row) -> Result<f64, BadRow> {
    match row.text("winner")? {
        "a" => Ok(1.0),
        "b" => Ok(0.0),
        "tie" => Ok(0.5),
        winner => {
            let place = row.place();
            let reason = format!("{place}, field \"winner\": {winner:?} is neither \"a\", \"b\" nor \"tie\"");
            Err(BadRow::Bad(reason))
        }
    }
}
