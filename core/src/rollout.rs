//! The rollout buffer: prompts, a policy's responses, and the numbers computed for them.

use crate::error::check;
use crate::random::Key;
use crate::ranges::within;
use crate::sampling::{FinishReason, Responses};
use crate::{Error, Ragged};
use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;

/// Prompts with their responses, as a structure of arrays.
///
/// Every array of numbers except the scores has one element per token, in the order prompt, response, prompt,
/// response, …; elements at prompt tokens are 0 and unused. A method named after each array reads it, and
/// [`Self::columns_mut`] borrows all of them at once for writing.
///
/// ```
/// use rlhf_core::{Rollouts, sampling::FinishReason};
/// let mut rollouts = Rollouts::growing();
/// rollouts.push(&[5, 6], &[7, 0], &[-0.5, -0.1], FinishReason::Eos)?;
/// assert_eq!(rollouts.sequences().tokens(), [5, 6, 7, 0]);
/// assert_eq!(rollouts.loss_mask(), [false, false, true, true]);
/// assert_eq!(rollouts.response_span(0), 2..4);
/// # Ok::<(), rlhf_core::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rollouts {
    capacity: Option<usize>,
    arrays: Arrays,
}

/// The arrays as they are stored. The order of the fields is part of the stored format.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
struct Arrays {
    tokens: Vec<u32>,
    ends: Vec<usize>,
    prompts: Vec<usize>,
    finish: Vec<FinishReason>,
    log_probs: Vec<f32>,
    ref_log_probs: Vec<f32>,
    values: Vec<f32>,
    rewards: Vec<f32>,
    advantages: Vec<f32>,
    returns: Vec<f32>,
    scores: Vec<f32>,
}

/// The arrays that may be written, borrowed at once by [`Rollouts::columns_mut`].
#[derive(Debug, PartialEq)]
pub struct Columns<'a> {
    /// The log-probability of each response token under the policy that sampled it, in nats, `[tokens]`.
    pub log_probs: &'a mut [f32],
    /// The log-probability of each response token under the reference policy, in nats, `[tokens]`.
    pub ref_log_probs: &'a mut [f32],
    /// The critic's values, `[tokens]`. The caller chooses which state a token's value belongs to.
    pub values: &'a mut [f32],
    /// The reward of each token, in units of reward, `[tokens]`.
    pub rewards: &'a mut [f32],
    /// The advantage of each token, `[tokens]`.
    pub advantages: &'a mut [f32],
    /// The return from each token on, `[tokens]`.
    pub returns: &'a mut [f32],
    /// The reward model's score of each sequence, `[sequences]`.
    pub scores: &'a mut [f32],
}

/// The first bytes of stored rollouts: the name and version of the format.
const MAGIC: &[u8; 8] = b"rlhfrol1";

impl Rollouts {
    /// Creates an empty buffer that grows as needed.
    pub fn growing() -> Self {
        Self::default()
    }

    /// Creates an empty buffer for at most `tokens` tokens, prompts included. Its token arrays are
    /// allocated here, once.
    pub fn with_capacity(tokens: usize) -> Self {
        let numbers = || Vec::with_capacity(tokens);
        let arrays = Arrays {
            tokens: Vec::with_capacity(tokens),
            log_probs: numbers(),
            ref_log_probs: numbers(),
            values: numbers(),
            rewards: numbers(),
            advantages: numbers(),
            returns: numbers(),
            ..Arrays::default()
        };
        Self { capacity: Some(tokens), arrays }
    }

