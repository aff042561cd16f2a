//! People, real or simulated, who judge behavior.

use super::Step;
use rlhf_core::advantage::Delay;
use rlhf_core::random::{Key, Stream};
use std::io;

/// A judgment of the last steps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Judgment {
    /// The human reward: positive is good, negative bad.
    pub value: f32,
    /// The time from the step to the judgment, in seconds.
    pub after: f64,
}

/// A preference between two clips.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preference {
    /// The first.
    First,
    /// The second.
    Second,
    /// Both are as good.
    Same,
}

impl Preference {
    /// The weight on the first: 1, 0 or ½.
    pub fn weight(self) -> f32 {
        match self {
            Self::First => 1.0,
            Self::Second => 0.0,
            Self::Same => 0.5,
        }
    }
}

/// A person who watches, real or simulated.
pub trait Teacher {
    /// Says something of a step, or nothing.
    ///
    /// # Errors
    /// Nobody is there any more.
    fn judge(&mut self, step: &Step) -> io::Result<Option<Judgment>>;

    /// Says which of two clips is better, or nothing: then the pair is not learnt from.
    ///
    /// # Errors
    /// Nobody is there any more.
    fn prefer(&mut self, first: &[Step], second: &[Step]) -> io::Result<Option<Preference>>;
}

/// A made-up teacher who knows the task: good is what gains more merit than actions there do on average,
/// all else is bad, and the better clip is the one that gains more.
#[derive(Clone, Copy, Debug)]
pub struct Simulated {
    key: Key,
    judgments: u32,
    mistakes: f64,
    silence: f64,
    delay: Delay,
}

impl Simulated {
    /// Creates a teacher who judges every step, at once and without mistakes.
    pub fn new(seed: u64) -> Self {
        let key = Key::new(seed, Stream::Labels, 0);
        Self { key, judgments: 0, mistakes: 0.0, silence: 0.0, delay: Delay::None }
    }

    /// Says the opposite in this share of cases. With one half, feedback means nothing.
    pub fn with_mistakes(mut self, share: f64) -> Self {
        self.mistakes = share;
        self
    }

    /// Says nothing of this share of steps.
    pub fn with_silence(mut self, share: f64) -> Self {
        self.silence = share;
        self
    }

    /// Takes time to judge.
    pub fn with_delay(mut self, delay: Delay) -> Self {
        self.delay = delay;
        self
    }

    /// Draws whether the teacher speaks, whether it is mistaken, and a number for the delay.
    fn draw(&mut self) -> (bool, bool, f64) {
        let mut draws = self.key.draws(self.judgments);
        self.judgments = self.judgments.wrapping_add(1);
        (draws.uniform() >= self.silence, draws.uniform() < self.mistakes, draws.uniform())
    }
}

impl Teacher for Simulated {
    fn judge(&mut self, step: &Step) -> io::Result<Option<Judgment>> {
        let (speaks, wrong, u) = self.draw();
        if !speaks {
            return Ok(None);
        }
        let value = if (step.advantage > 0.0) != wrong { 1.0 } else { -1.0 };
        Ok(Some(Judgment { value, after: self.delay.quantile(u) }))
    }

    fn prefer(&mut self, first: &[Step], second: &[Step]) -> io::Result<Option<Preference>> {
        let (speaks, wrong, _) = self.draw();
        let gain = |clip: &[Step]| clip.iter().map(|step| step.progress).sum::<f64>();
        let (first, second) = (gain(first), gain(second));
        let preference = if first == second {
            Preference::Same
        } else if (first > second) != wrong {
            Preference::First
        } else {
            Preference::Second
        };
        Ok(speaks.then_some(preference))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub fn step(progress: f64, words: &str) -> Step {
        Step {
            state: 4,
            action: 0,
            reward: 0.0,
            progress,
            advantage: progress,
            next: 4,
            ended: false,
            last: false,
            words: words.into(),
        }
    }

    fn judged(mut teacher: Simulated) -> Vec<Option<f32>> {
        (0..400).map(|_| teacher.judge(&step(1.0, "")).unwrap().map(|judgment| judgment.value)).collect()
    }

    #[test]
    fn it_goes_by_merit_but_for_its_mistakes_and_silences() {
        assert!(judged(Simulated::new(1)).iter().all(|judgment| *judgment == Some(1.0)));
        let wrong = judged(Simulated::new(1).with_mistakes(0.25));
        let wrong = wrong.iter().filter(|judgment| **judgment == Some(-1.0)).count();
        assert!((70..130).contains(&wrong), "{wrong}");
        let silent =
            judged(Simulated::new(1).with_silence(0.25)).iter().filter(|judgment| judgment.is_none()).count();
        assert!((70..130).contains(&silent), "{silent}");
        let mut teacher = Simulated::new(1);
        let (good, bad) = ([step(1.0, "")], [step(-1.0, ""), step(1.0, "")]);
        assert_eq!(teacher.prefer(&good, &bad).unwrap(), Some(Preference::First));
        assert_eq!(teacher.prefer(&bad, &good).unwrap(), Some(Preference::Second));
        assert_eq!(teacher.prefer(&bad, &bad).unwrap(), Some(Preference::Same));
    }
}
