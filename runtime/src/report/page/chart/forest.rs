//! Shares with their intervals, one below the other.

use super::frame::{WIDTH, picture, px};
use crate::report::number;
use crate::report::page::Table;
use crate::report::page::text::Text;
use crate::statistics::Interval;
use maud::{Markup, html};

/// A row: its name and its share; `None` where nothing was measured.
pub(super) type Row = (String, Option<Interval>);

/// The height of a row: a line for its name and one for its interval, so that long names have room.
const ROW: f64 = 44.0;
const LEFT: f64 = 14.0;
const RIGHT: f64 = WIDTH - 14.0;
const TOP: f64 = 6.0;

/// The rows on an axis from 0 to 1, with a line at chance, ½.
pub(super) fn svg(title: &str, rows: &[Row]) -> Markup {
    let bottom = TOP + ROW * rows.len() as f64;
    let across = |share: f64| LEFT + share.clamp(0.0, 1.0) * (RIGHT - LEFT);
    let description =
        table(title, rows).rows.into_iter().map(|row| row.join(" ")).collect::<Vec<_>>().join("; ");
    picture(
        bottom + 46.0,
        title,
        &description,
        &html! {
            @for tick in [0.0, 0.25, 0.5, 0.75, 1.0] {
                path .grid d=(format!("M{:.1} {TOP}V{bottom:.1}", across(tick))) {}
                text .middle x=(px(across(tick))) y=(px(bottom + 18.0)) { (number(100.0 * tick)) " %" }
            }
            path .level d=(format!("M{:.1} {TOP}V{bottom:.1}", across(0.5))) {}
            @for (i, (name, share)) in rows.iter().enumerate() {
                @let line = TOP + ROW * i as f64 + 16.0;
                @let middle = line + 14.0;
                text .name x=(px(LEFT)) y=(px(line)) { (Text(&clipped(name))) }
                @match share {
                    Some(s) => {
                        path .whisker .c0 d=(format!("M{:.1} {middle:.1}H{:.1}", across(s.low), across(s.high))) {}
                        circle .dot .c0 cx=(px(across(s.value))) cy=(px(middle)) r="5" {}
                        text .end x=(px(RIGHT)) y=(px(line)) { (interval_text(s)) }
                    }
                    None => { text .end x=(px(RIGHT)) y=(px(line)) { "none held out" } }
                }
            }
            text .unit .middle x=(px(across(0.5))) y=(px(bottom + 38.0)) { "agreement with held-out votes; chance is 50 %" }
        },
    )
}

/// A name that leaves room for its numbers; the table has it in full.
fn clipped(name: &str) -> String {
    if name.chars().count() <= 30 { name.into() } else { name.chars().take(29).chain(['…']).collect() }
}

fn interval_text(s: &Interval) -> String {
    format!("{:.1} % ({:.1} to {:.1}), n {}", 100.0 * s.value, 100.0 * s.low, 100.0 * s.high, s.n)
}

pub(super) fn table(title: &str, rows: &[Row]) -> Table {
    let header = ["", "share", "from", "to", "n"].map(String::from).to_vec();
    let row = |(name, share): &Row| match share {
        Some(s) => vec![name.clone(), number(s.value), number(s.low), number(s.high), s.n.to_string()],
        None => vec![name.clone(), "none held out".into()],
    };
    Table { caption: title.into(), header, rows: rows.iter().map(row).collect() }
}
