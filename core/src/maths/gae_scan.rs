//! GAE over one response, four steps at once: a step by itself waits for the one after it.

use crate::Real;

const WIDTH: usize = 4;

/// What is to be done of one response.
pub(crate) struct Scan<'a, R> {
    pub rewards: &'a [R],
    /// The state before each step, `[rewards]`.
    pub values: &'a [R],
    pub advantages: &'a mut [R],
    pub returns: &'a mut [R],
    /// γ·λ of the advantages, and of the returns.
    pub decay: [R; 2],
    /// The value of the state after the last step.
    pub after: R,
}

impl<R: Real> Scan<'_, R> {
    /// Writes the advantages and returns.
    pub(crate) fn run(self, gamma: R) {
        // Under one decay both sums are the same numbers.
        let [policy, critic] = self.decay;
        if policy == critic { self.run_with::<true>(gamma) } else { self.run_with::<false>(gamma) }
    }

    fn run_with<const SAME: bool>(self, gamma: R) {
        let [mut policy, mut critic] = self.decay.map(Recurrence::new);
        let mut after = self.after;
        let (first_rewards, rewards) = self.rewards.as_rchunks::<WIDTH>();
        let (first_values, values) = self.values.as_rchunks::<WIDTH>();
        let (first_advantages, advantages) = self.advantages.as_rchunks_mut::<WIDTH>();
        let (first_returns, returns) = self.returns.as_rchunks_mut::<WIDTH>();
        let blocks = rewards.iter().zip(values).zip(advantages).zip(returns);
        for (((rewards, values), advantages), returns) in blocks.rev() {
            let [start, b, c, d] = *values;
            let next = [b, c, d, after];
            let errors = core::array::from_fn(|i| rewards[i] + gamma * next[i] - values[i]);
            *advantages = policy.steps(errors);
            let sums = if SAME { *advantages } else { critic.steps(errors) };
            *returns = core::array::from_fn(|i| sums[i] + values[i]);
            after = start;
        }
        if SAME {
            critic = policy;
        }
        let steps = first_rewards.iter().zip(first_values).zip(first_advantages).zip(first_returns);
        for (((reward, value), advantage), returned) in steps.rev() {
            let error = *reward + gamma * after - *value;
            *advantage = policy.step(error);
            *returned = critic.step(error) + *value;
            after = *value;
        }
    }
}

/// `A[t] = δ[t] + c·A[t+1]`, from the last step to the first.
#[derive(Clone, Copy)]
struct Recurrence<R> {
    /// c⁴, c³, c², c.
    powers: [R; WIDTH],
    /// A of the step after those to come.
    next: R,
}

impl<R: Real> Recurrence<R> {
    fn new(decay: R) -> Self {
        let square = decay * decay;
        Self { powers: [square * square, square * decay, square, decay], next: R::ZERO }
    }

    fn step(&mut self, error: R) -> R {
        let [.., decay] = self.powers;
        self.next = error + decay * self.next;
        self.next
    }

    /// Sums of two steps, then of four, then what follows them: of three roundings only the last waits
    /// for the steps after.
    fn steps(&mut self, [a, b, c, d]: [R; WIDTH]) -> [R; WIDTH] {
        let [.., square, decay] = self.powers;
        let pairs = [a + decay * b, b + decay * c, c + decay * d, d];
        let all = [pairs[0] + square * pairs[2], pairs[1] + square * pairs[3], pairs[2], pairs[3]];
        let next = self.next;
        let sums: [R; WIDTH] = core::array::from_fn(|i| all[i] + self.powers[i] * next);
        self.next = sums[0];
        sums
    }
}
