//! Medians over the quiet moments of a shared machine, as `shared/peers/bench_common.py` takes them.

use core::time::Duration;
use std::time::Instant;

/// Seconds of one repetition.
pub struct Times {
    pub median: f64,
    pub quarter: f64,
    pub three_quarters: f64,
    /// Of all repetitions: what the machine can do when nobody else wants it.
    pub best: f64,
    /// Median of the processor's time, all threads together: what a busy machine changes least.
    pub processor: f64,
    /// Whether there were enough repetitions while others left the machine alone.
    pub quiet: bool,
}

/// What others may use of the machine in a repetition that counts.
const OTHERS: f64 = 0.15;
const WANTED: usize = 7;
const BUDGET: Duration = Duration::from_secs(15);
/// The longest wait for quiet moments, all repetitions together.
const PATIENCE: Duration = Duration::from_secs(20);

/// Repeats `work` until enough repetitions were quiet, or the budget is spent.
pub fn time(work: &mut dyn FnMut()) -> Times {
    work();
    let start = Instant::now();
    work();
    // The kernel counts in hundredths of a second: short work is timed in batches of a quarter.
    let batch = (0.25 / start.elapsed().as_secs_f64()).ceil().max(1.0) as usize;
    let mut all = Vec::new();
    let (mut worked, mut waited) = (Duration::ZERO, Duration::ZERO);
    while all.len() < 3 || worked < BUDGET {
        waited += wait_for_quiet(PATIENCE.saturating_sub(waited));
        let before = Busy::now();
        (0..batch).for_each(|_| work());
        let after = Busy::now();
        worked += after.wall - before.wall;
        let processor = (after.mine - before.mine) / 100.0 / batch as f64;
        all.push((after.wall(&before) / batch as f64, after.others(&before) < OTHERS, processor));
        if all.iter().filter(|(_, quiet, _)| *quiet).count() >= WANTED {
            break;
        }
    }
    let quiet = all.iter().filter(|(_, quiet, _)| *quiet).count() >= 3;
    let mut seconds: Vec<f64> = all.iter().filter(|(_, q, _)| *q || !quiet).map(|(s, ..)| *s).collect();
    seconds.sort_by(f64::total_cmp);
    let at = |part: f64| seconds[(part * (seconds.len() - 1) as f64).round() as usize];
    let best = all.iter().map(|(seconds, ..)| *seconds).fold(f64::INFINITY, f64::min);
    let mut processor: Vec<f64> = all.iter().map(|(.., processor)| *processor).collect();
    processor.sort_by(f64::total_cmp);
    let processor = processor[processor.len() / 2];
    Times { best, processor, median: at(0.5), quarter: at(0.25), three_quarters: at(0.75), quiet }
}

/// Waits until others let the machine be, `most` at the longest, and says how long it was.
fn wait_for_quiet(most: Duration) -> Duration {
    let start = Instant::now();
    while start.elapsed() < most {
        let before = Busy::now();
        std::thread::sleep(Duration::from_millis(200));
        if Busy::now().others(&before) < OTHERS {
            break;
        }
    }
    start.elapsed()
}

/// A moment: the clock, and the processor time of all and of this process.
struct Busy {
    wall: Instant,
    /// Ticks of a hundredth of a second; 0 where there is no `/proc`.
    machine: f64,
    mine: f64,
}

impl Busy {
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

    fn wall(&self, since: &Self) -> f64 {
        (self.wall - since.wall).as_secs_f64()
    }

    /// The share of the machine that others had.
    fn others(&self, since: &Self) -> f64 {
        let cores = std::thread::available_parallelism().map_or(1, usize::from) as f64;
        let ticks = (self.machine - since.machine) - (self.mine - since.mine);
        ticks / 100.0 / (cores * self.wall(since))
    }
}