    /// Appends a sequence. `log_probs` are the log-probabilities of the response's tokens, in nats, `[response]`.
    ///
    /// # Errors
    /// [`Error::TooFew`] if the prompt or the response is empty, [`Error::Shape`] and [`Error::NotFinite`] for
    /// `log_probs`, [`Error::Full`] if the capacity is exceeded. The buffer is then unchanged.
    pub fn push(
        &mut self,
        prompt: &[u32],
        response: &[u32],
        log_probs: &[f32],
        finish: FinishReason,
    ) -> Result<(), Error> {
        for (name, tokens) in [("prompt", prompt), ("response", response)] {
            if tokens.is_empty() {
                return Err(Error::TooFew { name, need: 1, got: 0 });
            }
        }
        check("log_probs", log_probs.len(), response.len())?;
        if let Some(index) = log_probs.iter().position(|p| !p.is_finite()) {
            return Err(Error::NotFinite { name: "log_probs", index });
        }
        self.room_for(prompt.len() + response.len())?;
        let a = &mut self.arrays;
        a.tokens.extend_from_slice(prompt);
        a.tokens.extend_from_slice(response);
        a.log_probs.resize(a.log_probs.len() + prompt.len(), 0.0);
        a.log_probs.extend_from_slice(log_probs);
        let tokens = a.tokens.len();
        for column in [&mut a.ref_log_probs, &mut a.values, &mut a.rewards, &mut a.advantages, &mut a.returns]
        {
            column.resize(tokens, 0.0);
        }
        a.ends.push(tokens);
        a.prompts.push(prompt.len());
        a.finish.push(finish);
        a.scores.push(0.0);
        Ok(())
    }

    /// Appends each prompt with its response.
    ///
    /// # Errors
    /// [`Error::Shape`] unless there are as many responses as prompts, [`Error::Ends`] unless the responses' ends are
    /// those of a [`Ragged`], and the errors of [`Self::push`]. The buffer is then unchanged.
    pub fn extend(&mut self, prompts: Ragged<'_>, responses: &Responses) -> Result<(), Error> {
        check("responses", responses.len(), prompts.len())?;
        check("log_probs", responses.log_probs.len(), responses.tokens.len())?;
        check("finish", responses.finish.len(), responses.len())?;
        Ragged::new(&responses.tokens, &responses.ends)?;
        if let Some(index) = responses.log_probs.iter().position(|p| !p.is_finite()) {
            return Err(Error::NotFinite { name: "log_probs", index });
        }
        self.room_for(prompts.tokens().len() + responses.tokens.len())?;
        for (i, (prompt, _)) in prompts.sequences().enumerate() {
            let log_probs = &responses.log_probs[responses.span(i)];
            self.push(prompt, responses.response(i), log_probs, responses.finish[i])?;
        }
        Ok(())
    }

    fn room_for(&self, tokens: usize) -> Result<(), Error> {
        match self.capacity {
            Some(capacity) if tokens > capacity.saturating_sub(self.arrays.tokens.len()) => {
                Err(Error::Full { capacity })
            }
            _ => Ok(()),
        }
    }

    /// Removes all sequences and keeps the allocated memory.
    pub fn clear(&mut self) {
        let a = &mut self.arrays;
        a.tokens.clear();
        a.ends.clear();
        a.prompts.clear();
        a.finish.clear();
        for column in [
            &mut a.log_probs,
            &mut a.ref_log_probs,
            &mut a.values,
            &mut a.rewards,
            &mut a.advantages,
            &mut a.returns,
            &mut a.scores,
        ] {
            column.clear();
        }
    }

    /// Returns the number of sequences.
    pub fn len(&self) -> usize {
        self.arrays.ends.len()
    }

    /// Returns whether there are no sequences.
    pub fn is_empty(&self) -> bool {
        self.arrays.ends.is_empty()
    }

    /// Returns the greatest number of tokens, or `None` if the buffer grows.
    pub fn capacity(&self) -> Option<usize> {
        self.capacity
    }

