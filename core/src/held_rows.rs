//! Rows of one network, kept while another learns from them.

use crate::capabilities::Rows;
use crate::error::check;
use crate::ranges::positive;
use crate::{Batch, Error};
use alloc::vec::Vec;

/// The rows of logits that a network predicts a batch's loss tokens by: a teacher's, a lagging policy's,
/// target action values. `[loss tokens, width]` numbers, so make the batch one tile of what is learnt from.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HeldRows {
    positions: Vec<usize>,
    width: usize,
    rows: Vec<f32>,
}

impl HeldRows {
    /// Reads them.
    ///
    /// # Errors
    /// The network's.
    pub async fn of<N: Rows>(network: &mut N, batch: Batch<'_>) -> Result<Self, N::Error> {
        let mut held = Self { width: network.row_len(), ..Self::default() };
        let keep = &mut |position, logits: &[f32]| {
            held.positions.push(position);
            held.rows.extend_from_slice(logits);
        };
        network.rows(batch, keep).await?;
        Ok(Self::new(held.positions, held.width, held.rows)?)
    }

    /// Takes over rows from elsewhere: `positions` rise and index a batch's tokens; `rows`:
    /// `[positions, width]`.
    ///
    /// # Errors
    /// [`Error::Shape`]; [`Error::Range`] for a width of 0, or with the first position that does not rise.
    pub fn new(positions: Vec<usize>, width: usize, rows: Vec<f32>) -> Result<Self, Error> {
        positive("width", width as f64)?;
        check("rows", rows.len(), positions.len().saturating_mul(width))?;
        if let Some(pair) = positions.windows(2).find(|pair| pair[1] <= pair[0]) {
            let low = pair[0] as f64 + 1.0;
            return Err(Error::Range { name: "positions", value: pair[1] as f64, low, high: f64::MAX });
        }
        Ok(Self { positions, width, rows })
    }

    /// Elements of a row.
    pub fn width(&self) -> usize {
        self.width
    }

    /// The row that the token at `position` is predicted by, `[width]`.
    ///
    /// # Errors
    /// [`Error::Range`] for a position that is not held.
    pub fn row(&self, position: usize) -> Result<&[f32], Error> {
        let found = self.positions.binary_search(&position).ok();
        found.and_then(|i| self.rows.get(i * self.width..(i + 1) * self.width)).ok_or(Error::Range {
            name: "position",
            value: position as f64,
            low: self.positions.first().map_or(0.0, |&p| p as f64),
            high: self.positions.last().map_or(0.0, |&p| p as f64),
        })
    }

    /// Every row with its position, in rising order.
    pub fn iter(&self) -> impl Iterator<Item = (usize, &[f32])> {
        self.positions.iter().copied().zip(self.rows.chunks_exact(self.width.max(1)))
    }

    /// Reads each row at the token that was taken: `out[t] = row(t)[tokens[t]]`, 0 where no row is
    /// held. `tokens`, `out`: `[tokens]`.
    ///
    /// # Errors
    /// [`Error::Shape`]; [`Error::Range`] for a token outside the row.
    pub fn taken(&self, tokens: &[u32], out: &mut [f32]) -> Result<(), Error> {
        check("out", out.len(), tokens.len())?;
        out.fill(0.0);
        for (position, row) in self.iter() {
            let short = Error::Shape { name: "tokens", want: position + 1, got: tokens.len() };
            let &token = tokens.get(position).ok_or(short)?;
            let high = self.width as f64 - 1.0;
            let outside = Error::Range { name: "token", value: f64::from(token), low: 0.0, high };
            out[position] = *row.get(token as usize).ok_or(outside)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec;

    #[test]
    fn rows_are_found_by_their_positions() {
        let held = HeldRows::new(vec![1, 4], 2, vec![1.0, 2.0, 3.0, 4.0]).unwrap();
        assert_eq!((held.row(1), held.row(4)), (Ok(&[1.0, 2.0][..]), Ok(&[3.0, 4.0][..])));
        assert!(matches!(held.row(2), Err(Error::Range { name: "position", .. })));
        let mut out = [f32::NAN; 5];
        held.taken(&[9, 1, 9, 9, 0], &mut out).unwrap();
        assert_eq!(out, [0.0, 2.0, 0.0, 0.0, 3.0]);
        assert!(matches!(held.taken(&[9, 2, 0, 0, 0], &mut out), Err(Error::Range { name: "token", .. })));
        assert!(matches!(held.taken(&[0; 2], &mut [0.0; 2]), Err(Error::Shape { name: "tokens", .. })));
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        assert!(matches!(HeldRows::new(vec![1], 2, vec![0.0; 3]), Err(Error::Shape { name: "rows", .. })));
        assert!(matches!(HeldRows::new(vec![2, 2], 1, vec![0.0; 2]), Err(Error::Range { .. })));
        assert!(matches!(HeldRows::new(vec![], 0, vec![]), Err(Error::Range { name: "width", .. })));
        assert!(matches!(HeldRows::default().row(0), Err(Error::Range { .. })));
    }
}
