//! The lines of `metrics.jsonl` as charts.

use super::page::{Chart, Drawing, Section};
use super::plot::{Curve, Plot};
use crate::record::{FIGURES, Line, Phase};
use std::collections::BTreeSet;

/// A chart of one or more figures over a phase.
struct Wanted {
    title: &'static str,
    /// The figures, each with its name in the chart.
    figures: &'static [(&'static str, &'static str)],
    log: bool,
}

const fn chart(title: &'static str, figures: &'static [(&'static str, &'static str)]) -> Wanted {
    Wanted { title, figures, log: false }
}

/// The charts in the order of a page. Figures that are not here get a chart of their own after these.
const CHARTS: &[Wanted] = &[
    chart("Loss", &[("loss", "loss")]),
    chart("Accuracy on the batch", &[("accuracy", "accuracy")]),
    chart("Reward", &[("reward", "reward")]),
    chart("KL from the supervised model", &[("kl", "k1"), ("kl_k3", "k3"), ("kl_exact", "exact")]),
    chart("Entropy", &[("entropy", "entropy")]),
    chart("Length", &[("length", "mean"), ("length_max", "longest")]),
    chart("Ended by themselves", &[("ended", "ended"), ("truncated", "cut off")]),
    chart(
        "Clip fraction",
        &[("clip_fraction", "policy"), ("dual_clip_fraction", "dual"), ("value_clip_fraction", "value")],
    ),
    Wanted {
        title: "Ratio extremes",
        figures: &[("ratio_max", "greatest"), ("ratio_min", "smallest")],
        log: true,
    },
    chart("KL of an update", &[("policy_kl", "KL")]),
    chart("Value loss", &[("value_loss", "loss")]),
    chart(
        "What rewards are made of, beside scores",
        &[
            ("reward_kl", "KL penalty"),
            ("reward_clip", "clipping"),
            ("reward_missing_end", "missing ends"),
            ("reward_overlong", "overlong"),
        ],
    ),
    chart("KL per token", &[("token_kl", "k1"), ("token_kl_k3", "k3"), ("token_kl_exact", "exact")]),
    chart(
        "Standard errors of the KL",
        &[("kl_error", "k1"), ("kl_k3_error", "k3"), ("kl_exact_error", "exact")],
    ),
    chart(
        "Standard errors of the KL per token",
        &[("token_kl_error", "k1"), ("token_kl_k3_error", "k3"), ("token_kl_exact_error", "exact")],
    ),
    chart("KL by k2", &[("kl_k2", "k2"), ("kl_k2_error", "its standard error")]),
    chart("KL per token by k2", &[("token_kl_k2", "k2"), ("token_kl_k2_error", "its standard error")]),
    chart("Disagreement of the ensemble", &[("disagreement", "mean"), ("disagreement_max", "greatest")]),
    chart("Explained variance", &[("explained_variance", "explained")]),
    chart("Pretraining loss", &[("pretraining_loss", "loss")]),
    chart("KL coefficient", &[("beta", "β")]),
    chart("Learning rate", &[("learning_rate", "rate")]),
    chart("Gradient norm", &[("gradient", "norm")]),
];

/// A section for each phase in `lines`, in the order of a run.
pub fn curves(lines: &[Line]) -> Vec<Section> {
    let of = |phase| lines.iter().filter(|line| line.phase == phase).collect::<Vec<_>>();
    let phases = Phase::ALL.into_iter().map(|phase| (phase, of(phase)));
    phases.filter(|(_, lines)| !lines.is_empty()).map(|(phase, lines)| section(phase, &lines)).collect()
}

fn section(phase: Phase, lines: &[&Line]) -> Section {
    let (title, step) = match phase {
        Phase::Pretrain => ("Pretraining the base", "optimizer step"),
        Phase::Supervised => ("Step 1: supervised fine-tuning", "optimizer step"),
        Phase::Reward => ("Step 2: the reward model", "optimizer step"),
        Phase::Ppo => ("Step 3: PPO", "iteration"),
        Phase::Evaluate => ("Measuring", "step"),
    };
    let mut left: BTreeSet<&str> =
        lines.iter().flat_map(|line| line.figures.keys().map(String::as_str)).collect();
    let mut charts = Vec::new();
    for Wanted { title, figures, log } in CHARTS {
        let there: Vec<_> = figures.iter().filter(|(figure, _)| left.remove(figure)).copied().collect();
        if let Some((first, _)) = there.first() {
            let curves = there.iter().map(|(figure, name)| over_time(lines, figure, name)).collect();
            charts.push(over(title, first, step, curves, *log));
            if *first == "kl" {
                charts.extend(against_distance(lines));
            }
        }
    }
    for figure in left {
        charts.push(over(figure, figure, step, vec![over_time(lines, figure, figure)], false));
    }
    let (done, total) = lines.last().map_or((0, 0), |line| (line.step, line.total));
    let seconds: f64 = lines.iter().map(|line| line.seconds).filter(|s| s.is_finite()).sum();
    let each = super::number(seconds / lines.len().max(1) as f64);
    let lead = format!("{done} of {total} {step}s, {each} s each.");
    Section { title: title.into(), lead, charts, tables: vec![] }
}

