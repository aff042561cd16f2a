//! The lines of `metrics.jsonl` as charts.

use super::method::{method_name, method_step};
use super::page::{Chart, Drawing, Section};
use super::plot::{Curve, Plot};
use super::verdict::sentence;
use crate::record::{FIGURES, Line, Phase};
use std::collections::BTreeSet;

/// A chart of one or more figures over a phase.
struct Wanted {
    title: &'static str,
    /// The figures, each with its name in the chart.
    figures: &'static [(&'static str, &'static str)],
    kind: Kind,
}

/// The place of a chart in its section.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Seen at once.
    Main,
    /// Folded away among the diagnostics.
    Detail,
    /// Folded away, on a logarithmic scale.
    LogDetail,
}

const fn main(title: &'static str, figures: &'static [(&'static str, &'static str)]) -> Wanted {
    Wanted { title, figures, kind: Kind::Main }
}

const fn detail(title: &'static str, figures: &'static [(&'static str, &'static str)]) -> Wanted {
    Wanted { title, figures, kind: Kind::Detail }
}

/// The charts in the order of a page. Figures that are not here get a chart of their own after these.
const CHARTS: &[Wanted] = &[
    main("Loss", &[("loss", "loss")]),
    main("Accuracy on the batch", &[("accuracy", "accuracy")]),
    main("Reward", &[("reward", "reward")]),
    main("KL from the supervised model", &[("kl", "k1"), ("kl_k3", "k3"), ("kl_exact", "exact")]),
    main("Length", &[("length", "mean"), ("length_max", "longest")]),
    main("Ended by themselves", &[("ended", "ended"), ("truncated", "cut off")]),
    main("Margin between chosen and rejected", &[("margin", "margin")]),
    main("Wins against the opponent", &[("win_rate", "win rate")]),
    main("Distance from the teacher", &[("divergence", "divergence")]),
    main("Gold on the test prompts", &[("test_gold", "gold")]),
    main("Reward on the test prompts", &[("test_reward", "reward")]),
    detail("KL on the test prompts", &[("test_kl", "KL")]),
    detail("Entropy", &[("entropy", "of responses"), ("policy_entropy", "of minibatches")]),
    detail(
        "Log-ratio of stored responses",
        &[("chosen_log_ratio", "chosen"), ("rejected_log_ratio", "rejected")],
    ),
    detail(
        "Clip fraction",
        &[("clip_fraction", "policy"), ("dual_clip_fraction", "dual"), ("value_clip_fraction", "value")],
    ),
    Wanted {
        title: "Ratio extremes",
        figures: &[("ratio_max", "greatest"), ("ratio_min", "smallest")],
        kind: Kind::LogDetail,
    },
    detail("Mean ratio of new to old probability", &[("ratio", "ratio")]),
    detail("KL of an update", &[("policy_kl", "KL")]),
    detail("KL of an update by k2", &[("approx_kl", "k2")]),
    detail("Value loss", &[("value_loss", "loss")]),
    detail("Mean value", &[("value", "value")]),
    detail(
        "What rewards are made of, beside scores",
        &[
            ("reward_kl", "KL penalty"),
            ("reward_clip", "clipping"),
            ("reward_missing_end", "missing ends"),
            ("reward_overlong", "overlong"),
        ],
    ),
    detail("Reward after all penalties", &[("reward_total", "total")]),
    detail("KL per token", &[("token_kl", "k1"), ("token_kl_k3", "k3"), ("token_kl_exact", "exact")]),
    detail(
        "Standard errors of the KL",
        &[("kl_error", "k1"), ("kl_k3_error", "k3"), ("kl_exact_error", "exact")],
    ),
    detail(
        "Standard errors of the KL per token",
        &[("token_kl_error", "k1"), ("token_kl_k3_error", "k3"), ("token_kl_exact_error", "exact")],
    ),
    detail("KL by k2", &[("kl_k2", "k2"), ("kl_k2_error", "its standard error")]),
    detail("KL per token by k2", &[("token_kl_k2", "k2"), ("token_kl_k2_error", "its standard error")]),
    detail(
        "Disagreement of the ensemble",
        &[("disagreement", "mean"), ("disagreement_max", "greatest"), ("disagreement_range", "range")],
    ),
    detail("Explained variance", &[("explained_variance", "explained")]),
    detail("Distinct answers", &[("distinct", "distinct")]),
    detail("Error of the values of tokens", &[("action_error", "error")]),
    detail("Mean importance weight", &[("weight", "mean")]),
    detail("Greatest importance weight", &[("weight_max", "greatest")]),
    detail("Effective share of the log", &[("effective", "logged"), ("effective_share", "effective")]),
    detail("Effective number of samples", &[("effective_samples", "samples")]),
    detail("Responses kept to be imitated", &[("kept", "kept")]),
    detail("Reward of those kept", &[("kept_reward", "reward")]),
    detail("Gain of a step within the trust region", &[("gain", "gain")]),
    detail("Steps that were shortened", &[("backtracks", "backtracks")]),
    detail("Pretraining loss", &[("pretraining_loss", "loss")]),
    detail("KL coefficient", &[("beta", "β")]),
    detail("Learning rate", &[("learning_rate", "rate")]),
    detail("Gradient norm", &[("gradient", "norm")]),
];

