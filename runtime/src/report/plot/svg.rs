//! A plot as SVG. A few lines here, sharing the axis with the terminal's plot, serve better than a
//! drawing library, which would bring its own.

use super::Plot;
use core::fmt::Write;

const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 480.0;
/// The drawing within: left, right, top, bottom.
const FRAME: [f64; 4] = [80.0, 736.0, 96.0, 420.0];
/// One per pair of curves; told apart by colour-blind eyes too (Okabe and Ito 2008).
const COLOURS: [&str; 2] = ["#0072b2", "#d55e00"];

impl Plot {
    /// The plot as an SVG picture of 760 × 480 on a white ground.
    pub fn svg(&self) -> String {
        let (x, y) = self.axes();
        let [left, right, top, bottom] = FRAME;
        let across = |v: f64| left + x.place(v) * (right - left);
        let up = |v: f64| bottom - y.place(v) * (bottom - top);

        let mut grid = String::new();
        for (value, label) in y.ticks() {
            let h = up(value);
            line(&mut grid, [left, h, right, h]);
            text(&mut grid, [left - 10.0, h + 5.0], "end", &label);
        }
        for (value, label) in x.ticks() {
            let w = across(value);
            line(&mut grid, [w, top, w, bottom]);
            text(&mut grid, [w, bottom + 20.0], "middle", &label);
        }

        let mut curves = String::new();
        for (i, curve) in self.curves.iter().enumerate() {
            let points: Vec<_> = curve.finite().map(|(a, b)| [across(a), up(b)]).collect();
            let key = [FRAME[0] + 240.0 * (i / 2) as f64, 54.0 + 22.0 * (i % 2) as f64];
            style(&mut curves, i, &points);
            style(&mut curves, i, &[key, [key[0] + 18.0, key[1]], [key[0] + 36.0, key[1]]]);
            text(&mut curves, [key[0] + 46.0, key[1] + 5.0], "start", &curve.name);
        }

        let middle = (left + right) / 2.0;
        let mut names = String::new();
        text(&mut names, [middle, HEIGHT - 16.0], "middle", &self.x);
        let side = [-(top + bottom) / 2.0, 24.0];
        names.push_str("<g transform=\"rotate(-90)\">");
        text(&mut names, side, "middle", &self.y);
        names.push_str("</g>\n");
        let title = escape(&self.title);
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" width=\"{WIDTH}\" \
             height=\"{HEIGHT}\" font-family=\"sans-serif\" font-size=\"14\" fill=\"#222\" role=\"img\">\n\
             <title>{title}</title>\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n\
             <text x=\"{left}\" y=\"28\" font-size=\"17\" font-weight=\"bold\">{title}</text>\n\
             {grid}{curves}{names}</svg>\n"
        )
    }
}

fn line(svg: &mut String, [x1, y1, x2, y2]: [f64; 4]) {
    let _ = writeln!(svg, "<path d=\"M{x1:.1} {y1:.1}L{x2:.1} {y2:.1}\" stroke=\"#ddd\"/>");
}

fn text(svg: &mut String, [x, y]: [f64; 2], anchor: &str, words: &str) {
    let words = escape(words);
    let _ = writeln!(svg, "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{words}</text>");
}

/// Curve `i` through `points`: solid with full marks, or dashed with hollow ones.
fn style(svg: &mut String, i: usize, points: &[[f64; 2]]) {
    let colour = COLOURS[i / 2 % COLOURS.len()];
    let (dashes, fill) = if i.is_multiple_of(2) { ("none", colour) } else { ("7 5", "#fff") };
    let path: Vec<_> = points.iter().map(|[x, y]| format!("{x:.1},{y:.1}")).collect();
    let _ = write!(
        svg,
        "<g stroke=\"{colour}\" stroke-width=\"2\"><polyline points=\"{}\" fill=\"none\" stroke-dasharray=\"{dashes}\"/>",
        path.join(" ")
    );
    for [x, y] in points {
        let _ = write!(svg, "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\" fill=\"{fill}\"/>");
    }
    svg.push_str("</g>\n");
}

fn escape(words: &str) -> String {
    words.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
