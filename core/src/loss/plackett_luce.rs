//! Rankings as successive choices.

use crate::error::{check, rising};
use crate::loss::Comparisons;
use crate::ranges::{finite, positive, within};
use crate::{Error, Real};

/// The meaning of answers of the same rank.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "alloc", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum RankTies {
    /// An error.
    #[default]
    Refuse,
    /// Each of them was chosen while all of them could be (Breslow, "Covariance analysis of censored
    /// survival data", 1974).
    Breslow,
    /// The j-th chosen of d, from 0, finds a share 1 − j/d of them left, which averages over their orders
    /// (Efron, "The efficiency of Cox's likelihood function for censored data", 1977).
    Efron,
}

/// Settings: the choices of a ranking that count, and the meaning of ties.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "alloc", derive(serde::Serialize, serde::Deserialize))]
pub struct Stages {
    /// Only the first so many places count; a tie that begins among them counts whole. 1 is softmax
    /// cross-entropy on the best answer (Ziegler et al., arXiv:1909.08593, eq. 1).
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    pub top: Option<u32>,
    /// The treatment of ties among the places that count.
    pub ties: RankTies,
}

impl Stages {
    /// Checks every range.
    ///
    /// # Errors
    /// [`Error::Range`] for a `top` of 0.
    pub fn validate(&self) -> Result<(), Error> {
        within("top", self.top.map_or(1.0, f64::from), 1.0, f64::MAX)
    }

    fn counts(&self, place: usize) -> bool {
        self.top.is_none_or(|top| place < top as usize)
    }
}

/// `L = −Σ_prompts Σ_k [s[k] − ln Σ_{j not better than k} e^{s[j]}] / n`, k over the places that count:
/// each answer is chosen among those that are left (Luce, "Individual choice behavior", 1959; Plackett,
/// "The analysis of permutations", 1975).
///
/// `scores`, `ranks`, `grad`: `[answers]`, the prompts' groups end to end; a smaller rank is better.
/// `ends`: one past each group's last answer, `[prompts]`. `n` (`denominator`) counts the prompts of the
/// whole optimizer batch. `grad` is overwritten.
///
/// # Errors
/// [`Error::Shape`], [`Error::Ends`]; [`Error::Tied`] with the answer that ties with an earlier one,
/// where ties are refused; [`Error::TooFew`] for a group of one answer; [`Error::Range`] for a
/// denominator that is not positive or a `top` of 0; [`Error::NotFinite`] for a score.
pub fn plackett_luce<R: Real>(
    scores: &[R],
    ranks: &[u32],
    ends: &[usize],
    stages: Stages,
    denominator: f64,
    grad: &mut [R],
) -> Result<Comparisons, Error> {
    check("ranks", ranks.len(), scores.len())?;
    check("grad", grad.len(), scores.len())?;
    rising(ends, scores.len())?;
    positive("denominator", denominator)?;
    finite("scores", scores)?;
    stages.validate()?;
    let groups = || ends.iter().scan(0, |start, &end| Some(core::mem::replace(start, end)..end));
    for group in groups() {
        if group.len() < 2 {
            return Err(Error::TooFew { name: "ranks", need: 2, got: group.len() });
        }
        if stages.ties == RankTies::Refuse {
            refuse(&ranks[group.clone()], stages, group.start)?;
        }
    }
    let mut all = Comparisons::default();
    for group in groups() {
        all.merge(&one(&scores[group.clone()], &ranks[group.clone()], stages, denominator, &mut grad[group]));
    }
    Ok(all)
}

fn refuse(ranks: &[u32], stages: Stages, first: usize) -> Result<(), Error> {
    let place = |rank: u32| ranks.iter().filter(|&&other| other < rank).count();
    let tied = |i: usize| ranks[..i].contains(&ranks[i]) && stages.counts(place(ranks[i]));
    match (0..ranks.len()).find(|&i| tied(i)) {
        Some(i) => Err(Error::Tied { name: "ranks", index: first + i }),
        None => Ok(()),
    }
}

fn one<R: Real>(
    scores: &[R],
    ranks: &[u32],
    stages: Stages,
    denominator: f64,
    grad: &mut [R],
) -> Comparisons {
    grad.fill(R::ZERO);
    let mut group = Comparisons::default();
    let (mut place, mut next) = (0, ranks.iter().min().copied());
    while let Some(rank) = next.filter(|_| stages.counts(place)) {
        let here = || scores.iter().zip(ranks).filter(move |(_, r)| **r == rank).map(|(s, _)| s.f64());
        let after = || scores.iter().zip(ranks).filter(move |(_, r)| **r > rank).map(|(s, _)| s.f64());
        let chosen = here().count();
        let top = here().chain(after()).fold(f64::NEG_INFINITY, f64::max);
        let (mass, rest): (f64, f64) =
            (here().map(|s| libm::exp(s - top)).sum(), after().map(|s| libm::exp(s - top)).sum());
        group.loss -= here().sum::<f64>();
        group.pairs += chosen * after().count();
        group.correct += here().map(|s| after().filter(|worse| s > *worse).count()).sum::<usize>();
        // Σ over the choices of 1/total, for the answers left and for those being chosen.
        let (mut pull_rest, mut pull_here) = (0.0, 0.0);
        for j in 0..chosen {
            let left = if stages.ties == RankTies::Efron { 1.0 - j as f64 / chosen as f64 } else { 1.0 };
            let total = rest + left * mass;
            group.loss += top + libm::log(total);
            pull_rest += 1.0 / total;
            pull_here += left / total;
        }
        for (g, (s, &r)) in grad.iter_mut().zip(scores.iter().zip(ranks)).filter(|(_, (_, r))| **r >= rank) {
            let weight = libm::exp(s.f64() - top);
            let slope = if r == rank { weight * pull_here - 1.0 } else { weight * pull_rest };
            *g += R::of(slope / denominator);
        }
        place += chosen;
        next = ranks.iter().filter(|r| **r > rank).min().copied();
    }
    group.loss /= denominator;
    group
}

#[cfg(test)]
mod tests;
