//! The result of a run, in words.

use super::format::percent;
use super::page;
use crate::record::{Phase, WarningSummary};
use crate::statistics::Interval;

/// The warnings that a headline names.
const NAMED: usize = 2;

/// The result of a run in a few sentences: what makes it doubtful, if anything does, then who wins how often. `who` is
/// the policy's answer, `judge` whose judgment it is. No win is praised while a warning stands.
pub fn verdict(judge: &str, who: &str, of: &Interval, warnings: &[WarningSummary]) -> String {
    let Interval { value, low, high, n } = of;
    let wins = format!(
        "wins {} of {n} pairs, 95\u{a0}% interval {} to {}",
        percent(*value),
        percent(*low),
        percent(*high)
    );
    let doubts: Vec<_> = warnings.iter().filter(|w| w.stands).map(|w| w.last.warning.finding()).collect();
    if !doubts.is_empty() {
        let first = doubts.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join("; ");
        let more = match doubts.len().saturating_sub(NAMED) {
            0 => String::new(),
            1 => ", and one more warning".into(),
            more => format!(", and {more} more warnings"),
        };
        return format!("Do not trust this result: {first}{more}. {judge}, {who} {wins}.");
    }
    let how = if *low > 0.5 {
        "is the better one more often than not"
    } else if *high < 0.5 {
        "is the worse one more often than not"
    } else {
        "may be no better than before: so few prompts cannot tell"
    };
    format!("{judge}, {who} {how}. It {wins}.")
}

/// The warnings of a run for its page, with the place and the number of each. `method`: the method of step 3.
pub fn warnings(warnings: &[WarningSummary], method: &str) -> Vec<page::Warning> {
    let one = |warning: &WarningSummary| page::Warning {
        text: sentence(&warning.last.message),
        place: place(warning, method),
    };
    warnings.iter().map(one).collect()
}

fn place(of: &WarningSummary, method: &str) -> String {
    let step = super::method::method_step(method);
    let seen = match of.phase {
        Phase::Evaluate => return "measured at the end".into(),
        Phase::Pretrain => "pretraining, step".into(),
        Phase::Supervised => "step 1, optimizer step".into(),
        Phase::Reward => "step 2, optimizer step".into(),
        Phase::Ppo => format!("step 3, {step}"),
    };
    let times = match of.times - u64::from(of.stands).min(of.times) {
        0 | 1 => format!("seen in {seen} {}", of.step),
        times => format!("seen {times} times from {seen} {} on", of.step),
    };
    if of.stands { format!("measured at the end; {times}") } else { format!("{times}; not at the end") }
}

/// A capital letter before, a full stop behind.
pub(super) fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    let stop = if words.ends_with(['.', '?', '!']) { "" } else { "." };
    letters
        .next()
        .map_or_else(String::new, |first| format!("{}{}{stop}", first.to_uppercase(), letters.as_str()))
}