/// A chart over the steps of a phase, with the description and the unit of its first figure.
fn over(title: &str, figure: &str, step: &str, curves: Vec<Curve>, log: bool) -> Chart {
    let known = FIGURES.iter().find(|f| f.name == figure);
    let (unit, what) = known.map_or(("", ""), |f| (f.unit, f.what));
    let plot = Plot { title: title.into(), x: step.into(), y: unit.into(), curves };
    let note = sentence(match figure {
        // These share their chart with another.
        "clip_fraction" => "tokens whose ratio, or whose value, the clip cut",
        "ratio_max" | "ratio_min" => {
            "the greatest and the smallest ratio of new to old probability in an iteration"
        }
        _ => what,
    });
    Chart {
        title: title.into(),
        note,
        drawing: if log { Drawing::LogLines(plot) } else { Drawing::Lines(plot) },
    }
}

/// A capital letter before, a full stop behind.
fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| format!("{}{}.", first.to_uppercase(), letters.as_str()))
}

/// A figure at each step; a gap where it was not measured.
fn over_time(lines: &[&Line], figure: &str, name: &str) -> Curve {
    let value = |line: &&Line| line.figures.get(figure).copied().unwrap_or(f64::NAN);
    Curve { name: name.into(), points: lines.iter().map(|line| (line.step as f64, value(line))).collect() }
}

/// Draws reward against √KL, as Gao et al. (arXiv:2210.10760) do.
fn against_distance(lines: &[&Line]) -> Option<Chart> {
    let point = |line: &&Line| Some((line.figures.get("kl")?.max(0.0).sqrt(), *line.figures.get("reward")?));
    let points: Vec<_> = lines.iter().filter_map(point).collect();
    let title = "Reward against distance";
    let curves = vec![Curve { name: "iterations".into(), points }];
    let plot = Plot { title: title.into(), x: "√KL (√nats)".into(), y: "reward".into(), curves };
    let note =
        "The mean score of each iteration's responses, over how far the policy is from the supervised model.";
    let chart = Chart { title: title.into(), note: note.into(), drawing: Drawing::Lines(plot) };
    lines.iter().any(|line| point(line).is_some()).then_some(chart)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(phase: Phase, step: u64, figures: &[(&str, f64)]) -> Line {
        let figures = figures.iter().map(|(name, x)| (name.to_string(), *x)).collect();
        Line { phase, step, total: 9, figures, seconds: 0.5, warnings: vec![] }
    }

    fn titles(lines: &[Line]) -> Vec<String> {
        curves(lines).into_iter().flat_map(|s| s.charts).map(|c| c.title).collect()
    }

    #[test]
    fn every_figure_that_was_measured_is_drawn() {
        for figure in FIGURES {
            let lines = [line(Phase::Ppo, 1, &[(figure.name, 0.5)])];
            assert!(!titles(&lines).is_empty(), "{}", figure.name);
        }
        let lines = [line(Phase::Ppo, 1, &[("of_tomorrow", 1.0), ("reward", 1.0), ("kl", 2.0)])];
        assert_eq!(
            titles(&lines),
            ["Reward", "KL from the supervised model", "Reward against distance", "of_tomorrow"]
        );
        assert!(curves(&[]).is_empty());
    }

    #[test]
    fn what_was_not_measured_is_a_gap() {
        let lines = [1, 2, 3].map(|i| line(Phase::Reward, i, if i == 2 { &[] } else { &[("loss", 1.0)] }));
        let [section] = &curves(&lines)[..] else { panic!() };
        let Drawing::Lines(plot) = &section.charts[0].drawing else { panic!() };
        assert!(plot.curves[0].points[1].1.is_nan() && plot.curves[0].points.len() == 3);
        assert_eq!(section.lead, "3 of 9 optimizer steps, 0.5 s each.");
    }
}
