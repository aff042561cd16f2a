//! The frame of every drawing: axes, grid and labels.

use super::scale::Scale;
use crate::report::page::text::Text;
use maud::{Markup, html};

/// The picture, in its own units: small, so that its letters can be read on a phone.
pub(super) const WIDTH: f64 = 480.0;
pub(super) const HEIGHT: f64 = 250.0;
/// The drawing within: left, right, top, bottom.
const INSIDE: [f64; 4] = [54.0, 464.0, 24.0, 206.0];

/// The axes and the place of a drawing.
pub(super) struct Frame<'a> {
    pub x: Scale,
    pub y: Scale,
    /// The names of the horizontal and the vertical axis, with units.
    pub names: [&'a str; 2],
    /// The space to the right of the drawing for labels.
    pub margin: f64,
}

impl Frame<'_> {
    /// The right end of the drawing.
    pub fn right(&self) -> f64 {
        INSIDE[1] - self.margin
    }

    /// Pixels along, of a place from 0 to 1.
    pub fn across(&self, place: f64) -> f64 {
        INSIDE[0] + place * (self.right() - INSIDE[0])
    }

    /// Pixels from the top, of a place from 0 to 1.
    pub fn up(&self, place: f64) -> f64 {
        INSIDE[3] - place * (INSIDE[3] - INSIDE[2])
    }

    /// Pixels of a point; `None` where it has no place.
    pub fn point(&self, x: f64, y: f64) -> Option<(f64, f64)> {
        Some((self.across(self.x.place(x)?), self.up(self.y.place(y)?)))
    }

    /// The picture: grid and labels under `drawing`. A screen reader reads `title` and `description`.
    pub fn picture(&self, title: &str, description: &str, drawing: &Markup) -> Markup {
        let [left, _, top, bottom] = INSIDE;
        let right = self.right();
        let level = |t: &(f64, String)| self.y.place(t.0).map(|p| (self.up(p), t.1.clone()));
        let along = |t: &(f64, String)| self.x.place(t.0).map(|p| (self.across(p), t.1.clone()));
        picture(
            HEIGHT,
            title,
            description,
            &html! {
                @for (h, label) in self.y.ticks.iter().filter_map(level) {
                    path .grid d=(format!("M{left:.1} {h:.1}H{right:.1}")) {}
                    text .end x=(px(left - 8.0)) y=(px(h + 4.5)) { (label) }
                }
                @for (w, label) in self.x.ticks.iter().filter_map(along) {
                    path .tick d=(format!("M{w:.1} {bottom:.1}v5")) {}
                    text .middle x=(px(w)) y=(px(bottom + 20.0)) { (label) }
                }
                path .axis d=(format!("M{left:.1} {bottom:.1}H{right:.1}")) {}
                text .unit x=(px(left - 46.0)) y=(px(top - 12.0)) { (Text(self.names[1])) }
                text .unit .end x=(px(INSIDE[1])) y=(px(bottom + 38.0)) { (Text(self.names[0])) }
                (drawing)
            },
        )
    }
}

/// A picture of some height, with a description for those who do not see it.
pub(super) fn picture(height: f64, title: &str, description: &str, drawing: &Markup) -> Markup {
    html! {
        svg .low[height < HEIGHT] viewBox=(format!("0 0 {WIDTH} {height}")) role="img" {
            title { (Text(title)) }
            desc { (Text(description)) }
            (drawing)
        }
    }
}

/// A number of pixels.
pub(super) fn px(x: f64) -> String {
    format!("{x:.1}")
}