    /// Returns the sequences, each a prompt followed by its response.
    pub fn sequences(&self) -> Ragged<'_> {
        // Both constructors and `push` keep the ends rising to the number of tokens.
        Ragged::new(&self.arrays.tokens, &self.arrays.ends).expect("ends rise to the number of tokens")
    }

    /// Returns the number of tokens of each prompt, `[sequences]`.
    pub fn prompt_lengths(&self) -> &[usize] {
        &self.arrays.prompts
    }

    /// Returns the range of sequence `i` in the token arrays.
    ///
    /// # Panics
    /// Panics if there is no sequence `i`.
    pub fn span(&self, i: usize) -> Range<usize> {
        (if i == 0 { 0 } else { self.arrays.ends[i - 1] })..self.arrays.ends[i]
    }

    /// Returns the range of response `i` in the token arrays.
    ///
    /// # Panics
    /// Panics if there is no sequence `i`.
    pub fn response_span(&self, i: usize) -> Range<usize> {
        let span = self.span(i);
        span.start + self.arrays.prompts[i]..span.end
    }

    /// Returns the loss mask: `true` at response tokens, `false` at prompt tokens, `[tokens]`.
    pub fn loss_mask(&self) -> Vec<bool> {
        let mut loss_mask = vec![false; self.arrays.tokens.len()];
        for i in 0..self.len() {
            loss_mask[self.response_span(i)].fill(true);
        }
        loss_mask
    }

    /// Returns the reason for the end of each response, `[sequences]`.
    pub fn finish(&self) -> &[FinishReason] {
        &self.arrays.finish
    }

    /// Returns [`Columns::log_probs`].
    pub fn log_probs(&self) -> &[f32] {
        &self.arrays.log_probs
    }

    /// Returns [`Columns::ref_log_probs`].
    pub fn ref_log_probs(&self) -> &[f32] {
        &self.arrays.ref_log_probs
    }

    /// Returns the log-ratio of response `i` between its policy and the reference, `Σ (ln p − ln p_ref)` over its tokens,
    /// in nats. Its expectation under the policy is the KL divergence from the reference (the estimator k1).
    ///
    /// # Panics
    /// Panics if there is no sequence `i`.
    pub fn log_ratio(&self, i: usize) -> f64 {
        let token = |t| f64::from(self.arrays.log_probs[t] - self.arrays.ref_log_probs[t]);
        self.response_span(i).map(token).sum()
    }

    /// Returns [`Columns::values`].
    pub fn values(&self) -> &[f32] {
        &self.arrays.values
    }

    /// Returns [`Columns::rewards`].
    pub fn rewards(&self) -> &[f32] {
        &self.arrays.rewards
    }

    /// Returns [`Columns::advantages`].
    pub fn advantages(&self) -> &[f32] {
        &self.arrays.advantages
    }

    /// Returns [`Columns::returns`].
    pub fn returns(&self) -> &[f32] {
        &self.arrays.returns
    }

    /// Returns [`Columns::scores`].
    pub fn scores(&self) -> &[f32] {
        &self.arrays.scores
    }

    /// Borrows the arrays that may be written, all at once.
    pub fn columns_mut(&mut self) -> Columns<'_> {
        let a = &mut self.arrays;
        Columns {
            log_probs: &mut a.log_probs,
            ref_log_probs: &mut a.ref_log_probs,
            values: &mut a.values,
            rewards: &mut a.rewards,
            advantages: &mut a.advantages,
            returns: &mut a.returns,
            scores: &mut a.scores,
        }
    }

    /// Splits the sequences into `count` minibatches of indices, in an order that depends on `key` alone. Each
    /// sequence is in exactly one minibatch; sizes differ by at most one.
    ///
    /// # Errors
    /// [`Error::Range`] unless `1 <= count <= self.len()`.
    pub fn minibatches(&self, key: Key, count: usize) -> Result<Vec<Vec<usize>>, Error> {
        within("minibatches", count as f64, 1.0, self.len() as f64)?;
        let mut order: Vec<usize> = (0..self.len()).collect();
        key.shuffle(&mut order);
        let (size, larger) = (self.len() / count, self.len() % count);
        let mut rest = order.as_slice();
        Ok((0..count)
            .map(|i| {
                let (part, tail) = rest.split_at(size + usize::from(i < larger));
                rest = tail;
                part.to_vec()
            })
            .collect())
    }

    /// Copies the sequences at `indices`, in that order and with all their numbers, into a new buffer that grows.
    ///
    /// # Errors
    /// [`Error::Range`] for an index out of range.
    pub fn gather(&self, indices: &[usize]) -> Result<Self, Error> {
        let mut out = Self::growing();
        out.append(self, indices)?;
        Ok(out)
    }

    /// Appends the sequences of `from` at `indices`, in that order and with all their numbers.
    ///
    /// # Errors
    /// [`Error::Range`] for an index out of range, [`Error::Full`] if the capacity is exceeded. The buffer is then
    /// unchanged.
    pub fn append(&mut self, from: &Self, indices: &[usize]) -> Result<(), Error> {
        if let Some(&i) = indices.iter().find(|i| **i >= from.len()) {
            let high = from.len() as f64 - 1.0;
            return Err(Error::Range { name: "index of a sequence", value: i as f64, low: 0.0, high });
        }
        self.room_for(indices.iter().map(|&i| from.span(i).len()).sum())?;
        for &i in indices {
            let span = from.span(i);
            let (from, to) = (&from.arrays, &mut self.arrays);
            to.tokens.extend_from_slice(&from.tokens[span.clone()]);
            for (from, to) in [
                (&from.log_probs, &mut to.log_probs),
                (&from.ref_log_probs, &mut to.ref_log_probs),
                (&from.values, &mut to.values),
                (&from.rewards, &mut to.rewards),
                (&from.advantages, &mut to.advantages),
                (&from.returns, &mut to.returns),
            ] {
                to.extend_from_slice(&from[span.clone()]);
            }
            to.ends.push(to.tokens.len());
            to.prompts.push(from.prompts[i]);
            to.finish.push(from.finish[i]);
            to.scores.push(from.scores[i]);
        }
        Ok(())
    }

    /// Serializes the sequences and all numbers to bytes (postcard). The capacity is not stored.
    ///
    /// # Errors
    /// [`Error::NotFinite`] names the array with a number that is not finite.
    pub fn to_bytes(&self) -> Result<Vec<u8>, Error> {
        self.arrays.finite()?;
        let mut out = MAGIC.to_vec();
        let stored = postcard::to_allocvec(&self.arrays).map_err(|_| Error::Decode { name: "rollouts" })?;
        out.extend_from_slice(&stored);
        Ok(out)
    }

    /// Deserializes the bytes of [`Self::to_bytes`] into a buffer that grows. Memory use is bounded by a small multiple
    /// of `bytes.len()`, whatever lengths the bytes claim.
    ///
    /// # Errors
    /// [`Error::Decode`] unless the bytes are complete, consistent rollouts without trailing bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let refused = Error::Decode { name: "rollouts" };
        let stored = bytes.strip_prefix(MAGIC).ok_or(refused)?;
        let (arrays, rest) = postcard::take_from_bytes::<Arrays>(stored).map_err(|_| refused)?;
        if !rest.is_empty() || !arrays.consistent() {
            return Err(refused);
        }
        Ok(Self { capacity: None, arrays })
    }
}

