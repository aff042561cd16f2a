//! Guides: who may have a say in [`super::sample_by`].

use super::guided::next_rows;
use super::{Guide, value_guided, within_support};
use crate::capabilities::Rows;
use crate::error::check;
use crate::ranges::{finite, positive, within};
use crate::{Error, Ragged};
use alloc::vec;
use alloc::vec::Vec;

/// Only what a lagging policy considers: NLPO's action mask (see [`within_support`]).
#[derive(Debug)]
pub struct Support<'a, N> {
    lagging: &'a mut N,
    top_p: f64,
    temperature: f64,
}

impl<'a, N: Rows> Support<'a, N> {
    /// `temperature` divides the lagging policy's logits; the sampler's.
    ///
    /// # Errors
    /// [`Error::Range`].
    pub fn new(lagging: &'a mut N, top_p: f64, temperature: f64) -> Result<Self, Error> {
        within("top_p", top_p, f64::MIN_POSITIVE, 1.0)?;
        positive("temperature", temperature)?;
        Ok(Self { lagging, top_p, temperature })
    }
}

impl<N: Rows> Guide<N::Error> for Support<'_, N> {
    async fn adjust(&mut self, texts: Ragged<'_>, _: &[usize], logits: &mut [f32]) -> Result<(), N::Error> {
        let mut rows = Vec::new();
        next_rows(self.lagging, texts, &mut rows).await?;
        check("logits", logits.len(), rows.len())?;
        let width = self.lagging.row_len();
        let mut scratch = vec![0; width];
        for (row, other) in logits.chunks_exact_mut(width).zip(rows.chunks_exact_mut(width)) {
            within_support(row, other, self.temperature, self.top_p, &mut scratch)?;
        }
        Ok(())
    }
}

/// ILQL's policy (Snell et al., arXiv:2206.11871, §4): `ln π + β·(Q − V)`, within the k likeliest of π. Of
/// several action-value heads the smallest value counts. V is the same for every action and so drops out.
#[derive(Debug)]
pub struct Advantage<'a, N> {
    heads: &'a mut [N],
    beta: f64,
    top_k: usize,
}

impl<'a, N: Rows> Advantage<'a, N> {
    /// `beta` is in nats per unit of reward; a `top_k` of 0 keeps all.
    ///
    /// # Errors
    /// [`Error::TooFew`] without a head; [`Error::NotFinite`] for β.
    pub fn new(heads: &'a mut [N], beta: f64, top_k: usize) -> Result<Self, Error> {
        if heads.is_empty() {
            return Err(Error::TooFew { name: "heads", need: 1, got: 0 });
        }
        finite("beta", &[beta])?;
        Ok(Self { heads, beta, top_k })
    }
}

impl<N: Rows> Guide<N::Error> for Advantage<'_, N> {
    async fn adjust(&mut self, texts: Ragged<'_>, _: &[usize], logits: &mut [f32]) -> Result<(), N::Error> {
        let mut smallest = vec![f32::INFINITY; logits.len()];
        let mut rows = Vec::new();
        for head in &mut *self.heads {
            next_rows(head, texts, &mut rows).await?;
            check("action values", rows.len(), smallest.len())?;
            smallest.iter_mut().zip(&rows).for_each(|(least, &q)| *least = least.min(q));
        }
        let width = logits.len().checked_div(texts.len()).unwrap_or(0).max(1);
        let mut scratch = vec![0; width];
        for (row, values) in logits.chunks_exact_mut(width).zip(smallest.chunks_exact(width)) {
            value_guided(row, values, self.beta, self.top_k, &mut scratch)?;
        }
        Ok(())
    }
}

/// A geometric mixture with another policy, `(1 − w)·ln π + w·ln μ`: at w between 0 and 1 Nash-MD's (Munos
/// et al., arXiv:2312.00886, §6); below 0 it moves away from the other one, as contrastive decoding does (Li
/// et al., arXiv:2210.15097), for which [`super::Filters::min_p`] keeps to what is plausible.
#[derive(Debug)]
pub struct Mixture<'a, N> {
    other: &'a mut N,
    weight: f32,
}

impl<'a, N: Rows> Mixture<'a, N> {
    /// `weight` is w.
    ///
    /// # Errors
    /// [`Error::NotFinite`].
    pub fn new(other: &'a mut N, weight: f32) -> Result<Self, Error> {
        finite("weight", &[weight])?;
        Ok(Self { other, weight })
    }
}

impl<N: Rows> Guide<N::Error> for Mixture<'_, N> {
    async fn adjust(&mut self, texts: Ragged<'_>, _: &[usize], logits: &mut [f32]) -> Result<(), N::Error> {
        let mut rows = Vec::new();
        next_rows(self.other, texts, &mut rows).await?;
        check("logits", logits.len(), rows.len())?;
        // What normalizes a row is the same for all its tokens, so logits do for log-probabilities.
        for (z, other) in logits.iter_mut().zip(rows) {
            *z = share(1.0 - self.weight, *z) + share(self.weight, other);
        }
        Ok(())
    }
}

