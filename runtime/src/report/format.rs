//! Numbers in the words of a page.

use super::number;
use super::page::{Chart, Drawing, Headline};
use crate::statistics::{Calibration, Interval};
use serde_json::Value;

/// A share in per cent, on one line.
pub fn percent(share: f64) -> String {
    format!("{:.0}\u{a0}%", 100.0 * share)
}

/// A distance in nats. One too small to matter is 0, whatever its sign.
pub fn nats(distance: f64) -> String {
    let shown = if distance.abs() < 5e-3 { 0.0 } else { distance };
    format!("{} nats", number(shown))
}

/// A share with its interval.
pub fn sure(name: &str, share: &Interval) -> Headline {
    let Interval { value, low, high, n } = share;
    let note = format!("95\u{a0}% interval {} to {}, n\u{a0}{n}", percent(*low), percent(*high));
    Headline { name: name.into(), value: percent(*value), note }
}

/// A number of the policy, and of the supervised model that it was before.
pub fn changed(name: &str, before: f64, after: f64, show: fn(f64) -> String) -> Headline {
    Headline { name: name.into(), value: show(after), note: format!("supervised model {}", show(before)) }
}

/// Returns the table of the reward model's quality: accuracies by name, and calibration.
pub fn trust(accuracy: Vec<(String, Option<Interval>)>, calibration: Option<&Calibration>) -> Vec<Chart> {
    let note = "The share of people's votes on held-out answers that the reward model agrees with, with Wilson's 95\u{a0}% interval.";
    let chart = |title: &str, note: String, drawing| Chart { title: title.into(), note, drawing };
    let mut charts = vec![chart("Accuracy of the reward model", note.into(), Drawing::Shares(accuracy))];
    if let Some(c) = calibration {
        let note = format!(
            "On the dotted line it is as sure as it should be, below it too sure. Expected calibration error {}. \
             The area of a dot is its share of votes, the numbers count them.",
            number(c.error)
        );
        charts.push(chart("Calibration", note, Drawing::Calibration(c.clone())));
        let note = "Score differences on held-out votes; below 0 the reward model disagrees.";
        charts.push(chart("Margins", note.into(), Drawing::Margins(c.margins.clone())));
    }
    charts
}

/// Lists every setting by its place, such as `ppo.gae.lambda`.
pub fn settings(of: &impl serde::Serialize) -> Vec<[String; 2]> {
    fn walk(place: String, value: &Value, out: &mut Vec<[String; 2]>) {
        match value {
            Value::Object(parts) if !parts.is_empty() => {
                for (name, part) in parts {
                    let dot = if place.is_empty() { "" } else { "." };
                    walk(format!("{place}{dot}{name}"), part, out);
                }
            }
            other => out.push([place, plain(other)]),
        }
    }
    let mut out = vec![];
    walk(String::new(), &serde_json::to_value(of).unwrap_or_default(), &mut out);
    out
}

/// A setting's value for people: no quotes, brackets and braces of JSON.
///
/// ```
/// use rlhf::report::format::plain;
/// let value = serde_json::json!({ "cosine": { "least": 0.1, "over": ["step", "epoch"] } });
/// assert_eq!(plain(&value), "cosine (least 0.1, over step, epoch)");
/// ```
pub fn plain(value: &Value) -> String {
    match value {
        Value::Null => "off".into(),
        Value::Bool(true) => "on".into(),
        Value::Bool(false) => "off".into(),
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Array(all) => all.iter().map(plain).collect::<Vec<_>>().join(", "),
        Value::Object(parts) => {
            let part = |(name, value): (&String, &Value)| match value {
                Value::Object(_) => format!("{name} ({})", plain(value)),
                value => format!("{name} {}", plain(value)),
            };
            parts.iter().map(part).collect::<Vec<_>>().join(", ")
        }
    }
}
