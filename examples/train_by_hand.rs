//! A task, a teacher and a network of one's own: a lift learns from "good" and "bad" alone where people
//! wait for it: `cargo run --release -p rlhf-examples --example train_by_hand`.

use rlhf::blocking;
use rlhf::control::{
    HumanReward, HumanRewardSettings, Judgment, Preference, Step, Table, Task, Teacher, Transition,
};
use rlhf_core::random::Draws;
use std::io;

const FLOORS: usize = 6;

/// A lift on one floor, and somebody waiting on another.
#[derive(Clone, Default)]
struct Lift {
    at: usize,
    wanted: usize,
}

impl Task for Lift {
    fn actions(&self) -> usize {
        2
    }

    fn states(&self) -> usize {
        FLOORS * FLOORS
    }

    fn longest(&self) -> usize {
        20
    }

    fn start(&mut self, draws: &mut Draws) {
        self.at = draws.below(FLOORS);
        self.wanted = (self.at + 1 + draws.below(FLOORS - 1)) % FLOORS;
    }

    fn state(&self) -> usize {
        self.at * FLOORS + self.wanted
    }

    fn act(&mut self, action: usize) -> Transition {
        self.at = if action == 0 { self.at.saturating_sub(1) } else { (self.at + 1).min(FLOORS - 1) };
        Transition { reward: -1.0, ended: self.at == self.wanted }
    }

    fn merit(&self) -> f64 {
        -(self.at.abs_diff(self.wanted) as f64)
    }

    fn words(&self) -> String {
        format!("on floor {}, wanted on {}", self.at, self.wanted)
    }

    fn name(&self, action: usize) -> &'static str {
        ["down", "up"][action]
    }
}

/// Somebody who sees whether the lift comes nearer, and says so two times in three.
struct Waiting {
    steps: usize,
}

impl Teacher for Waiting {
    fn judge(&mut self, step: &Step) -> io::Result<Option<Judgment>> {
        self.steps += 1;
        let value = if step.progress > 0.0 { 1.0 } else { -1.0 };
        Ok((!self.steps.is_multiple_of(3)).then_some(Judgment { value, after: 0.0 }))
    }

    fn prefer(&mut self, _: &[Step], _: &[Step]) -> io::Result<Option<Preference>> {
        Ok(None)
    }
}

fn main() -> Result<(), Box<dyn core::error::Error>> {
    let mut network = Table::new(2, FLOORS * FLOORS);
    let mut trainer = HumanReward::new(Lift::default(), HumanRewardSettings::TAMER, 1)?;
    let mut waits = Vec::new();
    for block in 1..=5 {
        let mut steps = 0;
        for _ in 0..40 {
            steps += blocking::human_reward(&mut trainer, &mut network, &mut Waiting { steps: 0 })?.steps;
        }
        println!(
            "episodes {:>3} to {:>3}: {:.1} floors a call",
            40 * block - 39,
            40 * block,
            steps as f64 / 40.0
        );
        waits.push(steps as f64 / 40.0);
    }
    assert!(waits[4] < 3.0 && waits[4] < 0.7 * waits[0], "it did not learn: {waits:?}");
    Ok(())
}
