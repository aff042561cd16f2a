//! One repetition, and the load of other processes meanwhile.

use super::times::{Phases, Repetition, add};
use core::time::Duration;
use rlhf::train::TrainError;
use std::time::Instant;

/// Work to be done once; it returns the times of its phases.
pub(super) type WorkFn<'a> = dyn FnMut() -> Result<Phases, TrainError> + 'a;

/// The share of the machine that others may use in a repetition that counts as quiet.
const OTHERS: f64 = 0.15;

/// The longest wait for a quiet machine, in repetitions.
const PATIENCE: u32 = 8;

/// Does `work` once to warm up, waits until others let the machine be, and does it as often as fills `least`:
/// the kernel counts processor time in hundredths of a second.
pub(super) fn repeat(work: &mut WorkFn<'_>, least: Duration) -> Result<Repetition, TrainError> {
    let start = Instant::now();
    work()?;
    let times = (least.as_secs_f64() / start.elapsed().as_secs_f64()).ceil().clamp(1.0, 1e6) as u32;
    wait_for_quiet(PATIENCE * least);
    let before = Moment::now();
    let mut phases = Phases::new();
    for _ in 0..times {
        add(&mut phases, work()?);
    }
    let (after, n) = (Moment::now(), f64::from(times));
    phases.iter_mut().for_each(|(_, seconds)| *seconds /= n);
    Ok(Repetition {
        seconds: after.seconds(&before) / n,
        processor: (after.mine - before.mine) / 100.0 / n,
        quiet: after.others(&before) < OTHERS,
        phases,
    })
}

/// Waits until others let the machine be, `most` at the longest.
fn wait_for_quiet(most: Duration) {
    let start = Instant::now();
    while start.elapsed() < most {
        let before = Moment::now();
        std::thread::sleep(Duration::from_millis(100).min(most));
        if Moment::now().others(&before) < OTHERS {
            break;
        }
    }
}

/// A moment: the clock, and the processor time of all and of this process.
struct Moment {
    wall: Instant,
    /// Ticks of a hundredth of a second; 0 where there is no `/proc`.
    machine: f64,
    mine: f64,
}

impl Moment {
    fn now() -> Self {
        let read = |path| std::fs::read_to_string(path).unwrap_or_default();
        let field =
            |text: &str, i| text.split_whitespace().nth(i).and_then(|x| x.parse().ok()).unwrap_or(0.0);
        let all = read("/proc/stat");
        // user, nice, system, irq, softirq, steal: all but the idle two.
        let machine = [1, 2, 3, 6, 7, 8].map(|i| field(&all, i)).iter().sum();
        let this = read("/proc/self/stat");
        // A name in brackets may hold spaces; user and system time are 12 and 13 after it.
        let after = this.rsplit(')').next().unwrap_or("");
        Self { wall: Instant::now(), machine, mine: field(after, 11) + field(after, 12) }
    }

    fn seconds(&self, since: &Self) -> f64 {
        (self.wall - since.wall).as_secs_f64()
    }

    /// The share of the machine that others had.
    fn others(&self, since: &Self) -> f64 {
        let cores = std::thread::available_parallelism().map_or(1, usize::from) as f64;
        let ticks = (self.machine - since.machine) - (self.mine - since.mine);
        ticks / 100.0 / (cores * self.seconds(since))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_is_repeated_and_its_phases_summed() {
        let mut count = 0;
        let mut once = || {
            count += 1;
            std::thread::sleep(Duration::from_millis(1));
            Ok(vec![("a", 1.0), ("b", 2.0), ("a", 1.0)])
        };
        let one = repeat(&mut once, Duration::from_millis(20)).unwrap();
        assert_eq!(one.phases, [("a", 2.0), ("b", 2.0)]);
        // It sleeps at least so long.
        assert!(one.seconds >= 1e-3, "{}", one.seconds);
        assert!(count > 1);
        let failed = repeat(&mut || Err(TrainError::Waited), Duration::ZERO);
        assert!(failed.is_err());
    }
}