impl Arrays {
    fn numbers(&self) -> [(&'static str, &[f32]); 7] {
        [
            ("log_probs", &self.log_probs),
            ("ref_log_probs", &self.ref_log_probs),
            ("values", &self.values),
            ("rewards", &self.rewards),
            ("advantages", &self.advantages),
            ("returns", &self.returns),
            ("scores", &self.scores),
        ]
    }

    fn finite(&self) -> Result<(), Error> {
        for (name, numbers) in self.numbers() {
            if let Some(index) = numbers.iter().position(|x| !x.is_finite()) {
                return Err(Error::NotFinite { name, index });
            }
        }
        Ok(())
    }

    fn consistent(&self) -> bool {
        let (tokens, sequences) = (self.tokens.len(), self.ends.len());
        let Ok(ragged) = Ragged::new(&self.tokens, &self.ends) else { return false };
        let lengths_fit = self
            .numbers()
            .iter()
            .all(|(name, numbers)| numbers.len() == if *name == "scores" { sequences } else { tokens });
        let prompts_fit = self.prompts.len() == sequences
            && ragged.sequences().zip(&self.prompts).all(|((t, _), &p)| p >= 1 && p < t.len());
        lengths_fit && prompts_fit && self.finish.len() == sequences && self.finite().is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Stream;
    use proptest::prelude::*;

    /// Distinct numbers everywhere, so that a mix-up of arrays or sequences shows.
    fn sample(shapes: &[(usize, usize)]) -> Rollouts {
        let mut rollouts = Rollouts::growing();
        for (i, &(prompt, response)) in shapes.iter().enumerate() {
            let tokens: Vec<u32> = (0..prompt + response).map(|t| (100 * i + t) as u32).collect();
            let log_probs: Vec<f32> = (0..response).map(|t| -(t as f32) - i as f32 / 8.0).collect();
            let finish = [FinishReason::Eos, FinishReason::Stop, FinishReason::Length][i % 3];
            rollouts.push(&tokens[..prompt], &tokens[prompt..], &log_probs, finish).unwrap();
        }
        let columns = rollouts.columns_mut();
        for (k, column) in [
            columns.ref_log_probs,
            columns.values,
            columns.rewards,
            columns.advantages,
            columns.returns,
            columns.scores,
        ]
        .into_iter()
        .enumerate()
        {
            for (t, x) in column.iter_mut().enumerate() {
                *x = (1000 * (k + 1) + t) as f32;
            }
        }
        rollouts
    }

    #[test]
    fn push_refuses_what_does_not_fit_and_leaves_the_buffer_alone() {
        let mut rollouts = Rollouts::with_capacity(5);
        assert_eq!(
            rollouts.push(&[], &[1], &[0.0], FinishReason::Eos),
            Err(Error::TooFew { name: "prompt", need: 1, got: 0 })
        );
        assert_eq!(
            rollouts.push(&[1], &[], &[], FinishReason::Eos),
            Err(Error::TooFew { name: "response", need: 1, got: 0 })
        );
        assert_eq!(
            rollouts.push(&[1], &[2], &[], FinishReason::Eos),
            Err(Error::Shape { name: "log_probs", want: 1, got: 0 })
        );
        assert_eq!(
            rollouts.push(&[1], &[2], &[f32::NAN], FinishReason::Eos),
            Err(Error::NotFinite { name: "log_probs", index: 0 })
        );
        rollouts.push(&[1], &[2, 3], &[-1.0, -2.0], FinishReason::Length).unwrap();
        let before = rollouts.clone();
        assert_eq!(
            rollouts.push(&[1], &[2, 3], &[-1.0, -2.0], FinishReason::Length),
            Err(Error::Full { capacity: 5 })
        );
        assert_eq!(rollouts, before);
        rollouts.push(&[1], &[2], &[-1.0], FinishReason::Length).unwrap();
        assert_eq!(rollouts.sequences().ends(), [3, 5]);
        rollouts.clear();
        assert!(rollouts.is_empty() && rollouts.sequences().is_empty());
        assert_eq!(rollouts.capacity(), Some(5));
    }

    #[test]
    fn extend_takes_a_sampler_s_responses() {
        let prompts = Ragged::new(&[1, 2, 3], &[1, 3]).unwrap();
        let responses = Responses {
            tokens: vec![7, 8, 9],
            ends: vec![2, 3],
            log_probs: vec![-0.1, -0.2, -0.3],
            finish: vec![FinishReason::Eos, FinishReason::Length],
        };
        let mut rollouts = Rollouts::growing();
        rollouts.extend(prompts, &responses).unwrap();
        assert_eq!(rollouts.sequences().tokens(), [1, 7, 8, 2, 3, 9]);
        assert_eq!(rollouts.log_probs(), [0.0, -0.1, -0.2, 0.0, 0.0, -0.3]);
        assert_eq!(rollouts.loss_mask(), [false, true, true, false, false, true]);
        let short = Responses { ends: vec![3], finish: vec![FinishReason::Eos], ..responses };
        assert_eq!(
            rollouts.extend(prompts, &short),
            Err(Error::Shape { name: "responses", want: 2, got: 1 })
        );
    }

    #[test]
    fn numbers_that_are_not_finite_are_not_stored() {
        let mut rollouts = sample(&[(1, 2)]);
        rollouts.columns_mut().advantages[1] = f32::INFINITY;
        assert_eq!(rollouts.to_bytes(), Err(Error::NotFinite { name: "advantages", index: 1 }));
    }

    #[test]
    fn lengths_that_lie_are_refused_without_their_memory() {
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&[0xff, 0xff, 0xff, 0xff, 0x7f]);
        assert_eq!(Rollouts::from_bytes(&bytes), Err(Error::Decode { name: "rollouts" }));
        assert!(Rollouts::from_bytes(b"").is_err());
    }

    #[test]
    fn every_truncation_and_every_tail_is_refused() {
        let bytes = sample(&[(1, 2), (3, 1)]).to_bytes().unwrap();
        for end in 0..bytes.len() {
            assert!(Rollouts::from_bytes(&bytes[..end]).is_err(), "{end}");
        }
        let longer = [bytes.as_slice(), &[0]].concat();
        assert!(Rollouts::from_bytes(&longer).is_err());
    }

    proptest! {
        #[test]
        fn stored_rollouts_come_back(shapes in prop::collection::vec((1usize..6, 1usize..6), 0..8)) {
            let rollouts = sample(&shapes);
            prop_assert_eq!(&Rollouts::from_bytes(&rollouts.to_bytes().unwrap()).unwrap(), &rollouts);
        }

        #[test]
        fn hostile_bytes_never_break_the_buffer_s_promises(
            shapes in prop::collection::vec((1usize..4, 1usize..4), 1..4),
            flips in prop::collection::vec((any::<prop::sample::Index>(), 0u8..8), 1..4),
        ) {
            let mut bytes = sample(&shapes).to_bytes().unwrap();
            for (at, bit) in flips {
                let at = at.index(bytes.len());
                bytes[at] ^= 1 << bit;
            }
            if let Ok(rollouts) = Rollouts::from_bytes(&bytes) {
                let tokens = rollouts.sequences().tokens().len();
                prop_assert_eq!(rollouts.loss_mask().len(), tokens);
                prop_assert!(rollouts.returns().iter().all(|x| x.is_finite()));
                let again = rollouts.to_bytes().unwrap();
                prop_assert_eq!(Rollouts::from_bytes(&again).unwrap(), rollouts);
            }
        }

        #[test]
        fn minibatches_cover_each_sequence_once(
            len in 1usize..40, part in any::<prop::sample::Index>(), seed: u64,
        ) {
            let rollouts = sample(&vec![(1, 1); len]);
            let count = part.index(len) + 1;
            let key = Key::new(seed, Stream::Shuffle, 3);
            let parts = rollouts.minibatches(key, count).unwrap();
            prop_assert_eq!(&parts, &rollouts.minibatches(key, count).unwrap());
            prop_assert_eq!(parts.len(), count);
            let mut all = parts.concat();
            all.sort();
            prop_assert_eq!(all, (0..len).collect::<Vec<_>>());
            let sizes: Vec<usize> = parts.iter().map(Vec::len).collect();
            prop_assert!(sizes.iter().max().unwrap() - sizes.iter().min().unwrap() <= 1);
            prop_assert!(rollouts.minibatches(key, 0).is_err());
            prop_assert!(rollouts.minibatches(key, len + 1).is_err());
        }

        #[test]
        fn gathering_moves_whole_sequences(
            shapes in prop::collection::vec((1usize..5, 1usize..5), 1..8),
            picks in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
        ) {
            let rollouts = sample(&shapes);
            let picks: Vec<usize> = picks.iter().map(|p| p.index(shapes.len())).collect();
            let gathered = rollouts.gather(&picks).unwrap();
            for (to, &from) in picks.iter().enumerate() {
                let (a, b) = (gathered.span(to), rollouts.span(from));
                prop_assert_eq!(&gathered.sequences().tokens()[a.clone()], &rollouts.sequences().tokens()[b.clone()]);
                prop_assert_eq!(&gathered.log_probs()[a.clone()], &rollouts.log_probs()[b.clone()]);
                prop_assert_eq!(&gathered.returns()[a], &rollouts.returns()[b]);
                prop_assert_eq!(gathered.scores()[to], rollouts.scores()[from]);
                prop_assert_eq!(gathered.finish()[to], rollouts.finish()[from]);
                prop_assert_eq!(gathered.response_span(to).len(), rollouts.response_span(from).len());
            }
            prop_assert!(rollouts.gather(&[shapes.len()]).is_err());
        }
    }
}
