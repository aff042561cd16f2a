//! A plot of characters, for a terminal that need not have colors.

use super::{Axis, Curve, Plot};

/// The drawing's columns and rows, and the columns of the labels to its left.
const WIDTH: usize = 66;
const HEIGHT: usize = 18;
const LABEL: usize = 8;
/// The marks of the curves.
const MARKS: [char; 4] = ['●', '○', '■', '□'];

impl Plot {
    /// The plot in at most 80 columns, with its legend.
    pub fn terminal(&self) -> String {
        let (x, y) = self.axes();
        let marked: Vec<_> = self.curves.iter().zip(MARKS.into_iter().cycle()).collect();
        let mut cells = [[' '; WIDTH]; HEIGHT];
        let place = |(a, b)| (at(x.place(a), WIDTH), HEIGHT - 1 - at(y.place(b), HEIGHT));
        // Lines lie below points, later curves below earlier ones.
        for curve in &self.curves {
            for (column, row) in line(curve, place) {
                cells[row][column] = '·';
            }
        }
        for (curve, mark) in marked.iter().rev() {
            for (column, row) in curve.finite().map(place) {
                cells[row][column] = *mark;
            }
        }

        let mut labels = vec![String::new(); HEIGHT];
        for (value, label) in y.ticks() {
            labels[HEIGHT - 1 - at(y.place(value), HEIGHT)] = label;
        }
        let mut lines = vec![self.title.clone()];
        for pair in marked.chunks(2) {
            let names =
                pair.iter().map(|(curve, mark)| format!("  {:<30}", format!("{mark} {}", curve.name)));
            lines.push(names.collect());
        }
        lines.extend([String::new(), format!("{:LABEL$} ↑ {}", "", self.y)]);
        for (row, label) in cells.iter().zip(&labels) {
            let axis = if label.is_empty() { '│' } else { '┤' };
            lines.push(format!("{label:>LABEL$} {axis}{}", row.iter().collect::<String>()));
        }
        lines.extend(foot(&x));
        lines.push(format!("{:>1$}", format!("{} →", self.x), LABEL + 2 + WIDTH));
        lines
            .iter()
            .map(|line| line.chars().take(80).collect::<String>().trim_end().to_owned() + "\n")
            .collect()
    }
}

/// The cell of a place between 0 and 1.
fn at(place: f64, cells: usize) -> usize {
    (place * (cells - 1) as f64).round() as usize
}

/// The cells between a curve's points.
fn line(curve: &Curve, place: impl Fn((f64, f64)) -> (usize, usize)) -> Vec<(usize, usize)> {
    let ends: Vec<_> = curve.finite().map(place).collect();
    let mut cells = Vec::new();
    for pair in ends.windows(2) {
        let ((c0, r0), (c1, r1)) = (pair[0], pair[1]);
        let steps = c0.abs_diff(c1).max(r0.abs_diff(r1)).max(1);
        let between = |a: usize, b: usize, i: usize| {
            (a as f64 + (b as f64 - a as f64) * i as f64 / steps as f64).round() as usize
        };
        cells.extend((0..steps).map(|i| (between(c0, c1, i), between(r0, r1, i))));
    }
    cells
}

/// The x axis and its labels.
fn foot(x: &Axis) -> [String; 2] {
    let mut axis = ['─'; WIDTH];
    let mut labels = vec![' '; LABEL + 2 + WIDTH + 4];
    for (value, label) in x.ticks() {
        let column = at(x.place(value), WIDTH);
        axis[column] = '┬';
        let start = LABEL + 2 + column - label.chars().count() / 2;
        for (cell, letter) in labels[start..].iter_mut().zip(label.chars()) {
            *cell = letter;
        }
    }
    let corner = format!("{:LABEL$} └", "");
    [corner + &axis.iter().collect::<String>(), labels.into_iter().collect()]
}
