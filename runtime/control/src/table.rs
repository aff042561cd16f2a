//! A network that is a table.

use rlhf_core::log_probs::{log_prob, log_prob_pull};
use rlhf_core::optim::{Update, clip_factor, global_norm};
use rlhf_core::roles::{Critic, Learner, Reference};
use rlhf_core::{Batch, Error, Objective, Ragged};

/// A row of numbers for each state: the logits of its actions, the value of each, and its own value. All
/// are 0 before they learn. Its step is plain gradient descent; Adam's settings mean nothing to it.
///
/// Sequences are a state, or a state and an action.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    actions: usize,
    weights: Vec<f32>,
    gradient: Vec<f32>,
}

impl Table {
    /// Creates a table for `actions` tokens that are actions and `states` tokens above them.
    pub fn new(actions: usize, states: usize) -> Self {
        let zeros = vec![0.0; states * (2 * actions + 1)];
        Self { actions, weights: zeros.clone(), gradient: zeros }
    }

    /// Returns the start of a state's row.
    fn row(&self, state: u32) -> Result<usize, Error> {
        let (columns, actions) = (2 * self.actions + 1, self.actions as u32);
        let states = (self.weights.len() / columns) as u32;
        if state < actions || state - actions >= states {
            let (low, high) = (f64::from(actions), f64::from(actions + states) - 1.0);
            return Err(Error::Range { name: "state", value: f64::from(state), low, high });
        }
        Ok((state - actions) as usize * columns)
    }

    fn action(&self, action: u32) -> Result<usize, Error> {
        let (action, actions) = (action as usize, self.actions);
        if action < actions {
            return Ok(action);
        }
        Err(Error::Range { name: "action", value: action as f64, low: 0.0, high: actions as f64 - 1.0 })
    }

    /// Returns the place of the value at each token.
    fn value_places(&self, sequences: Ragged<'_>) -> Result<Vec<usize>, Error> {
        let mut places = Vec::with_capacity(sequences.tokens().len());
        for (text, _) in sequences.sequences() {
            let row = self.row(text[0])?;
            places.push(row + 2 * self.actions);
            for &action in &text[1..] {
                places.push(row + self.actions + self.action(action)?);
            }
        }
        Ok(places)
    }

    /// Returns the position of each loss token, the start of its row of logits and the number of its action.
    fn actions(&self, batch: Batch<'_>) -> Result<Vec<(usize, usize, usize)>, Error> {
        let mut actions = Vec::new();
        for (text, span) in batch.sequences().sequences() {
            for t in span.clone().filter(|&t| batch.loss_mask()[t]) {
                actions.push((t, self.row(text[0])?, self.action(text[t - span.start])?));
            }
        }
        Ok(actions)
    }

    fn add<O: Objective>(&mut self, batch: Batch<'_>, objective: &mut O) -> Result<f64, Error> {
        let (needs, temperature, mut loss) = (objective.needs(), f64::from(batch.temperature()), 0.0);
        if needs.scores {
            return Err(Error::Unknown { name: "a table's outputs", known: "log_probs, entropy, values" });
        }
        if needs.values {
            let places = self.value_places(batch.sequences())?;
            let values: Vec<f32> = places.iter().map(|&place| self.weights[place]).collect();
            let mut slopes = vec![0.0; values.len()];
            loss += objective.values(&values, &mut slopes)?;
            places.iter().zip(slopes).for_each(|(&place, slope)| self.gradient[place] += slope);
        }
        if needs.log_probs || needs.entropy {
            let actions = self.actions(batch)?;
            let positions: Vec<usize> = actions.iter().map(|o| o.0).collect();
            let (mut log_probs, mut entropy) = (Vec::new(), Vec::new());
            for &(_, row, action) in &actions {
                let (l, h) = log_prob(&self.weights[row..row + self.actions], action, temperature)?;
                log_probs.push(l);
                entropy.push(h);
            }
            if !needs.entropy {
                entropy.clear();
            }
            let (mut slopes, mut bends) = (vec![0.0; log_probs.len()], vec![0.0; entropy.len()]);
            loss += objective.tokens(&positions, &log_probs, &entropy, &mut slopes, &mut bends)?;
            for (i, &(_, row, action)) in actions.iter().enumerate() {
                let row = row..row + self.actions;
                let (logits, pulled) = (&self.weights[row.clone()], &mut self.gradient[row]);
                let bend = bends.get(i).copied().unwrap_or(0.0);
                log_prob_pull(logits, action, temperature, slopes[i], bend, pulled)?;
            }
        }
        Ok(loss)
    }
}

