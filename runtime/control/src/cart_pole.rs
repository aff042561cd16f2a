//! A pole on a cart.

use super::bins::{bin, combine};
use super::{Task, Transition};
use rlhf_core::random::Draws;

const GRAVITY: f64 = 9.8;
const CART: f64 = 1.0;
const POLE: f64 = 0.1;
/// The distance from the hinge to the pole's middle, in metres.
const HALF: f64 = 0.5;
const FORCE: f64 = 10.0;
/// Seconds a step.
const TICK: f64 = 0.02;
/// The limits within which an episode goes on: of the cart, in metres, and of the pole, in radians.
const TRACK: f64 = 2.4;
const FALLEN: f64 = 12.0 * core::f64::consts::PI / 180.0;

/// A pole to be balanced on a cart that is pushed left or right (Barto, Sutton and Anderson, "Neuronlike
/// adaptive elements that can solve difficult learning control problems", 1983, without friction): reward
/// 1 a step while the pole leans less than 12° and the cart is within 2.4 m, 200 steps at most.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct CartPole {
    x: f64,
    speed: f64,
    angle: f64,
    turning: f64,
}

impl Task for CartPole {
    fn actions(&self) -> usize {
        2
    }

    fn states(&self) -> usize {
        3 * 3 * 6 * 7
    }

    fn longest(&self) -> usize {
        200
    }

    fn start(&mut self, draws: &mut Draws) {
        let mut near = || 0.1 * draws.uniform() - 0.05;
        *self = Self { x: near(), speed: near(), angle: near(), turning: near() };
    }

    fn state(&self) -> usize {
        let degree = core::f64::consts::PI / 180.0;
        combine(&[
            (bin(self.x, &[-0.8, 0.8]), 3),
            (bin(self.speed, &[-0.5, 0.5]), 3),
            (bin(self.angle, &[-6.0, -1.0, 0.0, 1.0, 6.0].map(|a| a * degree)), 6),
            (bin(self.turning, &[-1.0, -0.5, -0.15, 0.15, 0.5, 1.0]), 7),
        ])
    }

    /// The equations of motion for a uniform pole, by Euler's method.
    fn act(&mut self, action: usize) -> Transition {
        let force = if action == 1 { FORCE } else { -FORCE };
        let (sin, cos) = (libm::sin(self.angle), libm::cos(self.angle));
        let total = CART + POLE;
        let push = (force + POLE * HALF * self.turning * self.turning * sin) / total;
        let turn = (GRAVITY * sin - cos * push) / (HALF * (4.0 / 3.0 - POLE * cos * cos / total));
        let pull = push - POLE * HALF * turn * cos / total;
        self.x += TICK * self.speed;
        self.speed += TICK * pull;
        self.angle += TICK * self.turning;
        self.turning += TICK * turn;
        Transition { reward: 1.0, ended: self.x.abs() > TRACK || self.angle.abs() > FALLEN }
    }

    /// Minus the distance from the plane on which the pole swings back and the cart comes home.
    fn merit(&self) -> f64 {
        -(self.turning + 4.0 * self.angle + 0.3 * self.speed + 0.12 * self.x).abs()
    }

    fn words(&self) -> String {
        let side = |x: f64| if x < 0.0 { "left" } else { "right" };
        let degrees = self.angle.to_degrees();
        format!(
            "cart {:.1} m {}, pole leans {:.0}° {}, turning {} at {:.0}°/s",
            self.x.abs(),
            side(self.x),
            degrees.abs(),
            side(degrees),
            side(self.turning),
            self.turning.to_degrees().abs()
        )
    }

    fn name(&self, action: usize) -> &'static str {
        ["push left", "push right"][action]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rlhf_core::random::{Key, Stream};

    #[test]
    fn following_merit_balances_the_pole() {
        for seed in 0..10 {
            let mut task = CartPole::default();
            task.start(&mut Key::new(seed, Stream::Data, 0).draws(0));
            for step in 0..1000 {
                let after = [0, 1].map(|action| {
                    let mut next = task;
                    next.act(action);
                    next.merit()
                });
                assert!(!task.act(usize::from(after[1] > after[0])).ended, "seed {seed}, step {step}");
            }
        }
    }

    /// Left alone upright it stays; a push turns the pole the other way; left and right are alike.
    #[test]
    fn it_moves_as_a_pole_on_a_cart_does() {
        let (mut left, mut right) = (CartPole::default(), CartPole::default());
        left.act(0);
        right.act(1);
        assert!(right.speed > 0.0 && right.turning < 0.0);
        assert_eq!((left.speed, left.turning), (-right.speed, -right.turning));
        // From the equations by hand: push = 10/1.1, turn = −push/(½·(4/3 − 0.1/1.1)).
        assert!((right.turning + 0.02 * (10.0 / 1.1) / (0.5 * (4.0 / 3.0 - 0.1 / 1.1))).abs() < 1e-12);
        assert_eq!(left.merit(), right.merit());
    }
}
