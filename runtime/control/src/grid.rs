//! A walk through a small maze.

use super::{Task, Transition};
use rlhf_core::random::Draws;

/// `#` is a wall, `G` the goal.
const MAP: [&str; 7] = [
    "#########", //
    "#...#...#",
    "#.#.#.#.#",
    "#.#...#.#",
    "#.#####.#",
    "#......G#",
    "#########",
];
const WIDTH: usize = 9;
const MOVES: [(&str, isize); 4] = [("up", -9), ("right", 1), ("down", 9), ("left", -1)];

/// A walk through a small maze: reward −1 a step until the goal, 50 steps at most. A walk against a wall
/// stays where it is.
#[derive(Clone, Debug)]
pub struct Grid {
    at: usize,
    /// Steps to the goal from each cell; walls have none.
    distance: Vec<Option<u32>>,
}

impl Default for Grid {
    fn default() -> Self {
        let cells: Vec<u8> = MAP.iter().flat_map(|row| row.bytes()).collect();
        let mut distance = vec![None; cells.len()];
        let mut reached: Vec<usize> = (0..cells.len()).filter(|&cell| cells[cell] == b'G').collect();
        let mut steps = 0;
        while !reached.is_empty() {
            reached.iter().for_each(|&cell| distance[cell] = Some(steps));
            steps += 1;
            let near = reached.iter().flat_map(|&cell| MOVES.map(|(_, by)| cell.wrapping_add_signed(by)));
            reached = near.filter(|&cell| cells[cell] != b'#' && distance[cell].is_none()).collect();
        }
        Self { at: WIDTH + 1, distance }
    }
}

impl Task for Grid {
    fn actions(&self) -> usize {
        MOVES.len()
    }

    fn states(&self) -> usize {
        self.distance.len()
    }

    fn longest(&self) -> usize {
        50
    }

    fn start(&mut self, draws: &mut Draws) {
        let free: Vec<usize> =
            (0..self.distance.len()).filter(|&cell| self.distance[cell].is_some_and(|d| d > 4)).collect();
        self.at = free[draws.below(free.len())];
    }

    fn state(&self) -> usize {
        self.at
    }

    fn act(&mut self, action: usize) -> Transition {
        let to = self.at.wrapping_add_signed(MOVES[action].1);
        if self.distance[to].is_some() {
            self.at = to;
        }
        Transition { reward: -1.0, ended: self.distance[self.at] == Some(0) }
    }

    /// Minus the steps left: the value of the best walk.
    fn merit(&self) -> f64 {
        -f64::from(self.distance[self.at].unwrap_or(0))
    }

    fn words(&self) -> String {
        let (row, column) = (self.at / WIDTH, self.at % WIDTH);
        let steps = self.distance[self.at].unwrap_or(0);
        format!("row {row}, column {column} of the maze, {steps} steps from the goal")
    }

    fn name(&self, action: usize) -> &'static str {
        MOVES[action].0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rlhf_core::random::{Key, Stream};

    #[test]
    fn following_merit_reaches_the_goal_in_as_many_steps_as_it_says() {
        for seed in 0..10 {
            let mut grid = Grid::default();
            grid.start(&mut Key::new(seed, Stream::Data, 0).draws(0));
            let (far, mut steps) = (-grid.merit(), 0);
            loop {
                let after = |action: usize| {
                    let mut next = grid.clone();
                    next.act(action);
                    next.merit()
                };
                let best = (0..4).max_by(|&a, &b| after(a).total_cmp(&after(b))).unwrap();
                steps += 1;
                if grid.act(best).ended {
                    break;
                }
            }
            assert_eq!(f64::from(steps), far);
        }
    }

    #[test]
    fn walls_hold() {
        let mut grid = Grid::default();
        let before = grid.state();
        assert_eq!(grid.act(0), Transition { reward: -1.0, ended: false });
        assert_eq!(grid.state(), before);
        grid.act(1);
        assert_eq!(grid.state(), before + 1);
        assert!(grid.words().contains("row 1, column 2"));
    }
}