impl Reference for Table {
    type Error = Error;

    async fn log_probs(&mut self, batch: Batch<'_>, out: &mut [f32]) -> Result<(), Error> {
        out.fill(0.0);
        for (t, row, action) in self.actions(batch)? {
            let logits = &self.weights[row..row + self.actions];
            out[t] = log_prob(logits, action, f64::from(batch.temperature()))?.0;
        }
        Ok(())
    }
}

impl Critic for Table {
    type Error = Error;

    async fn values(&mut self, sequences: Ragged<'_>, out: &mut [f32]) -> Result<(), Error> {
        let places = self.value_places(sequences)?;
        out.iter_mut().zip(places).for_each(|(value, place)| *value = self.weights[place]);
        Ok(())
    }
}

impl Learner for Table {
    type Error = Error;

    async fn accumulate<O: Objective>(&mut self, batch: Batch<'_>, objective: &mut O) -> Result<f64, Error> {
        let added = self.add(batch, objective);
        if added.is_err() {
            self.gradient.fill(0.0);
        }
        added
    }

    async fn zero_grad(&mut self) -> Result<(), Error> {
        self.gradient.fill(0.0);
        Ok(())
    }

    async fn step(&mut self, update: &Update) -> Result<f64, Error> {
        let norm = global_norm([&self.gradient[..]]);
        let rate = (update.learning_rate * clip_factor(norm, update.max_grad_norm)?) as f32;
        for (weight, slope) in self.weights.iter_mut().zip(&mut self.gradient) {
            *weight -= rate * core::mem::take(slope);
        }
        Ok(norm)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rlhf_core::loss::{Coach, DeepTamer};
    use rlhf_core::ready;

    #[test]
    fn it_learns_what_it_is_told_of_one_state_and_nothing_of_others() {
        let mut table = Table::new(2, 2);
        let (tokens, ends, loss_mask) = ([2, 1, 3, 0], [2, 4], [false, true, false, true]);
        let sequences = Ragged::new(&tokens, &ends).unwrap();
        let batch = Batch::new(sequences, &loss_mask).unwrap();
        let update = Update { learning_rate: 1.0, adam: Default::default(), max_grad_norm: None };
        let (weights, judged) = ([0.0, 1.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0]);
        let mut objective = DeepTamer::new(&weights, &judged, 1.0).unwrap();
        ready(table.accumulate(batch, &mut objective)).unwrap().unwrap();
        ready(table.step(&update)).unwrap().unwrap();
        let mut values = [f32::NAN; 4];
        ready(table.values(sequences, &mut values)).unwrap().unwrap();
        assert_eq!(values, [0.0, 1.0, 0.0, 0.0]);
        let mut objective = Coach::new(&weights, 1.0).unwrap();
        ready(table.accumulate(batch, &mut objective)).unwrap().unwrap();
        ready(table.step(&update)).unwrap().unwrap();
        let mut log_probs = [f32::NAN; 4];
        ready(table.log_probs(batch, &mut log_probs)).unwrap().unwrap();
        assert!(log_probs[1] > -0.4 && (log_probs[3] + 2f32.ln()).abs() < 1e-6, "{log_probs:?}");
    }

    #[test]
    fn a_token_that_is_no_state_is_an_error() {
        let mut table = Table::new(2, 2);
        for tokens in [[1, 0], [4, 0], [2, 2]] {
            let sequences = Ragged::new(&tokens, &[2]).unwrap();
            assert!(ready(table.values(sequences, &mut [0.0; 2])).unwrap().is_err(), "{tokens:?}");
        }
    }
}
