//! The agreement of a reward model with people, beside that of rules that read nothing.

use super::exit::Failure;
use super::output::{print, print_line};
use rlhf::data::{Comparison, Vote};
use rlhf::statistics::{Interval, win_rate};
use serde_json::json;

/// Rewards and lengths of each vote's winner and loser, in the order of votes.
#[derive(Default)]
pub struct Tally {
    rewards: [Vec<f64>; 2],
    lengths: [Vec<f64>; 2],
    ties: u64,
    cut: u64,
}

impl Tally {
    /// The votes of one comparison, whose answers have these rewards.
    pub fn add(&mut self, comparison: &Comparison, rewards: &[f32], cut: bool) {
        self.cut += u64::from(cut);
        for vote in &comparison.votes {
            let Vote::Prefers { winner, loser } = *vote else {
                self.ties += 1;
                continue;
            };
            let length =
                |i: usize| comparison.answers.get(i).map(|answer| answer.trim().chars().count() as f64);
            let reward = |i: usize| rewards.get(i).map(|reward| f64::from(*reward));
            if let (Some(a), Some(b), Some(long), Some(short)) =
                (reward(winner), reward(loser), length(winner), length(loser))
            {
                self.rewards[0].push(a);
                self.rewards[1].push(b);
                self.lengths[0].push(long);
                self.lengths[1].push(short);
            }
        }
    }

    /// Returns the share of decided votes whose winner has the higher reward; `None` where no vote is decided.
    pub fn accuracy(&self) -> Option<f64> {
        win_rate(&self.rewards[0], &self.rewards[1]).ok().map(|share| share.value)
    }

    /// Tells the accuracy, and that of preferring the longer or the shorter answer; an equal reward or length is
    /// half right.
    ///
    /// # Errors
    /// A reward is not finite; or nobody reads.
    pub fn print(&self, json: bool) -> Result<(), Failure> {
        let Self { rewards: [won, lost], lengths: [longer, shorter], ties, cut } = self;
        if won.is_empty() {
            return match json {
                true => print_line(&json!({ "accuracy": null, "ties": ties, "cut": cut })),
                false => print("no vote is decided: there is no accuracy\n"),
            };
        }
        let of = |a: &[f64], b: &[f64]| win_rate(a, b).map_err(|e| Failure::failed(e.to_string()));
        let (accuracy, long, short) = (of(won, lost)?, of(longer, shorter)?, of(shorter, longer)?);
        if json {
            let all =
                json!({ "accuracy": accuracy, "longer": long, "shorter": short, "ties": ties, "cut": cut });
            return print_line(&all);
        }
        let percent = |share: Interval| {
            let Interval { value, low, high, .. } = share;
            format!("{:5.1} %  ({:.1} to {:.1})", 100.0 * value, 100.0 * low, 100.0 * high)
        };
        let votes = accuracy.n;
        print(&format!(
            "\naccuracy            {}  of {votes} decided votes; {ties} ties are not counted\n\
             the longer answer   {}\nthe shorter answer  {}\n",
            percent(accuracy),
            percent(long),
            percent(short)
        ))?;
        if *cut > 0 {
            print(&format!(
                "{cut} comparisons were longer than the model reads, and were cut as in training\n"
            ))?;
        }
        Ok(())
    }
}
