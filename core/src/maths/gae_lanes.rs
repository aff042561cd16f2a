//! GAE over many responses: the recurrences of advantages and returns side by side, since a step waits for
//! the one after it. Each response's numbers are the same alone or in company.

use crate::Real;

/// Responses side by side. Four of them measured slower than one (7.0 against 3.9 ms for 2²⁰ steps),
/// whose two recurrences already run beside each other.
const LANES: usize = 1;

/// What is still to be done of one response, last step first.
pub(crate) struct Lane<'a, R> {
    pub rewards: &'a [R],
    /// The state before each step, `[rewards]`.
    pub values: &'a [R],
    pub advantages: &'a mut [R],
    pub returns: &'a mut [R],
    /// γ·λ of the advantages, and of the returns.
    pub decay: [R; 2],
    /// The value of the state after the last step.
    pub after: R,
    /// The advantages after the last step, under both decays.
    pub next: [R; 2],
}

impl<R: Real> Lane<'_, R> {
    fn empty() -> Self {
        let (advantages, returns) = (&mut [], &mut []);
        let zeros = [R::ZERO; 2];
        Self { rewards: &[], values: &[], advantages, returns, decay: zeros, after: R::ZERO, next: zeros }
    }

    fn is_done(&self) -> bool {
        self.rewards.is_empty()
    }

    /// The last `steps` steps, which are then no longer to be done.
    fn take(&mut self, steps: usize) -> Self {
        let rest = self.rewards.len().saturating_sub(steps);
        let (rewards, values) = (self.rewards.split_at(rest), self.values.split_at(rest));
        let advantages = core::mem::take(&mut self.advantages).split_at_mut(rest);
        let returns = core::mem::take(&mut self.returns).split_at_mut(rest);
        (self.rewards, self.values) = (rewards.0, values.0);
        (self.advantages, self.returns) = (advantages.0, returns.0);
        Self { rewards: rewards.1, values: values.1, advantages: advantages.1, returns: returns.1, ..*self }
    }
}

/// Writes the advantages and returns of all responses.
pub(crate) fn run<'a, R: Real>(gamma: R, mut responses: impl Iterator<Item = Lane<'a, R>>) {
    let mut lanes: [Lane<'a, R>; LANES] = core::array::from_fn(|_| Lane::empty());
    loop {
        for lane in &mut lanes {
            while lane.is_done() {
                let Some(next) = responses.next() else { break };
                *lane = next;
            }
        }
        match lanes.iter().map(|lane| lane.rewards.len()).min() {
            Some(steps) if steps > 0 => together(gamma, &mut lanes, steps),
            _ => break,
        }
    }
    for lane in lanes {
        let steps = lane.rewards.len();
        together(gamma, &mut [lane], steps);
    }
}

/// The last `steps` steps of every lane.
fn together<R: Real, const N: usize>(gamma: R, lanes: &mut [Lane<'_, R>; N], steps: usize) {
    let mut parts = lanes.each_mut().map(|lane| lane.take(steps));
    for t in (0..steps).rev() {
        for part in &mut parts {
            let value = part.values[t];
            let error = part.rewards[t] + gamma * part.after - value;
            for (next, decay) in part.next.iter_mut().zip(part.decay) {
                *next = error + decay * *next;
            }
            part.after = value;
            part.advantages[t] = part.next[0];
            part.returns[t] = part.next[1] + value;
        }
    }
    for (lane, part) in lanes.iter_mut().zip(parts) {
        (lane.after, lane.next) = (part.after, part.next);
    }
}
