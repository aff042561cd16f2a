//! Medians and quartiles.

use serde::Serialize;

/// Seconds by phase, in the order in which they came first.
pub(super) type Phases = Vec<(&'static str, f64)>;

/// Adds the times of phases to those before.
pub(super) fn add(sums: &mut Phases, phases: impl IntoIterator<Item = (&'static str, f64)>) {
    for (name, seconds) in phases {
        match sums.iter_mut().find(|(of, _)| *of == name) {
            Some((_, sum)) => *sum += seconds,
            None => sums.push((name, seconds)),
        }
    }
}

/// Seconds of one repetition.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Times {
    /// The median.
    pub median: f64,
    /// A quarter of them took less.
    pub quarter: f64,
    /// The third quartile.
    pub three_quarters: f64,
    /// The shortest: what the machine can do when nobody else wants it.
    pub best: f64,
    /// The median of the processor's time, all threads together: what a busy machine changes least.
    pub processor: f64,
    /// The number of repetitions that count.
    pub repetitions: usize,
    /// True if at least three repetitions were quiet; otherwise all of them count.
    pub quiet: bool,
}

/// One repetition, of work that may have been done several times in a row: then with their mean.
#[derive(Clone)]
pub(super) struct Repetition {
    pub seconds: f64,
    pub processor: f64,
    /// True if others left the machine alone.
    pub quiet: bool,
    pub phases: Phases,
}

/// The times of all that count, and the phases of the middle one.
pub(super) fn summary(mut all: Vec<Repetition>) -> (Times, Phases) {
    let best = all.iter().map(|one| one.seconds).fold(f64::INFINITY, f64::min);
    let quiet = all.iter().filter(|one| one.quiet).count() >= 3;
    all.retain(|one| one.quiet || !quiet);
    all.sort_by(|a, b| a.seconds.total_cmp(&b.seconds));
    let seconds: Vec<f64> = all.iter().map(|one| one.seconds).collect();
    let mut processor: Vec<f64> = all.iter().map(|one| one.processor).collect();
    processor.sort_by(f64::total_cmp);
    let times = Times {
        median: quantile(&seconds, 0.5),
        quarter: quantile(&seconds, 0.25),
        three_quarters: quantile(&seconds, 0.75),
        best,
        processor: quantile(&processor, 0.5),
        repetitions: seconds.len(),
        quiet,
    };
    let middle = all.into_iter().nth(times.repetitions.saturating_sub(1) / 2);
    (times, middle.map(|one| one.phases).unwrap_or_default())
}

/// Returns a quantile, linear between neighbors; `sorted` rises.
fn quantile(sorted: &[f64], part: f64) -> f64 {
    let at = part * sorted.len().saturating_sub(1) as f64;
    let of = |i: f64| sorted.get(i as usize).copied().unwrap_or(f64::NAN);
    of(at.floor()) + (at - at.floor()) * (of(at.ceil()) - of(at.floor()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(seconds: f64, quiet: bool) -> Repetition {
        Repetition { seconds, processor: 2.0 * seconds, quiet, phases: vec![("all", seconds)] }
    }

    #[test]
    fn quiet_repetitions_count_where_there_are_three() {
        let (times, phases) = summary(vec![one(9.0, false), one(3.0, true), one(1.0, true), one(2.0, true)]);
        assert_eq!((times.median, times.best, times.processor, times.repetitions), (2.0, 1.0, 4.0, 3));
        assert_eq!((times.quarter, times.three_quarters, times.quiet), (1.5, 2.5, true));
        assert_eq!(phases, [("all", 2.0)]);
    }

    #[test]
    fn else_all_of_them_count() {
        let (times, phases) = summary(vec![one(9.0, false), one(3.0, true), one(1.0, false), one(5.0, true)]);
        assert_eq!((times.median, times.repetitions, times.quiet), (4.0, 4, false));
        assert_eq!(phases, [("all", 3.0)]);
        let (times, _) = summary(vec![one(7.0, true)]);
        assert_eq!((times.median, times.quarter, times.best), (7.0, 7.0, 7.0));
    }
}
