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
    started: Instant,
    /// The next share of a phase, in quarters, that is worth a line.
    quarter: u64,
}

impl ShownProgress {
    pub fn new() -> Self {
        Self { phase: None, bar: ProgressBar::hidden(), started: Instant::now(), quarter: 0 }
    }

    /// `done` of `total` steps of a phase, and a figure.
    pub fn report(&mut self, phase: Phase, done: u64, total: u64, figure: &str) {
        if self.phase != Some(phase) {
            self.bar.finish();
            self.phase = Some(phase);
            self.quarter = 1;
            self.started = Instant::now();
            if std::io::stderr().is_terminal() {
                self.bar = ProgressBar::new(total);
                let style = "{prefix:<12} {bar:30} {pos}/{len}  {per_sec}  {eta} left  {msg}";
                if let Ok(style) = ProgressStyle::with_template(style) {
                    self.bar.set_style(style);
                }
                self.bar.set_prefix(name(phase));
            }
        }
        self.bar.set_length(total);
        self.bar.set_position(done);
        self.bar.set_message(figure.to_owned());
        if done >= total {
            self.bar.finish();
        }
        if !std::io::stderr().is_terminal() && 4 * done >= self.quarter * total.max(1) {
            self.quarter = 4 * done / total.max(1) + 1;
            let seconds = self.started.elapsed().as_secs_f64();
            let left = seconds * (total - done.min(total)) as f64 / done.max(1) as f64;
            let rate = done as f64 / seconds.max(1e-9);
            let phase = name(phase);
            output::print_message(&format!(
                "{phase:<12} {done}/{total}  {rate:.1}/s  {left:.0} s left  {figure}"
            ));
        }
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
