//! Files that import each other.

use super::resolve::Arrows;
use core::fmt::Write;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The circles among files: the strongly connected components of more than one (Tarjan, 1972).
pub fn circles(arrows: &Arrows<PathBuf>) -> Vec<BTreeSet<&Path>> {
    let mut search = Search::default();
    for (from, to) in arrows.keys() {
        search.arrows.entry(from).or_default().push(to);
    }
    for (from, _) in arrows.keys() {
        if !search.numbers.contains_key(from.as_path()) {
            search.visit(from);
        }
    }
    search.circles
}

#[derive(Default)]
struct Search<'a> {
    arrows: BTreeMap<&'a Path, Vec<&'a Path>>,
    /// The order in which files are first seen.
    numbers: BTreeMap<&'a Path, usize>,
    stack: Vec<&'a Path>,
    circles: Vec<BTreeSet<&'a Path>>,
}

impl<'a> Search<'a> {
    /// Returns the lowest number on the stack that can be reached.
    fn visit(&mut self, file: &'a Path) -> usize {
        let number = self.numbers.len();
        self.numbers.insert(file, number);
        self.stack.push(file);
        let mut lowest = number;
        for to in self.arrows.get(file).cloned().unwrap_or_default() {
            lowest = match self.numbers.get(to) {
                None => lowest.min(self.visit(to)),
                Some(number) if self.stack.contains(&to) => lowest.min(*number),
                Some(_) => lowest,
            };
        }
        if lowest == number {
            let start = self.stack.iter().rposition(|f| *f == file).expect("it was pushed above");
            let circle = self.stack.split_off(start);
            if circle.len() > 1 {
                self.circles.push(circle.into_iter().collect());
            }
        }
        lowest
    }
}

/// A circle's arrows, one a line, with the names that the first file takes from the second.
pub fn describe(circle: &BTreeSet<&Path>, arrows: &Arrows<PathBuf>) -> String {
    let mut text = format!("a circle of {} files:\n", circle.len());
    for ((from, to), names) in arrows {
        if circle.contains(from.as_path()) && circle.contains(to.as_path()) {
            let names = names.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
            writeln!(text, "  {} -> {}: {names}", from.display(), to.display()).expect("a string takes it");
        }
    }
    text
}
