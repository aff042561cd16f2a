//! Curves, and their plot as text for a terminal; [`page`](crate::report::page) draws them as SVG.
//!
//! ```
//! use rlhf::report::plot::{Curve, Plot};
//! let plot = Plot {
//!     title: "Reward against distance".into(),
//!     x: "√KL".into(),
//!     y: "reward".into(),
//!     curves: vec![Curve { name: "gold".into(), points: vec![(0.0, 0.0), (1.0, 0.8), (2.0, 0.6)] }],
//! };
//! assert!(plot.terminal().lines().all(|line| line.chars().count() <= 80));
//! ```

mod axis;
mod terminal;

pub(super) use axis::Axis;

/// A named line through points.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    /// The name in the legend.
    pub name: String,
    /// The points (x, y), in rising x. Points that are not finite are left out.
    pub points: Vec<(f64, f64)>,
}

/// Curves over one pair of axes.
#[derive(Clone, Debug, PartialEq)]
pub struct Plot {
    /// The title.
    pub title: String,
    /// The name of the horizontal axis, with its unit.
    pub x: String,
    /// The name of the vertical axis, with its unit.
    pub y: String,
    /// The curves; the first four have marks of their own.
    pub curves: Vec<Curve>,
}

impl Plot {
    fn points(&self) -> impl Iterator<Item = (f64, f64)> + '_ {
        self.curves.iter().flat_map(Curve::finite)
    }

    fn axes(&self) -> (Axis, Axis) {
        (Axis::over(self.points().map(|p| p.0)), Axis::over(self.points().map(|p| p.1)))
    }
}

impl Curve {
    fn finite(&self) -> impl Iterator<Item = (f64, f64)> + '_ {
        self.points.iter().copied().filter(|(x, y)| x.is_finite() && y.is_finite())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made_up() -> Plot {
        let curve = |name: &str, top: f64, fall: f64| Curve {
            name: name.into(),
            points: (0..=9).map(|i| f64::from(i) / 3.0).map(|x| (x, top * x - fall * x * x)).collect(),
        };
        Plot {
            title: "Gold rises, then falls, while the proxy goes on rising".into(),
            x: "√KL from the SFT model (√nats)".into(),
            y: "gain over SFT (standard deviations)".into(),
            curves: vec![
                curve("PPO, gold", 1.4, 0.35),
                curve("PPO, proxy", 1.5, 0.2),
                curve("best-of-n, gold", 1.1, 0.2),
                curve("best-of-n, proxy", 1.2, 0.1),
            ],
        }
    }

    #[test]
    fn a_terminal_plot_fits_and_names_everything() {
        let text = made_up().terminal();
        println!("{text}");
        assert!(text.lines().all(|line| line.chars().count() <= 80));
        for part in ["√KL", "gain over SFT", "● PPO, gold", "○ PPO, proxy", "■ best-of-n, gold", "□ best"]
        {
            assert!(text.contains(part), "{part}");
        }
        assert_eq!(text, made_up().terminal());
    }

    #[test]
    fn a_picture_has_every_curve_and_escapes_names() {
        let mut plot = made_up();
        plot.curves[0].name = "a < b & \"c\"".into();
        let svg = crate::report::page::picture(&plot);
        assert_eq!(svg.matches("class=\"line c").count(), 4);
        assert!(svg.contains("a &lt; b &amp; &quot;c&quot;"));
    }

    #[test]
    fn odd_points_do_no_harm() {
        for points in [
            vec![],
            vec![(1.0, 1.0)],
            vec![(0.0, 0.0), (f64::NAN, 1.0), (1.0, f64::INFINITY)],
            vec![(1e300, -1e300), (-1e300, 1e300)],
            vec![(f64::MAX, f64::MIN), (f64::MIN, f64::MAX)],
            vec![(0.0, 1e-300), (1e-300, 0.0)],
            vec![(1e17, 1.0), (1e17 + 16.0, 1.0)],
        ] {
            let curves = vec![Curve { name: "odd".into(), points }];
            let plot = Plot { title: String::new(), x: String::new(), y: String::new(), curves };
            assert!(plot.terminal().lines().all(|line| line.chars().count() <= 80), "{plot:?}");
            assert!(!crate::report::page::picture(&plot).contains("NaN"), "{plot:?}");
        }
    }
}
