//! Curves over a run.

use super::frame::{Frame, px};
use super::scale::Scale;
use super::thin::{Strokes, thin};
use crate::report::number;
use crate::report::page::Table;
use crate::report::page::text::Text;
use crate::report::plot::{Curve, Plot};
use maud::{Markup, html};

/// Columns of pixels that a curve is drawn in.
const COLUMNS: usize = 400;
/// The most points that are marked one by one.
const MARKED: usize = 60;
/// The most points of a curve that turns back whose path can be followed.
const PATH: usize = 20;
/// Rows of the table that stands in for the picture.
const ROWS: usize = 12;
/// The least distance between two labels.
const LINE: f64 = 15.0;

/// The plot as a picture: a point that is not finite is a gap, long curves keep their extremes.
pub(super) fn svg(plot: &Plot, log: bool) -> Markup {
    let all = || plot.curves.iter().flat_map(|curve| curve.points.iter());
    let seen = || all().filter(|p| p.0.is_finite() && p.1.is_finite());
    let y = if log { Scale::log(seen().map(|p| p.1)) } else { Scale::even(seen().map(|p| p.1)) };
    let margin = if plot.curves.len() > 1 { longest(plot) } else { 0.0 };
    let frame = Frame { x: Scale::even(seen().map(|p| p.0)), y, names: [&plot.x, &plot.y], margin };
    let strokes: Vec<Strokes> = plot.curves.iter().map(|curve| strokes(&frame, curve)).collect();
    let labels = labels(&frame, &strokes);
    frame.picture(&plot.title, &describe(plot), &html! {
        @for (i, (curve, strokes)) in plot.curves.iter().zip(&strokes).enumerate() {
            path .{"line c" (i % 4) @if crowded(curve) { " back" }} d=(path(&frame, strokes)) {}
            @if curve.points.len() <= MARKED || !rising(curve) {
                @for (x, y) in strokes.iter().flatten() {
                    circle .{"dot c" (i % 4)} cx=(px(frame.across(*x))) cy=(px(frame.up(*y))) r="2.6" {}
                }
            }
            @if plot.curves.len() > 1 {
                text .{"label c" (i % 4)} x=(px(frame.right() + 8.0)) y=(px(labels[i])) { (Text(&curve.name)) }
            }
        }
    })
}

/// Returns the width of the longest name.
fn longest(plot: &Plot) -> f64 {
    let letters = plot.curves.iter().map(|c| c.name.chars().count()).max().unwrap_or(0);
    (letters as f64 * 7.0 + 12.0).clamp(30.0, 170.0)
}

/// Returns whether a curve never turns back.
fn rising(curve: &Curve) -> bool {
    curve.points.windows(2).all(|w| !matches!(w, [a, b] if a.0 > b.0))
}

/// Returns whether a curve's own path would hide its points.
fn crowded(curve: &Curve) -> bool {
    !rising(curve) && curve.points.len() > PATH
}

/// Returns the path of a curve. Points that rise along a run are thinned; a curve that turns back keeps all, in its
/// order.
fn strokes(frame: &Frame<'_>, curve: &Curve) -> Strokes {
    let place = |&(x, y): &(f64, f64)| Some((frame.x.place(x)?, frame.y.place(y)?));
    if rising(curve) {
        return thin(curve.points.iter().map(place), COLUMNS);
    }
    let every = curve.points.len().div_ceil(COLUMNS).max(1);
    vec![curve.points.iter().step_by(every).filter_map(place).collect()]
}

fn path(frame: &Frame<'_>, strokes: &Strokes) -> String {
    let mut path = String::new();
    for stroke in strokes {
        for (i, (x, y)) in stroke.iter().enumerate() {
            let go = if i == 0 { 'M' } else { 'L' };
            path += &format!("{go}{:.1} {:.1}", frame.across(*x), frame.up(*y));
        }
        if stroke.len() == 1 {
            // A line of no length with round ends is a dot.
            path += "h0";
        }
    }
    path
}

/// Heights of the curves' names: where the curves end, moved apart where they would overlap.
fn labels(frame: &Frame<'_>, strokes: &[Strokes]) -> Vec<f64> {
    let end = |strokes: &Strokes| strokes.last().and_then(|s| s.last()).map_or(0.5, |p| p.1);
    let mut order: Vec<(usize, f64)> =
        strokes.iter().enumerate().map(|(i, s)| (i, frame.up(end(s)) + 4.5)).collect();
    order.sort_by(|a, b| a.1.total_cmp(&b.1));
    let mut least = frame.up(1.0);
    for (_, at) in &mut order {
        *at = at.max(least);
        least = *at + LINE;
    }
    // Those pushed below the drawing push the others up again.
    let mut most = frame.up(0.0) + 4.5;
    for (_, at) in order.iter_mut().rev() {
        *at = at.min(most);
        most = *at - LINE;
    }
    order.sort_by_key(|(i, _)| *i);
    order.into_iter().map(|(_, at)| at).collect()
}

/// Describes the picture in words.
fn describe(plot: &Plot) -> String {
    let of = |curve: &Curve| {
        let finite = || curve.points.iter().filter(|p| p.0.is_finite() && p.1.is_finite());
        let (Some(first), Some(last)) = (finite().next(), finite().next_back()) else {
            return format!("{}: nothing was measured.", curve.name);
        };
        let low = finite().map(|p| p.1).fold(f64::INFINITY, f64::min);
        let high = finite().map(|p| p.1).fold(f64::NEG_INFINITY, f64::max);
        format!(
            "{}: from {} to {}, between {} and {}.",
            curve.name,
            number(first.1),
            number(last.1),
            number(low),
            number(high)
        )
    };
    plot.curves.iter().map(of).collect::<Vec<_>>().join(" ")
}

/// The numbers of the first curve's points, and the others' at the same ones, evenly chosen.
pub(super) fn table(plot: &Plot) -> Table {
    let most = plot.curves.iter().map(|c| c.points.len()).max().unwrap_or(0);
    let rows = ROWS.min(most);
    let chosen = (0..rows).map(|i| if rows > 1 { i * (most - 1) / (rows - 1) } else { 0 });
    let together = plot.curves.windows(2).all(|w| match w {
        [a, b] => a.points.iter().map(|p| p.0).eq(b.points.iter().map(|p| p.0)),
        _ => true,
    });
    let mut header = vec![];
    for curve in &plot.curves {
        if header.is_empty() || !together {
            header.push(plot.x.clone());
        }
        header.push(curve.name.clone());
    }
    let row = |i: usize| {
        let mut cells = vec![];
        for curve in &plot.curves {
            let (x, y) = curve.points.get(i).copied().unwrap_or((f64::NAN, f64::NAN));
            if cells.is_empty() || !together {
                cells.push(number(x));
            }
            cells.push(number(y));
        }
        cells
    };
    Table { caption: plot.title.clone(), header, rows: chosen.map(row).collect() }
}
