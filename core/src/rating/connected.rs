//! Groups of players that are connected by games.

use alloc::vec;
use alloc::vec::Vec;

/// The groups of players that reach each other along `edges`, players and groups in rising order.
pub(super) fn groups(players: usize, edges: &[(usize, usize)]) -> Vec<Vec<usize>> {
    let mut next = vec![Vec::new(); players];
    for &(from, to) in edges {
        next[from].push(to);
    }
    let reached: Vec<Vec<bool>> = (0..players).map(|from| reach(from, &next)).collect();
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for (player, from) in reached.iter().enumerate() {
        let mutual = |other: usize| from[other] && reached[other][player];
        match groups.iter_mut().find(|group| group.first().is_some_and(|&first| mutual(first))) {
            Some(group) => group.push(player),
            None => groups.push(vec![player]),
        }
    }
    groups
}

fn reach(from: usize, next: &[Vec<usize>]) -> Vec<bool> {
    let mut reached = vec![false; next.len()];
    let mut open = vec![from];
    while let Some(player) = open.pop() {
        if !reached[player] {
            reached[player] = true;
            open.extend(&next[player]);
        }
    }
    reached
}

#[cfg(test)]
mod tests;
