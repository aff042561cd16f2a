//! Filters on logits, and the draw.
//!
//! A filter sets the logits of what it removes to −∞. Ties are settled as Hugging Face's logits
//! processors settle them. Nothing is allocated: `scratch` is `[V]`, its content does not matter.

use super::Filters;
use crate::error::check;
use crate::ranges::{positive, within};
use crate::{Error, Real};
use core::cmp::Ordering;

impl Filters {
    /// Applies all filters to one row of logits: repetition penalty, temperature, top-k, top-p,
    /// min-p. `logits`, `scratch`: `[V]`; `present`: the tokens of prompt and response so far.
    ///
    /// # Errors
    /// [`Error::Shape`]; [`Error::Range`] for a setting, or a present token outside the vocabulary;
    /// [`Error::NotFinite`] for a NaN or +∞ logit, or a row of nothing but −∞.
    pub fn apply<R: Real>(
        &self,
        logits: &mut [R],
        present: &[u32],
        scratch: &mut [u32],
    ) -> Result<(), Error> {
        super::SamplingParams::Draw(*self).validate()?;
        check("scratch", scratch.len(), logits.len())?;
        highest(logits)?;
        if self.repetition != 1.0 {
            repetition(logits, present, f64::from(self.repetition), scratch)?;
        }
        if self.temperature != 1.0 {
            temperature(logits, f64::from(self.temperature))?;
        }
        if self.top_k != 0 {
            top_k(logits, self.top_k as usize, scratch)?;
        }
        if self.top_p < 1.0 {
            top_p(logits, f64::from(self.top_p), scratch)?;
        }
        if self.min_p > 0.0 {
            min_p(logits, f64::from(self.min_p))?;
        }
        Ok(())
    }
}

/// The highest logit's index, the smallest of equals.
fn highest<R: Real>(logits: &[R]) -> Result<usize, Error> {
    let mut best: Option<(usize, R)> = None;
    for (index, &z) in logits.iter().enumerate() {
        if !z.is_finite() && z != R::NEG_INFINITY {
            return Err(Error::NotFinite { name: "logits", index });
        }
        if z.is_finite() && best.is_none_or(|(_, top)| z > top) {
            best = Some((index, z));
        }
    }
    best.map(|(index, _)| index).ok_or(Error::NotFinite { name: "logits", index: 0 })
}

/// The highest logit m and Σ exp(z − m).
fn normalizer<R: Real>(logits: &[R]) -> Result<(R, f64), Error> {
    let max = logits[highest(logits)?];
    Ok((max, logits.iter().map(|&z| (z - max).exp().f64()).sum()))
}

/// Token ids from the lowest key to the highest, equal keys in the order of their ids.
fn ascending<R: Real>(order: &mut [u32], key: impl Fn(usize) -> R) {
    for (id, slot) in (0..).zip(order.iter_mut()) {
        *slot = id;
    }
    let compare = |a: &u32, b: &u32| key(*a as usize).partial_cmp(&key(*b as usize));
    order.sort_unstable_by(|a, b| compare(a, b).unwrap_or(Ordering::Equal).then(a.cmp(b)));
}

/// Divides positive logits of present tokens by `penalty` and multiplies negative ones, each token
/// once (Keskar et al., arXiv:1909.05858, §4.1, with the sign rule of Hugging Face).
///
/// # Errors
/// [`Error::Shape`]; [`Error::Range`] for the penalty, or a present token outside the vocabulary.
pub fn repetition<R: Real>(
    logits: &mut [R],
    present: &[u32],
    penalty: f64,
    scratch: &mut [u32],
) -> Result<(), Error> {
    positive("repetition", penalty)?;
    check("scratch", scratch.len(), logits.len())?;
    if let Some(&id) = present.iter().find(|id| **id as usize >= logits.len()) {
        let high = logits.len() as f64 - 1.0;
        return Err(Error::Range { name: "present", value: f64::from(id), low: 0.0, high });
    }
    scratch.fill(0);
    for &id in present {
        let z = &mut logits[id as usize];
        if core::mem::replace(&mut scratch[id as usize], 1) == 0 {
            *z = if *z < R::ZERO { *z * R::of(penalty) } else { *z / R::of(penalty) };
        }
    }
    Ok(())
}

