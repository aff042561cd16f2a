//! Medians over the quiet moments of a shared machine.

use super::work::Once;
use crate::train::TrainError;
use core::time::Duration;
use serde::Serialize;
use std::time::Instant;

/// Seconds of one repetition.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Times {
    /// Half of the repetitions took less.
    pub median: f64,
    /// A quarter of them took less.
    pub quarter: f64,
    /// Three quarters of them took less.
    pub three_quarters: f64,
    /// The shortest: what the machine can do when nobody else wants it.
    pub best: f64,
    /// The median of the processor's time, all threads together: what a busy machine changes least.
    pub processor: f64,
    /// How many repetitions count.
    pub repetitions: usize,
    /// Whether enough of them were done while others left the machine alone; else all of them count.
    pub quiet: bool,
}

/// What others may use of the machine in a repetition that counts.
const OTHERS: f64 = 0.15;
/// Quiet repetitions that are enough.
const WANTED: usize = 7;
/// The kernel counts in hundredths of a second: shorter work is timed several times at once.
const LEAST: f64 = 0.25;

/// One or several repetitions: their mean, and who else was busy.
struct Repetition {
    seconds: f64,
    processor: f64,
    quiet: bool,
    phases: Vec<(&'static str, f64)>,
}

/// Repeats `work` until enough repetitions were quiet, or the budget is spent. Waiting for quiet moments
/// takes no more than the budget again.
pub(super) fn time(
    work: &mut Once<'_>,
    budget: Duration,
) -> Result<(Times, Vec<(&'static str, f64)>), TrainError> {
    work()?;
    let start = Instant::now();
    work()?;
    let least = LEAST.min(budget.as_secs_f64());
    let batch = (least / start.elapsed().as_secs_f64()).ceil().clamp(1.0, 1e6) as u32;
    let mut all = Vec::new();
    let (mut worked, mut waited) = (Duration::ZERO, Duration::ZERO);
    while all.len() < 3 || worked < budget {
        waited += wait_for_quiet(budget.saturating_sub(waited));
        let before = Moment::now();
        let mut phases: Vec<(&'static str, f64)> = Vec::new();
        for _ in 0..batch {
            add(&mut phases, work()?);
        }
        let (after, n) = (Moment::now(), f64::from(batch));
        phases.iter_mut().for_each(|(_, seconds)| *seconds /= n);
        worked += after.wall - before.wall;
        all.push(Repetition {
            seconds: after.seconds(&before) / n,
            processor: (after.mine - before.mine) / 100.0 / n,
            quiet: after.others(&before) < OTHERS,
            phases,
        });
        if all.iter().filter(|one| one.quiet).count() >= WANTED {
            break;
        }
    }
    Ok(summary(all))
}

/// What one repetition's phases took is added to what those before it took.
fn add(sums: &mut Vec<(&'static str, f64)>, phases: Vec<(&'static str, f64)>) {
    for (name, seconds) in phases {
        match sums.iter_mut().find(|(of, _)| *of == name) {
            Some((_, sum)) => *sum += seconds,
            None => sums.push((name, seconds)),
        }
    }
}

fn summary(mut all: Vec<Repetition>) -> (Times, Vec<(&'static str, f64)>) {
    let best = all.iter().map(|one| one.seconds).fold(f64::INFINITY, f64::min);
    let quiet = all.iter().filter(|one| one.quiet).count() >= 3;
    all.retain(|one| one.quiet || !quiet);
    all.sort_by(|a, b| a.seconds.total_cmp(&b.seconds));
    let at = |part: f64| (part * (all.len() - 1) as f64).round() as usize;
    let mut processor: Vec<f64> = all.iter().map(|one| one.processor).collect();
    processor.sort_by(f64::total_cmp);
    let times = Times {
        median: all[at(0.5)].seconds,
        quarter: all[at(0.25)].seconds,
        three_quarters: all[at(0.75)].seconds,
        best,
        processor: processor[at(0.5)],
        repetitions: all.len(),
        quiet,
    };
    let middle = at(0.5);
    (times, all.swap_remove(middle).phases)
}

/// Waits until others let the machine be, `most` at the longest, and says how long it was.
fn wait_for_quiet(most: Duration) -> Duration {
    let start = Instant::now();
    while start.elapsed() < most {
        let before = Moment::now();
        std::thread::sleep(Duration::from_millis(200).min(most));
        if Moment::now().others(&before) < OTHERS {
            break;
        }
    }
    start.elapsed()
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
    fn the_median_repetition_gives_time_and_phases() {
        let one = |seconds, quiet| Repetition {
            seconds,
            processor: 2.0 * seconds,
            quiet,
            phases: vec![("all", seconds)],
        };
        let (times, phases) = summary(vec![one(9.0, false), one(3.0, true), one(1.0, true), one(2.0, true)]);
        assert_eq!((times.median, times.best, times.processor, times.repetitions), (2.0, 1.0, 4.0, 3));
        assert!(times.quiet);
        assert_eq!(phases, [("all", 2.0)]);
        let (times, _) = summary(vec![one(9.0, false), one(3.0, true), one(1.0, false)]);
        assert_eq!((times.median, times.repetitions, times.quiet), (3.0, 3, false));
    }

    #[test]
    fn work_is_repeated_and_its_phases_summed() {
        let mut count = 0;
        let mut once = || {
            count += 1;
            Ok(vec![("a", 1.0), ("b", 2.0), ("a", 1.0)])
        };
        let (times, phases) = time(&mut once, Duration::from_millis(5)).unwrap();
        assert_eq!(phases, [("a", 2.0), ("b", 2.0)]);
        assert!(times.repetitions >= 3 && times.best <= times.median);
        assert!(count > 4);
        assert!(time(&mut || Err(TrainError::Waited), Duration::ZERO).is_err());
    }
}
