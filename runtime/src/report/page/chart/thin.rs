//! Thinning of curves of long runs.

/// A curve as strokes between its gaps.
pub(super) type Strokes = Vec<Vec<(f64, f64)>>;

/// The points of a curve in a column of pixels.
struct Column {
    at: usize,
    /// The first, lowest, highest and last point, in their order.
    kept: Vec<(f64, f64)>,
    /// True if there is a gap before it.
    apart: bool,
}

impl Column {
    fn add(&mut self, point: (f64, f64)) {
        self.kept.push(point);
        if self.kept.len() > 4 {
            // Of the three between first and last, one is neither the lowest nor the highest of all.
            let by = |a: &usize, b: &usize| self.kept[*a].1.total_cmp(&self.kept[*b].1);
            let (low, high) = ((0..5).min_by(by).unwrap_or(0), (0..5).max_by(by).unwrap_or(0));
            let idle = (1..4).find(|i| *i != low && *i != high).unwrap_or(1);
            self.kept.remove(idle);
        }
    }
}

/// The strokes of a curve over `columns` columns of pixels, at most four points in each: extremes stay,
/// and so do gaps, unless they lie within a column. `points` are places from 0 to 1 along and up;
/// `None` is a gap. In one pass over points in rising order along.
pub(super) fn thin(points: impl Iterator<Item = Option<(f64, f64)>>, columns: usize) -> Strokes {
    let mut strokes = Strokes::new();
    let mut column = Column { at: usize::MAX, kept: Vec::new(), apart: true };
    let mut gap = true;
    for point in points {
        let Some((x, y)) = point else {
            gap = true;
            continue;
        };
        let at = (x * columns as f64) as usize;
        if at != column.at {
            let new = Column { at, kept: Vec::with_capacity(5), apart: gap };
            finish(core::mem::replace(&mut column, new), &mut strokes);
        }
        column.add((x, y));
        gap = false;
    }
    finish(column, &mut strokes);
    strokes
}

fn finish(column: Column, strokes: &mut Strokes) {
    match strokes.last_mut() {
        Some(stroke) if !column.apart => stroke.extend(column.kept),
        _ if column.kept.is_empty() => {}
        _ => strokes.push(column.kept),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn thinned(ys: &[Option<f64>], columns: usize) -> Strokes {
        let n = ys.len() as f64;
        thin(ys.iter().enumerate().map(|(i, y)| y.map(|y| (i as f64 / n, y))), columns)
    }

    #[test]
    fn gaps_stay_and_few_points_are_all_kept() {
        let strokes = thinned(&[None, Some(1.0), Some(2.0), None, None, Some(3.0), None], 100);
        let ys: Vec<Vec<f64>> = strokes.iter().map(|s| s.iter().map(|p| p.1).collect()).collect();
        assert_eq!(ys, [vec![1.0, 2.0], vec![3.0]]);
        assert!(thinned(&[None, None], 10).is_empty() && thinned(&[], 10).is_empty());
    }

    proptest! {
        #[test]
        fn extremes_stay_and_the_number_of_points_is_bounded(
            ys in prop::collection::vec(prop::option::weighted(0.9, -1e3..1e3), 1..2000),
            columns in 1usize..50,
        ) {
            let kept: Vec<(f64, f64)> = thinned(&ys, columns).concat();
            prop_assert!(kept.len() <= 4 * (columns + 1));
            prop_assert!(kept.windows(2).all(|w| w[0].0 < w[1].0), "in order, each once");
            let n = ys.len() as f64;
            for column in 0..columns {
                let of = |x: f64| (x * columns as f64) as usize == column;
                let all: Vec<f64> = ys.iter().enumerate().filter(|(i, _)| of(*i as f64 / n)).filter_map(|(_, y)| *y).collect();
                let left: Vec<f64> = kept.iter().filter(|p| of(p.0)).map(|p| p.1).collect();
                let ends = [all.first().copied(), all.last().copied()];
                let extremes = [f64::min, f64::max].map(|of| all.iter().copied().reduce(of));
                for y in [ends, extremes].concat() {
                    prop_assert!(y.is_none_or(|y| left.contains(&y)), "{column}: {y:?} of {left:?}");
                }
            }
        }
    }
}
