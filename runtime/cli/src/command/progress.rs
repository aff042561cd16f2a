//! Progress on a terminal as bars with a rate and the time left, elsewhere as plain lines.

use super::output;
use indicatif::{ProgressBar, ProgressStyle};
use rlhf::record::{Phase, RunWarning};
use std::io::IsTerminal;
use std::time::Instant;

/// Shows how far a run is.
pub struct ShownProgress {
    phase: Option<Phase>,
    bar: ProgressBar,
    /// The time of the phase's first report, and the steps that were done by then: by another run before this one, perhaps.
    first: (Instant, u64),
    /// The next share of a phase, in quarters, that is worth a line.
    quarter: u64,
}

impl ShownProgress {
    pub fn new() -> Self {
        Self { phase: None, bar: ProgressBar::hidden(), first: (Instant::now(), 0), quarter: 0 }
    }

    /// `done` of `total` steps of a phase, and a figure.
    pub fn report(&mut self, phase: Phase, done: u64, total: u64, figure: &str) {
        let terminal = std::io::stderr().is_terminal();
        if self.phase != Some(phase) {
            self.bar.finish();
            self.phase = Some(phase);
            self.quarter = 1;
            self.first = (Instant::now(), done);
            if terminal {
                self.bar = ProgressBar::new(total);
                let style = "{prefix:<12} {bar:30} {pos}/{len} steps  {msg}";
                if let Ok(style) = ProgressStyle::with_template(style) {
                    self.bar.set_style(style);
                }
                self.bar.set_prefix(name(phase));
            }
        }
        let (since, before) = self.first;
        let rate =
            rate(done.saturating_sub(before), since.elapsed().as_secs_f64(), total.saturating_sub(done));
        let message = if rate.is_empty() { figure.to_owned() } else { format!("{rate}  {figure}") };
        if !terminal && 4 * done >= self.quarter * total.max(1) {
            self.quarter = 4 * done / total.max(1) + 1;
            let phase = name(phase);
            output::print_message(&format!("{phase:<12} {done}/{total} steps  {message}"));
        }
        self.bar.set_length(total);
        self.bar.set_position(done);
        self.bar.set_message(message);
        if done >= total {
            self.bar.finish();
        }
    }
}

/// Describes how fast `steps` steps in so many seconds are, and how long `left` more will take; nothing before the second
/// report, which is the first that there is a time for.
fn rate(steps: u64, seconds: f64, left: u64) -> String {
    if steps == 0 || seconds <= 0.0 {
        return String::new();
    }
    let each = seconds / steps as f64;
    let rate = if each < 1.0 { format!("{:.1} steps/s", 1.0 / each) } else { format!("{each:.1} s a step") };
    match left {
        0 => rate,
        left => format!("{rate}, {} left", duration(each * left as f64)),
    }
}

/// A time in the unit that suits it.
fn duration(seconds: f64) -> String {
    let minutes = (seconds / 60.0).round() as u64;
    match minutes {
        _ if seconds < 100.0 => format!("{seconds:.0} s"),
        0..100 => format!("{minutes} min"),
        _ => format!("{} h {} min", minutes / 60, minutes % 60),
    }
}

fn name(phase: Phase) -> &'static str {
    match phase {
        Phase::Pretrain => "pretraining",
        Phase::Supervised => "1 demonstrate",
        Phase::Reward => "2 rank",
        Phase::Ppo => "3 reinforce",
        Phase::Evaluate => "measuring",
    }
}

/// Tells of a warning.
pub fn warn(phase: Phase, step: u64, warning: &RunWarning) {
    output::print_message(&format!("warning: {}, step {step}: {}", name(phase), warning.message));
}

/// Prints a note from before a run's first step.
pub fn note(text: &str) {
    output::print_message(&format!("warning: {text}"));
}

#[cfg(test)]
mod tests {
    use super::{duration, rate};

    #[test]
    fn rates_have_a_unit_and_say_nothing_before_there_is_a_time() {
        assert_eq!(rate(0, 0.5, 10), "");
        assert_eq!(rate(20, 4.0, 30), "5.0 steps/s, 6 s left");
        assert_eq!(rate(2, 5.0, 120), "2.5 s a step, 5 min left");
        assert_eq!(rate(4, 2.0, 0), "2.0 steps/s");
        assert_eq!([99.4, 100.0, 3600.0, 7500.0].map(duration), ["99 s", "2 min", "60 min", "2 h 5 min"]);
    }
}
