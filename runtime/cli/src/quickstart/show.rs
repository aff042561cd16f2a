//! The results of a quickstart for a person to read.

use super::{Override, Point, Settings, Summary};
use rlhf::config::ConfigError;
use rlhf::models::write_whole;
use rlhf::record::Line;
use rlhf::report::plot::{Curve, Plot};
use rlhf::report::{self, table};
use rlhf::run::warning_list;
use rlhf::stage::{StageError, own};
use rlhf::statistics::BeforeAfter;
use std::path::Path;

/// The files that are written at the end.
pub const FILES: &[&str] = &["curve.svg", "summary.json", "report.html"];

/// The settings that are not the paper's, each with its reason.
///
/// # Errors
/// [`ConfigError`] names the setting.
pub fn overrides(settings: &Settings) -> Result<String, ConfigError> {
    let all = settings.config.resolve()?.1;
    let row = |Override { setting, paper, here, reason }: Override| [setting, paper, here, reason];
    Ok(report::overrides(all.iter().map(|o| row(o.into())).collect()))
}

/// Plots gold and proxy against √KL, of PPO and of best-of-n (Gao et al., arXiv:2210.10760, figure 1).
pub fn plot(summary: &Summary) -> Plot {
    let (ppo, best_of_n) = (&summary.ppo_curve, &summary.best_of_n);
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
        title: "Gains in gold, and in the reward model's score (proxy)".into(),
        x: "distance from the supervised policy, √KL (√nats)".into(),
        y: "gain over the supervised policy, as a share of the largest".into(),
        curves: vec![
            curve("PPO, gold", ppo, |p| p.gold, gold),
            curve("PPO, proxy", ppo, |p| p.proxy, proxy),
            curve("best of n, gold", best_of_n, |p| p.gold, gold),
            curve("best of n, proxy", best_of_n, |p| p.proxy, proxy),
        ],
    }
}

/// The result as a table, a plot and samples.
pub fn show(summary: &Summary) -> String {
    let s = summary;
    let percent = |x: f64| format!("{:.0} %", 100.0 * x);
    let row = |name: &str, of: BeforeAfter, shown: &dyn Fn(f64) -> String| {
        vec![name.to_string(), shown(of.sft), shown(of.ppo)]
    };
    let rows = [
        row("gold reward (0 to 1; no model has seen it)", s.gold.reward, &|x| format!("{x:.3}")),
        row("answers that do all that was asked", s.gold.success, &percent),
        row("reward model's score", s.proxy.reward, &|x| format!("{x:+.2}")),
        row("answers that differ from all others", s.distinct, &percent),
        row("mean length, tokens", s.common.length, &|x| format!("{x:.1}")),
    ];
    let mut out = table(&["on prompts never seen in training", "before (SFT)", "after (PPO)"], &rows);
    let accuracy = &s.reward_model.accuracy;
    out.push_str(&format!(
        "\n{}\nThe reward model orders {} of held-out pairs as the labeler did ({} to {}); labelers agree\n\
         with each other on {}.\n\n",
        s.verdict(),
        percent(accuracy.value),
        percent(accuracy.low),
        percent(accuracy.high),
        percent(s.labelers.agreement),
    ));
    out.push_str(&plot(s).terminal());
    for sample in &s.samples {
        out.push_str(&format!(
            "\n{}\n  before ({:.2})  {}\n  after  ({:.2})  {}\n",
            sample.prompt, sample.sft.gold, sample.sft.text, sample.ppo.gold, sample.ppo.text,
        ));
    }
    out + &warning_list(&s.common.warnings)
}

/// Writes `summary.json`, `curve.svg` and `report.html`.
///
/// # Errors
/// [`StageError`] names the file.
pub fn save(folder: &Path, summary: &Summary, lines: &[Line]) -> Result<(), StageError> {
    own(folder, "curve.svg")?;
    write_whole(&folder.join("curve.svg"), report::page::picture(&plot(summary)).as_bytes())?;
    rlhf::run::save(folder, summary, &summary.page(lines))
}
