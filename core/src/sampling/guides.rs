//! Guides: who may have a say in [`super::sample_by`].

use super::guided::next_rows;
use super::{Guide, filters, within_support};
use crate::capabilities::Rows;
use crate::error::{check, finite, positive, within};
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
            filters::top_k(row, self.top_k, &mut scratch)?;
            row.iter_mut().zip(values).for_each(|(z, &q)| *z += self.beta as f32 * q);
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
        // What normalises a row is the same for all its tokens, so logits do for log-probabilities.
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
