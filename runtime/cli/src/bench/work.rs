//! The works that can be timed, and their cost.

use super::cost::{Cost, Pass, adamw};
use super::kernel::{self, Kind};
use super::text::dialogues;
use super::{loops, ppo, value_head};
use rlhf_core::model::Architecture;

/// Sequences and tokens of each, by default.
pub(super) const ROWS: usize = 8;
pub(super) const LENGTH: usize = 128;
/// Dialogues of a ragged batch.
const DIALOGUES: usize = 32;

/// A kind of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// `load`: a network from a file, which the system has in its memory.
    Load,
    /// `forward`: log-probabilities of 8 × 128 tokens.
    Forward,
    /// `train-8`, `train-32`, `train-128`: cross-entropy on so many sequences of 128 tokens forward and
    /// backward, and AdamW.
    Train {
        /// The number of sequences.
        sequences: usize,
    },
    /// `train-alone`: `train-8` on one thread of the CPU engine.
    TrainAlone,
    /// `ragged`: the same on 32 sequences as long as dialogues are.
    Ragged,
    /// `reward`: the Bradley–Terry loss on 8 pairs of 128 tokens, clipped, and AdamW.
    Reward,
    /// `greedy-1`, `drawn-32`: so many prompts of 32 tokens, each continued by 64.
    Sample {
        /// The number of prompts.
        prompts: usize,
        /// True if tokens are drawn, false if the most probable ones are taken.
        drawn: bool,
    },
    /// `ppo`: one iteration on 32 prompts of 32 tokens continued by 64, 4 epochs of 4 minibatches, with
    /// reward model, critic and reference of the same size.
    Ppo,
    /// `ppo-value-head`: the same with a value head on the policy in the place of the critic.
    PpoValueHead,
    /// `advantages`: GAE on 16,384 responses of 64 tokens, whitened; on one thread, whatever the network.
    Advantages,
    /// `losses`: PPO's clipped losses of policy and critic with their gradients, on as many tokens; on one thread,
    /// whatever the network.
    Losses,
    /// `product-f32`, `product-bf16`, `product-int8`, `product-int4`: 240 rows times the weights of an MLP's input by
    /// one kernel on one thread, beside the most that the processor does with such factors in registers.
    Product(Kind),
    /// `row-f32` and so on: the same of one row, which waits for memory where the weights fit no cache.
    Row(Kind),
}

impl Work {
    /// All works.
    pub fn all() -> Vec<Self> {
        let mut all = vec![Self::Load, Self::Forward];
        all.extend([8, 32, 128].map(|sequences| Self::Train { sequences }));
        all.extend([Self::TrainAlone, Self::Ragged, Self::Reward]);
        for drawn in [false, true] {
            all.extend([1, 8, 32].map(|prompts| Self::Sample { prompts, drawn }));
        }
        all.extend([Self::Ppo, Self::PpoValueHead, Self::Advantages, Self::Losses]);
        all.extend(Kind::ALL.map(Self::Product));
        all.extend(Kind::ALL.map(Self::Row));
        all
    }

    /// Its name, as its documentation begins.
    pub fn name(self) -> String {
        match self {
            Self::Load => "load".into(),
            Self::Forward => "forward".into(),
            Self::Train { sequences } => format!("train-{sequences}"),
            Self::TrainAlone => "train-alone".into(),
            Self::Ragged => "ragged".into(),
            Self::Reward => "reward".into(),
            Self::Sample { prompts, drawn } => {
                format!("{}-{prompts}", if drawn { "drawn" } else { "greedy" })
            }
            Self::Ppo => "ppo".into(),
            Self::PpoValueHead => "ppo-value-head".into(),
            Self::Advantages => "advantages".into(),
            Self::Losses => "losses".into(),
            Self::Product(kind) => format!("product-{}", kind.name()),
            Self::Row(kind) => format!("row-{}", kind.name()),
        }
    }