/// `weight·z`, and 0 where there is no weight, even of −∞.
fn share(weight: f32, z: f32) -> f32 {
    if weight == 0.0 { 0.0 } else { weight * z }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Key, Stream};
    use crate::ready;
    use crate::sampling::filters;
    use crate::sampling::{Request, Responses, SamplingParams, StopCriteria, sample_by};
    use crate::testing::Table;

    fn write(policy: &mut Table, guide: &mut impl Guide<Error>) -> Result<Responses, Error> {
        let request = Request {
            prompts: Ragged::new(&[0, 1, 2, 3, 1, 2], &[1, 2, 4, 5, 6]).unwrap(),
            sampling: &SamplingParams::at_temperature(1.0),
            stopping: &StopCriteria { max_new_tokens: 8, eos: &[], stop: &[] },
            context: 64,
            key: Key::new(2, Stream::Sampling, 0),
            first: 0,
        };
        ready(sample_by(policy, guide, &request)).unwrap()
    }

    #[test]
    fn a_support_is_never_left() {
        let (mut policy, mut lagging) = (Table::random(4, 1), Table::random(4, 2));
        let free = write(&mut policy, &mut ()).unwrap();
        let all = write(&mut policy, &mut Support::new(&mut lagging, 1.0, 1.0).unwrap()).unwrap();
        assert_eq!(all, free);
        // As little as one token: what the lagging policy finds likeliest.
        let one = write(&mut policy, &mut Support::new(&mut lagging, 1e-9, 1.0).unwrap()).unwrap();
        let best = |token| filters::greedy(&lagging.weights[lagging.row(token)]).unwrap();
        let texts = (0..one.len()).map(|i| one.response(i));
        assert!(texts.flat_map(|text| text.windows(2)).all(|pair| pair[1] == best(pair[0])));
        assert!(one.log_probs.iter().all(|&log_prob| log_prob == 0.0), "certain within its support");
        assert!(
            Support::new(&mut lagging, 1.5, 1.0).is_err() && Support::new(&mut lagging, 1.0, 0.0).is_err()
        );
    }

    #[test]
    fn a_mixture_reaches_from_one_policy_to_the_other_and_beyond() {
        let (mut policy, mut other) = (Table::random(4, 1), Table::random(4, 2));
        let mut at = |weight| write(&mut policy, &mut Mixture::new(&mut other, weight).unwrap()).unwrap();
        let (none, half, all, beyond) = (at(0.0), at(0.5), at(1.0), at(-0.5));
        assert_eq!((none, all), (write(&mut policy, &mut ()).unwrap(), write(&mut other, &mut ()).unwrap()));
        for (weight, got) in [(0.5, half), (-0.5, beyond)] {
            let mut mixed = policy.clone();
            let pairs = mixed.weights.iter_mut().zip(&other.weights);
            pairs.for_each(|(z, &o)| *z = (1.0 - weight) * *z + weight * o);
            assert_eq!(got, write(&mut mixed, &mut ()).unwrap());
        }
        assert!(Mixture::new(&mut other, f32::NAN).is_err());
        assert_eq!((share(0.0, f32::NEG_INFINITY), share(0.5, f32::NEG_INFINITY)), (0.0, f32::NEG_INFINITY));
    }

    #[test]
    fn what_is_worth_more_is_said_more_often() {
        let mut policy = Table::random(4, 1);
        let mut heads = [Table::random(4, 2), Table::random(4, 3)];
        let none = write(&mut policy, &mut Advantage::new(&mut heads, 0.0, 0).unwrap()).unwrap();
        assert_eq!(none, write(&mut policy, &mut ()).unwrap());
        let sharp = write(&mut policy, &mut Advantage::new(&mut heads, 1e4, 2).unwrap()).unwrap();
        let best = |token| {
            let mut row = policy.weights[policy.row(token)].to_vec();
            filters::top_k(&mut row, 2, &mut [0; 4]).unwrap();
            let least =
                |id: usize| heads.iter().map(|q| q.weights[q.row(token)][id]).fold(f32::MAX, f32::min);
            let kept = (0..4).filter(|&id| row[id] > f32::NEG_INFINITY);
            kept.max_by(|&a, &b| least(a).total_cmp(&least(b))).unwrap() as u32
        };
        let texts = (0..sharp.len()).map(|i| sharp.response(i));
        assert!(texts.flat_map(|text| text.windows(2)).all(|pair| pair[1] == best(pair[0])));
        assert!(Advantage::<Table>::new(&mut [], 1.0, 0).is_err());
        assert!(Advantage::new(&mut heads, f64::INFINITY, 0).is_err());
        let mut narrow = [Table::new(4, 3)];
        let short = write(&mut policy, &mut Advantage::new(&mut narrow, 1.0, 0).unwrap());
        assert!(matches!(short, Err(Error::Shape { name: "action values", .. })));
    }
}
