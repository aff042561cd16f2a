//! What a person reads at the end of a quickstart.

use super::world::decode;
use super::{Outcome, Point, Settings, Summary};
use rlhf::models::{FormatError, write_json, write_whole};
use rlhf::record::Metrics;
use rlhf::report::plot::{Curve, Plot};
use rlhf::report::{self, table};
use rlhf::stage::{StageError, own};
use std::path::Path;

/// What is written at the end.
pub const FILES: [&str; 3] = ["curve.svg", "summary.json", "report.html"];

/// The settings that are not the paper's, each with its reason.
pub fn overrides(settings: &Settings) -> String {
    let rows = settings.overrides.iter();
    report::overrides(rows.map(|o| [&o.setting, &*o.paper, &o.here, &o.reason].map(String::from)).collect())
}

/// Gold and proxy against √KL, of PPO and of best-of-n (Gao et al., arXiv:2210.10760, figure 1).
pub fn plot(outcome: &Outcome) -> Plot {
    gains(&outcome.ppo_curve, &outcome.best_of_n)
}

pub(super) fn gains(ppo: &[Point], best_of_n: &[Point]) -> Plot {
    let start = ppo.first();
    let curve = |name: &str, points: &[Point], y: fn(&Point) -> f64, scale: f64| Curve {
        name: name.into(),
        points: points
            .iter()
            .map(|p| (p.kl.max(0.0).sqrt(), (y(p) - start.map_or(0.0, y)) * scale))
            .collect(),
    };
    // Gold runs from 0 to 1, the proxy has no scale of its own: both gains are shown as shares of
    // the largest, so that the shapes can be compared.
    let most = |y: fn(&Point) -> f64| {
        let gains = ppo.iter().chain(best_of_n);
        let largest = gains.map(|p| y(p) - start.map_or(0.0, y)).fold(0.0, f64::max);
        if largest > 0.0 { 1.0 / largest } else { 1.0 }
    };
    let (gold, proxy) = (most(|p| p.gold), most(|p| p.proxy));
    Plot {
        title: "What is gained with distance from the supervised policy".into(),
        x: "distance from the supervised policy, √KL (√nats)".into(),
        y: "gain over the supervised policy, as a share of the largest".into(),
        curves: vec![
            curve("PPO, gold", ppo, |p| p.gold, gold),
            curve("PPO, reward model", ppo, |p| p.proxy, proxy),
            curve("best of n, gold", best_of_n, |p| p.gold, gold),
            curve("best of n, reward model", best_of_n, |p| p.proxy, proxy),
        ],
    }
}

/// The result as a table, a plot and samples.
pub fn show(outcome: &Outcome) -> String {
    let o = outcome;
    let row = |name: &str, before: String, after: String| vec![name.to_string(), before, after];
    let percent = |x: f64| format!("{:.0} %", 100.0 * x);
    let rows = [
        row(
            "gold reward (0 to 1; no model has seen it)",
            format!("{:.3}", o.gold.0),
            format!("{:.3}", o.gold.1),
        ),
        row("answers that do all that was asked", percent(o.success.0), percent(o.success.1)),
        row("reward model's score", format!("{:+.2}", o.proxy.0), format!("{:+.2}", o.proxy.1)),
        row("answers that differ from all others", percent(o.distinct.0), percent(o.distinct.1)),
        row("mean length, tokens", format!("{:.1}", o.length.0), format!("{:.1}", o.length.1)),
    ];
    let mut out = table(&["on prompts never seen in training", "before (SFT)", "after (PPO)"], &rows);
    let w = &o.win_rate;
    out.push_str(&format!(
        "\nOn {} test prompts PPO's story is the better one in {} of cases (95 % interval {} to {}),\n\
         {:.1} nats away from the supervised policy.\n\
         The reward model orders {} of held-out pairs as the labeller did ({} to {}); labellers agree\n\
         with each other on {}.\n\n",
        w.n,
        percent(w.value),
        percent(w.low),
        percent(w.high),
        o.kl,
        percent(o.accuracy.value),
        percent(o.accuracy.low),
        percent(o.accuracy.high),
        percent(o.agreement),
    ));
    out.push_str(&plot(outcome).terminal());
    for sample in &outcome.samples {
        let text = |tokens: &[u32]| decode(tokens);
        out.push_str(&format!(
            "\n{}\n  before ({:.2})  {}\n  after  ({:.2})  {}\n",
            sample.prompt.text(),
            sample.before.1,
            text(&sample.before.0),
            sample.after.1,
            text(&sample.after.0),
        ));
    }
    out
}

/// Writes `summary.json`, `curve.svg` and `report.html`.
///
/// # Errors
/// [`StageError`] names the file.
pub fn save(folder: &Path, settings: &Settings, outcome: &Outcome) -> Result<(), StageError> {
    std::fs::create_dir_all(folder).map_err(|e| FormatError::io(folder, e))?;
    FILES.into_iter().try_for_each(|name| own(folder, name))?;
    write_whole(&folder.join("curve.svg"), report::page::picture(&plot(outcome)).as_bytes())?;
    let summary = Summary::new(settings, outcome);
    write_json(&folder.join("summary.json"), &summary)?;
    report::write(folder, &summary.page(&Metrics::read(folder)?))?;
    Ok(())
}
