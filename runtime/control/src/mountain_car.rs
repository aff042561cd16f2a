//! A car in a valley.

use super::bins::{combine, even_bin};
use super::{Task, Transition};
use rlhf_core::random::Draws;

/// The left end of the track, and the goal at its right end.
const LEFT: f64 = -1.2;
const GOAL: f64 = 0.5;
/// The fastest that it drives, per step.
const FASTEST: f64 = 0.07;
/// The speed that the engine and the slope add in a step.
const ENGINE: f64 = 0.001;
const SLOPE: f64 = 0.0025;
const BINS: usize = 14;

/// A car in a valley whose engine is too weak to drive straight out (Moore, "Efficient memory-based
/// learning for robot control", 1990, in the form of Sutton and Barto's book): reward −1 a step until it
/// is up on the right, 200 steps at most.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MountainCar {
    place: f64,
    speed: f64,
}

impl Default for MountainCar {
    fn default() -> Self {
        Self { place: -0.5, speed: 0.0 }
    }
}

impl Task for MountainCar {
    fn actions(&self) -> usize {
        3
    }

    fn states(&self) -> usize {
        BINS * BINS
    }

    fn longest(&self) -> usize {
        200
    }

    fn start(&mut self, draws: &mut Draws) {
        *self = Self { place: -0.6 + 0.2 * draws.uniform(), speed: 0.0 };
    }

    fn state(&self) -> usize {
        let place = even_bin(self.place, LEFT, GOAL, BINS);
        combine(&[(place, BINS), (even_bin(self.speed, -FASTEST, FASTEST, BINS), BINS)])
    }

    fn act(&mut self, action: usize) -> Transition {
        let engine = ENGINE * (action as f64 - 1.0);
        self.speed = (self.speed + engine - SLOPE * libm::cos(3.0 * self.place)).clamp(-FASTEST, FASTEST);
        self.place = (self.place + self.speed).max(LEFT);
        if self.place == LEFT {
            self.speed = self.speed.max(0.0);
        }
        Transition { reward: -1.0, ended: self.place >= GOAL }
    }

    /// The energy, of motion and of height, in tenths of what the height between valley and top is worth.
    fn merit(&self) -> f64 {
        let height = SLOPE / 3.0 * libm::sin(3.0 * self.place);
        10.0 * (0.5 * self.speed * self.speed + height) / (2.0 * SLOPE / 3.0)
    }

    fn words(&self) -> String {
        let way = if self.speed < 0.0 { "left" } else { "right" };
        let from = if self.place < -core::f64::consts::FRAC_PI_6 { "left" } else { "right" };
        format!(
            "on the {from} slope at {:.2} of {LEFT} to {GOAL}, rolling {way} at {:.0} % of full speed",
            self.place,
            100.0 * self.speed.abs() / FASTEST
        )
    }

    fn name(&self, action: usize) -> &'static str {
        ["drive left", "roll", "drive right"][action]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rlhf_core::random::{Key, Stream};

    fn steps(seed: u64, choose: impl Fn(&MountainCar) -> usize) -> usize {
        let mut task = MountainCar::default();
        task.start(&mut Key::new(seed, Stream::Data, 0).draws(0));
        (1..=200).find(|_| task.act(choose(&task)).ended).unwrap_or(200)
    }

    #[test]
    fn driving_straight_fails_and_gathering_energy_arrives() {
        for seed in 0..10 {
            assert_eq!(steps(seed, |_| 2), 200);
            assert!(steps(seed, |car| if car.speed < 0.0 { 0 } else { 2 }) < 150);
        }
    }

    /// Without the engine the energy stays, but for what Euler's method loses.
    #[test]
    fn a_rolling_car_keeps_its_energy() {
        let mut task = MountainCar { place: -0.9, speed: 0.0 };
        let before = task.merit();
        for _ in 0..100 {
            task.act(1);
            assert!((task.merit() - before).abs() < 0.5, "{task:?}");
        }
    }
}
