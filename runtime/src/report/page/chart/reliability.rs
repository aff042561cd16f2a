//! The reliability diagram: the reward model's certainty against how often people agree with it.

use super::frame::{Frame, px};
use super::scale::Scale;
use crate::report::number;
use crate::report::page::Table;
use crate::statistics::Calibration;
use maud::{Markup, html};

/// Bins with Wilson intervals; on the diagonal, "80 % sure" is right eight times in ten.
pub(super) fn svg(title: &str, calibration: &Calibration) -> Markup {
    let frame = Frame {
        x: Scale::even([0.5, 1.0].into_iter()),
        y: Scale::even([0.0, 1.0].into_iter()),
        names: ["how sure the reward model is: σ(|score difference|)", "how often people agree"],
        margin: 0.0,
    };
    let most = calibration.bins.iter().map(|bin| bin.agreed.n).max().unwrap_or(1) as f64;
    let at = |x: f64, y: f64| frame.point(x, y).unwrap_or_default();
    let (from, to) = (at(0.5, 0.5), at(1.0, 1.0));
    let description = format!("Expected calibration error {}.", number(calibration.error));
    frame.picture(title, &description, &html! {
        path .level d=(format!("M{:.1} {:.1}L{:.1} {:.1}", from.0, from.1, to.0, to.1)) {}
        @for bin in &calibration.bins {
            @let (x, low) = at(bin.sure, bin.agreed.low);
            @let (_, high) = at(bin.sure, bin.agreed.high);
            @let (_, y) = at(bin.sure, bin.agreed.value);
            path .whisker .c0 d=(format!("M{x:.1} {low:.1}V{high:.1}")) {}
            // The area is the bin's share of votes.
            circle .dot .c0 cx=(px(x)) cy=(px(y)) r=(px(2.5 + 5.0 * (bin.agreed.n as f64 / most).sqrt())) {}
            text .small .middle x=(px(x)) y=(px(frame.up(0.0) - 6.0)) { (bin.agreed.n) }
        }
    })
}

pub(super) fn table(title: &str, calibration: &Calibration) -> Table {
    let header = ["sure from", "to", "mean", "agreed", "from", "to", "n"].map(String::from).to_vec();
    let row = |b: &crate::statistics::Bin| {
        let numbers = [b.from, b.to, b.sure, b.agreed.value, b.agreed.low, b.agreed.high].map(number);
        numbers.into_iter().chain([b.agreed.n.to_string()]).collect()
    };
    Table { caption: title.into(), header, rows: calibration.bins.iter().map(row).collect() }
}