    /// The lengths of the sequences that it reads from beginning to end; none where it writes.
    pub fn lengths(self, a: &Architecture) -> Vec<usize> {
        match self {
            Self::Forward | Self::TrainAlone => vec![LENGTH; ROWS],
            Self::Train { sequences } => vec![LENGTH; sequences],
            Self::Ragged => dialogues(DIALOGUES, a.context),
            Self::Reward => vec![LENGTH; 2 * ROWS],
            Self::Load | Self::Sample { .. } | Self::Ppo | Self::PpoValueHead => Vec::new(),
            Self::Advantages | Self::Losses | Self::Product(_) | Self::Row(_) => Vec::new(),
        }
    }

    /// Returns the number of units in a repetition, and their name.
    pub fn units(self, a: &Architecture) -> (f64, &'static str) {
        match self {
            Self::Load => (1.0, "networks"),
            Self::Reward => (ROWS as f64, "pairs"),
            Self::Sample { prompts, .. } => ((prompts * ppo::NEW) as f64, "new tokens"),
            Self::Ppo | Self::PpoValueHead => ((ppo::PROMPTS * ppo::NEW) as f64, "new tokens"),
            Self::Advantages | Self::Losses => (loops::TOKENS as f64, "tokens"),
            Self::Product(_) => (kernel::ROWS as f64, "rows"),
            Self::Row(_) => (1.0, "rows"),
            _ => (self.lengths(a).iter().sum::<usize>() as f64, "tokens"),
        }
    }

    /// Returns the cost.
    pub fn cost(self, a: &Architecture) -> Cost {
        let lengths = self.lengths(a);
        match self {
            // Read and written.
            Self::Load => Cost::default().and_bytes(8.0 * a.parameters() as f64),
            Self::Forward => Pass::whole(&lengths).forward(a),
            Self::Train { .. } | Self::TrainAlone | Self::Ragged => {
                Pass::whole(&lengths).learning(a).and_bytes(adamw(a))
            }
            Self::Reward => Pass::scored(&lengths).learning(a).and_bytes(adamw(a)),
            Self::Sample { prompts, .. } => ppo::sampling(a, prompts),
            Self::Ppo => ppo::cost(a),
            Self::PpoValueHead => value_head::cost(a),
            Self::Advantages => loops::advantages_cost(),
            Self::Losses => loops::losses_cost(),
            Self::Product(kind) => kernel::cost(kind, kernel::ROWS, a),
            Self::Row(kind) => kernel::cost(kind, 1, a),
        }
    }

    /// Returns whether one thread of the processor does it, whatever the device has.
    pub(super) fn alone(self) -> bool {
        matches!(self, Self::TrainAlone | Self::Advantages | Self::Losses | Self::Product(_) | Self::Row(_))
    }

    /// Returns what it multiplies, where one kernel does it.
    pub(super) fn kind(self) -> Option<Kind> {
        match self {
            Self::Product(kind) | Self::Row(kind) => Some(kind),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_work_has_a_name_of_its_own_and_a_cost() {
        let tiny = Architecture::gpt2(512, 1024, 128, 4, 4);
        let all = Work::all();
        let names: BTreeSet<_> = all.iter().map(|work| work.name()).collect();
        assert_eq!(names.len(), all.len());
        for work in all {
            let (count, _) = work.units(&tiny);
            let cost = work.cost(&tiny);
            assert!(count > 0.0 && cost.bytes > 0.0, "{work:?}");
            let moves = [Work::Load, Work::Advantages, Work::Losses].contains(&work);
            assert_eq!(cost.products > 0.0, !moves);
        }
    }

    #[test]
    fn costs_grow_as_the_work_does() {
        let tiny = Architecture::gpt2(512, 1024, 128, 4, 4);
        let train = |sequences| Work::Train { sequences }.cost(&tiny).operations();
        assert_eq!(train(128), 16.0 * train(8));
        assert_eq!(train(8), 3.0 * Work::Forward.cost(&tiny).operations());
        assert!(Work::PpoValueHead.cost(&tiny).operations() < Work::Ppo.cost(&tiny).operations());
        // 16 whole sequences without a head, less most of the last of four layers.
        let share = Work::Reward.cost(&tiny).operations() / train(16);
        assert!((0.7..0.9).contains(&share), "{share}");
    }
}
