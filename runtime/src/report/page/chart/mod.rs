//! Pictures of numbers: inline SVG with classes for the page's style sheet, and the same numbers as a
//! table.

mod bars;
mod forest;
mod frame;
mod lines;
mod reliability;
mod scale;
mod thin;

use super::Table;
use super::style::STYLE;
use super::text::Text;
use crate::report::plot::Plot;
use crate::statistics::{Calibration, Histogram, Interval};
use maud::{Markup, PreEscaped, html};

/// A picture with a title.
#[derive(Clone, Debug, PartialEq)]
pub struct Chart {
    /// The title.
    pub title: String,
    /// The explanation for a reader; may be empty.
    pub note: String,
    /// The picture.
    pub drawing: Drawing,
}

/// A drawing.
#[derive(Clone, Debug, PartialEq)]
pub enum Drawing {
    /// Curves; a point that is not finite is a gap. Curves in rising x may be of any length: extremes stay.
    Lines(Plot),
    /// Curves on a logarithmic vertical scale; values that are not positive are gaps.
    LogLines(Plot),
    /// Shares with their intervals, by name; `None` where nothing was measured.
    Shares(Vec<(String, Option<Interval>)>),
    /// The calibration of a reward model.
    Calibration(Calibration),
    /// A histogram of margins.
    Margins(Histogram),
}

impl Chart {
    pub(super) fn svg(&self) -> Markup {
        match &self.drawing {
            Drawing::Lines(plot) => lines::svg(plot, false),
            Drawing::LogLines(plot) => lines::svg(plot, true),
            Drawing::Shares(rows) => forest::svg(&self.title, rows),
            Drawing::Calibration(calibration) => reliability::svg(&self.title, calibration),
            Drawing::Margins(histogram) => bars::svg(&self.title, histogram),
        }
    }

    pub(super) fn table(&self) -> Table {
        match &self.drawing {
            Drawing::Lines(plot) | Drawing::LogLines(plot) => lines::table(plot),
            Drawing::Shares(rows) => forest::table(&self.title, rows),
            Drawing::Calibration(calibration) => reliability::table(&self.title, calibration),
            Drawing::Margins(histogram) => bars::table(&self.title, histogram),
        }
    }
}

/// Draws curves as an SVG file, in the style of the page.
pub fn picture(plot: &Plot) -> String {
    let markup = html! {
        svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 500 284" width="750" height="426" font-family="sans-serif" {
            style { (PreEscaped(STYLE)) }
            rect width="500" height="284" fill="var(--ground)" {}
            text .name x="10" y="22" { (Text(&plot.title)) }
            svg x="10" y="36" width="480" height="250" { (lines::svg(plot, false)) }
        }
    };
    markup.into_string()
}