/// A section for each phase in `lines`, in the order of a run. `method`: the method of step 3, by its key.
pub fn curves(lines: &[Line], method: &str) -> Vec<Section> {
    PHASES.iter().filter_map(|phase| section(*phase, &of(lines, *phase), method)).collect()
}

/// The charts that matter most of two runs, both in each. `names` are those of the runs.
pub fn compared(runs: [&[Line]; 2], names: [&str; 2], methods: [&str; 2]) -> Vec<Section> {
    let section = |phase: &Phase| {
        let lines = runs.map(|lines| of(lines, *phase));
        let step = step(*phase, methods[0]);
        let chart = |wanted: &Wanted| {
            let (figure, _) = wanted.figures.first().filter(|_| wanted.kind == Kind::Main)?;
            let both = lines.iter().zip(names).filter(|(lines, _)| measured(lines, figure));
            let curves: Vec<_> = both.map(|(lines, name)| over_time(lines, figure, name)).collect();
            let title = match &curves[..] {
                [] => return None,
                [one] => format!("{}, of {} alone", wanted.title, one.name),
                _ => wanted.title.into(),
            };
            Some(over(&title, figure, step, curves, false))
        };
        let charts: Vec<_> = CHARTS.iter().filter_map(chart).collect();
        let title = if methods[0] == methods[1] { title(*phase, methods[0]) } else { title_of_any(*phase) };
        (!charts.is_empty()).then(|| Section { title, charts, ..Section::default() })
    };
    PHASES.iter().filter_map(section).collect()
}

/// The phases with steps to draw.
const PHASES: [Phase; 4] = [Phase::Pretrain, Phase::Supervised, Phase::Reward, Phase::Ppo];

fn of(lines: &[Line], phase: Phase) -> Vec<&Line> {
    lines.iter().filter(|line| line.phase == phase).collect()
}

fn measured(lines: &[&Line], figure: &str) -> bool {
    lines.iter().any(|line| line.figures.contains_key(figure))
}

fn title(phase: Phase, method: &str) -> String {
    match phase {
        Phase::Ppo => format!("Step 3: {}", method_name(method)),
        other => title_of_any(other),
    }
}

fn title_of_any(phase: Phase) -> String {
    match phase {
        Phase::Pretrain => "Pretraining the base",
        Phase::Supervised => "Step 1: supervised fine-tuning",
        Phase::Reward => "Step 2: the reward model",
        Phase::Ppo => "Step 3",
        Phase::Evaluate => "Measuring",
    }
    .into()
}

fn step(phase: Phase, method: &str) -> &'static str {
    if phase == Phase::Ppo { method_step(method) } else { "optimizer step" }
}