/// Divides all logits.
///
/// # Errors
/// [`Error::Range`] unless the temperature is positive and finite.
pub fn temperature<R: Real>(logits: &mut [R], temperature: f64) -> Result<(), Error> {
    positive("temperature", temperature)?;
    for z in logits {
        *z = *z / R::of(temperature);
    }
    Ok(())
}

/// Keeps the k highest logits (Fan et al., arXiv:1805.04833) and whatever equals the k-th; all of
/// them where k is 0 or more than there are.
///
/// # Errors
/// [`Error::Shape`]; [`Error::NotFinite`].
pub fn top_k<R: Real>(logits: &mut [R], k: usize, scratch: &mut [u32]) -> Result<(), Error> {
    check("scratch", scratch.len(), logits.len())?;
    highest(logits)?;
    if k == 0 || k >= logits.len() {
        return Ok(());
    }
    for (id, slot) in (0..).zip(scratch.iter_mut()) {
        *slot = id;
    }
    let rank = logits.len() - k;
    let compare = |a: &u32, b: &u32| logits[*a as usize].partial_cmp(&logits[*b as usize]);
    scratch.select_nth_unstable_by(rank, |a, b| compare(a, b).unwrap_or(Ordering::Equal));
    let kth = logits[scratch[rank] as usize];
    remove(logits, |_, z| z < kth);
    Ok(())
}

/// Keeps the smallest set of most probable tokens whose mass reaches p (Holtzman et al.,
/// arXiv:1904.09751), and always one. Of equally probable tokens those with higher ids stay.
///
/// # Errors
/// [`Error::Shape`]; [`Error::Range`] unless 0 ≤ p ≤ 1; [`Error::NotFinite`].
pub fn top_p<R: Real>(logits: &mut [R], p: f64, scratch: &mut [u32]) -> Result<(), Error> {
    check("scratch", scratch.len(), logits.len())?;
    within("top_p", p, 0.0, 1.0)?;
    let (max, sum) = normalizer(logits)?;
    ascending(scratch, |id| logits[id]);
    let mut mass = 0.0;
    let all_but_best = scratch.len() - 1;
    for &id in &scratch[..all_but_best] {
        mass += (logits[id as usize] - max).exp().f64() / sum;
        if mass > 1.0 - p {
            break;
        }
        logits[id as usize] = R::NEG_INFINITY;
    }
    Ok(())
}

/// Keeps tokens at least `p` times as probable as the best (Nguyen et al., arXiv:2407.01082).
///
/// # Errors
/// [`Error::Range`] unless 0 ≤ p ≤ 1; [`Error::NotFinite`].
pub fn min_p<R: Real>(logits: &mut [R], p: f64) -> Result<(), Error> {
    within("min_p", p, 0.0, 1.0)?;
    let (max, sum) = normalizer(logits)?;
    let least = p * (1.0 / sum);
    remove(logits, |_, z| z < max && (z - max).exp().f64() / sum < least);
    Ok(())
}

/// Keeps the tokens whose information content, `−ln p`, is nearest to the entropy, up to `mass` (Meister et al.,
/// arXiv:2202.00666), and whatever is as near as the last of them. Not part of [`Filters`].
///
/// # Errors
/// [`Error::Shape`]; [`Error::Range`] unless 0 ≤ mass ≤ 1; [`Error::NotFinite`].
pub fn typical<R: Real>(logits: &mut [R], mass: f64, scratch: &mut [u32]) -> Result<(), Error> {
    check("scratch", scratch.len(), logits.len())?;
    within("typical", mass, 0.0, 1.0)?;
    let (_, entropy) = crate::log_probs::log_prob(logits, 0, 1.0)?;
    let (max, sum) = normalizer(logits)?;
    let log_sum = libm::log(sum);
    let far = |z: R| ((z - max).f64() - log_sum + entropy.f64()).abs();
    ascending(scratch, |id| far(logits[id]));
    let mut reached = 0.0;
    let mut last = far(logits[scratch[scratch.len() - 1] as usize]);
    for &id in scratch.iter() {
        reached += (logits[id as usize] - max).exp().f64() / sum;
        if reached >= mass {
            last = far(logits[id as usize]);
            break;
        }
    }
    let nearest = scratch[0] as usize;
    remove(logits, |id, z| id != nearest && far(z) > last);
    Ok(())
}

