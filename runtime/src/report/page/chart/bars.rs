//! A histogram of margins.

use super::frame::Frame;
use super::scale::Scale;
use crate::report::number;
use crate::report::page::Table;
use crate::statistics::Histogram;
use maud::{Markup, html};

/// Draws bars; those below 0 in a color of their own.
pub(super) fn svg(title: &str, histogram: &Histogram) -> Markup {
    let edges = [histogram.edge(0), histogram.edge(histogram.counts.len())];
    let most = histogram.counts.iter().max().copied().unwrap_or(0) as f64;
    let frame = Frame {
        x: Scale::even(edges.into_iter()),
        y: Scale::even([0.0, most.max(1.0)].into_iter()),
        names: ["score of the answer that people prefer, less the other's", "votes"],
        margin: 0.0,
    };
    let wrong: usize = (0..histogram.counts.len())
        .filter(|i| histogram.edge(*i) < 0.0)
        .filter_map(|i| histogram.counts.get(i))
        .sum();
    let description = format!("{wrong} of {} lie below 0.", histogram.counts.iter().sum::<usize>());
    let bar = |i: usize, count: usize| {
        let (x1, y) = frame.point(histogram.edge(i), count as f64)?;
        let (x2, zero) = frame.point(histogram.edge(i + 1), 0.0)?;
        Some(format!("M{:.1} {zero:.1}V{y:.1}H{:.1}V{zero:.1}Z", x1 + 0.75, x2 - 0.75))
    };
    frame.picture(
        title,
        &description,
        &html! {
            @for (i, count) in histogram.counts.iter().enumerate().filter(|c| *c.1 > 0) {
                @let class = if histogram.edge(i) < 0.0 { "bar c1" } else { "bar c0" };
                path class=(class) d=(bar(i, *count).unwrap_or_default()) {}
            }
        },
    )
}

pub(super) fn table(title: &str, histogram: &Histogram) -> Table {
    let header = ["from", "to", "votes"].map(String::from).to_vec();
    let row = |(i, count): (usize, &usize)| {
        vec![number(histogram.edge(i)), number(histogram.edge(i + 1)), count.to_string()]
    };
    Table { caption: title.into(), header, rows: histogram.counts.iter().enumerate().map(row).collect() }
}