fn section(phase: Phase, lines: &[&Line], method: &str) -> Option<Section> {
    let last = lines.last()?;
    let step = step(phase, method);
    let mut left: BTreeSet<&str> =
        lines.iter().flat_map(|line| line.figures.keys().map(String::as_str)).collect();
    let (mut charts, mut details) = (Vec::new(), Vec::new());
    for Wanted { title, figures, kind } in CHARTS {
        let there: Vec<_> = figures.iter().filter(|(figure, _)| left.remove(figure)).copied().collect();
        if let Some((first, _)) = there.first() {
            let curves = there.iter().map(|(figure, name)| over_time(lines, figure, name)).collect();
            let drawn = over(title, first, step, curves, *kind == Kind::LogDetail);
            if *kind == Kind::Main {
                charts.push(drawn)
            } else {
                details.push(drawn)
            }
            if *first == "kl" {
                details.extend(against_distance(lines));
            }
        }
    }
    for figure in left {
        details.push(over(figure, figure, step, vec![over_time(lines, figure, figure)], false));
    }
    let seconds: f64 = lines.iter().map(|line| line.seconds).filter(|s| s.is_finite()).sum();
    let each = super::number(seconds / lines.len().max(1) as f64);
    let lead = format!("{} of {} {step}s, {each} s each.", last.step, last.total);
    Some(Section { title: title(phase, method), lead, charts, details, tables: vec![] })
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
        let charts = |s: Section| s.charts.into_iter().chain(s.details);
        curves(lines, "ppo").into_iter().flat_map(charts).map(|c| c.title).collect()
    }

    #[test]
    fn every_figure_that_was_measured_is_drawn_under_a_title_of_words() {
        for figure in FIGURES {
            let lines = [line(Phase::Ppo, 1, &[(figure.name, 0.5)])];
            let titles = titles(&lines);
            assert!(!titles.is_empty() && titles[0] != figure.name, "{}", figure.name);
        }
        let lines = [line(Phase::Ppo, 1, &[("of_tomorrow", 1.0), ("reward", 1.0), ("kl", 2.0)])];
        assert_eq!(
            titles(&lines),
            ["Reward", "KL from the supervised model", "Reward against distance", "of_tomorrow"]
        );
        assert!(curves(&[], "ppo").is_empty());
    }

    #[test]
    fn a_section_has_its_methods_name_and_few_charts_that_are_seen_at_once() {
        let all: Vec<_> = FIGURES.iter().map(|figure| (figure.name, 0.5)).collect();
        let lines = [line(Phase::Ppo, 1, &all), line(Phase::Evaluate, 1, &all)];
        let [section] = &curves(&lines, "dpo")[..] else { panic!() };
        assert_eq!(
            (section.title.as_str(), section.lead.as_str()),
            ("Step 3: DPO", "1 of 9 optimizer steps, 0.5 s each.")
        );
        assert!(section.details.len() > 2 * section.charts.len());
    }

    #[test]
    fn what_was_not_measured_is_a_gap() {
        let lines = [1, 2, 3].map(|i| line(Phase::Reward, i, if i == 2 { &[] } else { &[("loss", 1.0)] }));
        let [section] = &curves(&lines, "ppo")[..] else { panic!() };
        let Drawing::Lines(plot) = &section.charts[0].drawing else { panic!() };
        assert!(plot.curves[0].points[1].1.is_nan() && plot.curves[0].points.len() == 3);
        assert_eq!(section.lead, "3 of 9 optimizer steps, 0.5 s each.");
    }

    #[test]
    fn two_runs_share_their_charts() {
        let run = |steps: u64, more: &[(&str, f64)]| -> Vec<Line> {
            (1..=steps).map(|i| line(Phase::Ppo, i, &[&[("reward", i as f64)], more].concat())).collect()
        };
        let (a, b) = (run(3, &[]), run(5, &[("ended", 0.5), ("gradient", 1.0)]));
        let [section] = &compared([&a, &b], ["a", "b"], ["ppo", "grpo"])[..] else { panic!() };
        let titles: Vec<_> = section.charts.iter().map(|chart| chart.title.as_str()).collect();
        assert_eq!(
            (section.title.as_str(), titles),
            ("Step 3", vec!["Reward", "Ended by themselves, of b alone"])
        );
        let Drawing::Lines(plot) = &section.charts[0].drawing else { panic!() };
        assert_eq!(
            plot.curves.iter().map(|c| (c.name.as_str(), c.points.len())).collect::<Vec<_>>(),
            [("a", 3), ("b", 5)]
        );
    }
}