fn remove<R: Real>(logits: &mut [R], gone: impl Fn(usize, R) -> bool) {
    for (id, z) in logits.iter_mut().enumerate() {
        if gone(id, *z) {
            *z = R::NEG_INFINITY;
        }
    }
}

/// The most probable token; of equals, the one with the smallest id.
///
/// # Errors
/// [`Error::NotFinite`] for a NaN or +∞ logit, or a row of nothing but −∞.
pub fn greedy<R: Real>(logits: &[R]) -> Result<u32, Error> {
    highest(logits).map(|id| id as u32)
}

/// The token at `u` of the cumulative distribution of these logits, ids in rising order: for uniform
/// `u` in `[0, 1)` a draw from it. A token of probability 0 is never drawn.
///
/// # Errors
/// As [`greedy`]; [`Error::Range`] unless 0 ≤ u ≤ 1.
pub fn draw<R: Real>(logits: &[R], u: f64) -> Result<u32, Error> {
    within("u", u, 0.0, 1.0)?;
    let (max, sum) = normalizer(logits)?;
    let (mut mass, mut last) = (0.0, 0);
    for (id, &z) in logits.iter().enumerate() {
        let weight = (z - max).exp().f64();
        if weight > 0.0 {
            mass += weight;
            last = id;
            if mass > u * sum {
                break;
            }
        }
    }
    Ok(last as u32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::vec;
    use std::vec::Vec;

    const OUT: f64 = f64::NEG_INFINITY;

    fn probabilities(logits: &[f64]) -> Vec<f64> {
        let e: Vec<f64> = logits.iter().map(|z| z.exp()).collect();
        e.iter().map(|x| x / e.iter().sum::<f64>()).collect()
    }

    fn kept(logits: &[f64]) -> Vec<usize> {
        (0..logits.len()).filter(|&i| logits[i] > OUT).collect()
    }

    proptest! {
        #[test]
        fn filters_keep_what_their_definitions_keep(
            z in prop::collection::vec(-4.0..4.0, 1..30), k in 1usize..30, p in 0.01..1.0,
        ) {
            // Scratch starts dirty: its content must not matter.
            let mut scratch = vec![u32::MAX; z.len()];
            let probs = probabilities(&z);
            let mut order: Vec<usize> = (0..z.len()).collect();
            order.sort_by(|&a, &b| probs[b].total_cmp(&probs[a]));

            let mut top = z.clone();
            top_k(&mut top, k, &mut scratch).unwrap();
            let mut want: Vec<usize> = order.iter().copied().take(k).collect();
            want.sort();
            prop_assert_eq!(kept(&top), want);

            let mut nucleus = z.clone();
            scratch.fill(u32::MAX);
            top_p(&mut nucleus, p, &mut scratch).unwrap();
            let nucleus = kept(&nucleus);
            let mass: f64 = nucleus.iter().map(|&i| probs[i]).sum();
            prop_assert!(mass >= p - 1e-9);
            let least = nucleus.iter().map(|&i| probs[i]).fold(f64::INFINITY, f64::min);
            prop_assert!(mass - least < p + 1e-9, "one token fewer would not do");
            prop_assert!((0..z.len()).all(|i| nucleus.contains(&i) || probs[i] <= least));

            let mut min = z.clone();
            min_p(&mut min, p).unwrap();
            let floor = p * probs[order[0]];
            prop_assert_eq!(kept(&min), (0..z.len()).filter(|&i| probs[i] >= floor).collect::<Vec<_>>());
        }

        #[test]
        fn a_draw_inverts_the_cumulative_distribution(
            z in prop::collection::vec(-4.0..4.0, 1..20), u in 0.0..1.0,
        ) {
            let probs = probabilities(&z);
            let id = draw(&z, u).unwrap() as usize;
            let below: f64 = probs[..id].iter().sum();
            prop_assert!(below <= u + 1e-12 && u <= below + probs[id] + 1e-12);
        }

        #[test]
        fn typical_tokens_are_the_nearest_to_the_entropy(
            z in prop::collection::vec(-4.0..4.0, 1..20), mass in 0.05..0.95,
        ) {
            let probs = probabilities(&z);
            let entropy: f64 = probs.iter().map(|p| -p * p.ln()).sum();
            let mut order: Vec<usize> = (0..z.len()).collect();
            let far = |i: usize| (-probs[i].ln() - entropy).abs();
            order.sort_by(|&a, &b| far(a).total_cmp(&far(b)));
            let mut sum = 0.0;
            let mut want: Vec<usize> = Vec::new();
            for i in order {
                want.push(i);
                sum += probs[i];
                if sum >= mass {
                    break;
                }
            }
            want.sort();
            let mut got = z.clone();
            typical(&mut got, mass, &mut vec![u32::MAX; z.len()]).unwrap();
            prop_assert_eq!(kept(&got), want);
        }
    }

    #[test]
    fn ties_are_settled_as_hugging_face_settles_them() {
        let mut scratch = [0; 4];
        let mut z = [1.0, 2.0, 1.0, 1.0];
        top_k(&mut z, 2, &mut scratch).unwrap();
        assert_eq!(z, [1.0, 2.0, 1.0, 1.0], "what equals the k-th stays");
        let mut z = [0.0; 4];
        top_p(&mut z, 0.5, &mut scratch).unwrap();
        assert_eq!(z, [OUT, OUT, 0.0, 0.0], "the lowest ids of equals go first");
        assert_eq!(greedy(&[1.0, 2.0, 2.0]), Ok(1));
    }

    #[test]
    fn a_repeated_token_is_punished_once() {
        let mut z = [2.0, -2.0, 1.0];
        repetition(&mut z, &[0, 1, 0, 0], 2.0, &mut [9; 3]).unwrap();
        assert_eq!(z, [1.0, -4.0, 1.0]);
        assert!(matches!(repetition(&mut z, &[3], 2.0, &mut [0; 3]), Err(Error::Range { .. })));
    }

    #[test]
    fn all_filters_run_in_their_order() {
        let f = Filters { temperature: 0.5, top_k: 3, top_p: 0.9, min_p: 0.05, repetition: 2.0 };
        let mut z = [4.0f32, 1.0, 0.5, -1.0, -9.0];
        f.apply(&mut z, &[0], &mut [0; 5]).unwrap();
        // 4/2/½ = 4, 1/½ = 2, ½/½ = 1, then three stay, then 0.84 + 0.11 of the mass.
        assert_eq!(z[..2], [4.0, 2.0]);
        assert!(z[2..].iter().all(|z| *z == f32::NEG_INFINITY));
        let mut same = [1.0f32, 2.0];
        Filters::default().apply(&mut same, &[0], &mut [0; 2]).unwrap();
        assert_eq!(same, [1.0, 2.0]);
    }

    #[test]
    fn what_cannot_be_drawn_is_not_drawn() {
        for u in [0.0, 0.5, 1.0] {
            assert_eq!(draw(&[OUT, 3.0, OUT], u), Ok(1));
        }
        let nothing = Err(Error::NotFinite { name: "logits", index: 0 });
        assert_eq!(draw(&[OUT, OUT], 0.5), nothing);
        assert_eq!(greedy::<f32>(&[]), nothing);
        assert_eq!(greedy(&[0.0, f32::NAN]), Err(Error::NotFinite { name: "logits", index: 1 }));
        assert!(Filters { top_p: 0.0, ..Filters::default() }.apply(&mut [0.0f32], &[], &mut [0]).is_err());
    }
}
