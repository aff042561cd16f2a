//! How much memory a run takes, by counting what is in memory when it is most: in PPO.

use rlhf_core::model::Architecture;
use rlhf_core::profile::Ppo;
use rlhf_train::TOKENS_AT_ONCE;
use serde::Serialize;

/// What PPO holds, in bytes. Policy and critic learn; reference, reward model and base do not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Memory {
    /// Weights: of policy (and a copy in the order that sampling reads), reference, base, reward
    /// model and critic.
    pub weights: u64,
    /// Gradients of policy and critic.
    pub gradients: u64,
    /// Both of Adam's moments, of policy and critic.
    pub moments: u64,
    /// The moving average of the policy's weights.
    pub average: u64,
    /// What passes over as many tokens as are shown at once keep for their gradients, in policy and
    /// critic, and what scoring them takes in reference and reward model.
    pub activations: u64,
    /// Cached keys and values of responses while they grow.
    pub cache: u64,
}

/// Bytes of a number.
const F32: u64 = 4;
/// Logits are made in tiles of this many bytes.
const TILE: u64 = 1 << 25;

impl Memory {
    /// Of PPO on a base. `sequence`: the longest prompt with its response, in tokens; `responses`:
    /// how many grow at the same time, at most.
    pub fn of(base: &Architecture, settings: &Ppo, sequence: usize, responses: usize) -> Self {
        let scalar = base.with_scalar();
        let (policy, critic) = (base.parameters() as u64, scalar.parameters() as u64);
        // A tied head's gradient is summed apart.
        let head = if base.tied { (base.vocabulary * base.width) as u64 } else { 0 };
        let tokens = TOKENS_AT_ONCE.max(base.context) as u64;
        let (layer, ends) = activations(base);
        let layers = base.layers as u64;
        let learning = layers * layer + ends;
        let scoring = layer + ends;
        let key_value = 2 * (base.layers * base.kv_heads * base.head_width) as u64;
        Self {
            weights: F32 * (4 * policy + 2 * critic),
            gradients: F32 * (policy + critic + 2 * head),
            moments: F32 * 2 * (policy + critic),
            average: if settings.average.is_some() { F32 * policy } else { 0 },
            activations: F32 * tokens * 2 * (learning + scoring) + TILE,
            cache: F32 * key_value * sequence as u64 * responses as u64,
        }
    }

    /// All of it.
    pub fn total(&self) -> u64 {
        [self.weights, self.gradients, self.moments, self.average, self.activations, self.cache].iter().sum()
    }
}

/// Numbers that a pass keeps of each token: in a layer, and at the ends of the network.
fn activations(a: &Architecture) -> (u64, u64) {
    let attention = a.heads * a.head_width;
    // Four times the stream, norms' statistics, queries, keys, values, attention and the MLP before its activation,
    // which all layers have one room for.
    let layer = 4 * a.width + 4 + a.qkv() + a.heads + attention + a.mlp_columns();
    (layer as u64, (3 * a.width + 2 + a.hidden) as u64)
}

/// The memory that this machine has free, in bytes, where it says so.
pub fn available() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    free(&text)
}

/// The figure of `/proc/meminfo`, in bytes.
fn free(text: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rlhf_core::profile::Profile;

    #[test]
    fn it_is_what_a_hand_counts() {
        // 10 ids, 16 positions, 8 wide, 1 layer of 2 heads, an MLP of 32.
        let a = Architecture::gpt2(10, 16, 8, 1, 2);
        let layer = (8 + 8) + (8 * 24 + 24) + (8 * 8 + 8) + (8 + 8) + (8 * 32 + 32) + (32 * 8 + 8);
        let n = 80 + 128 + layer + 16;
        assert_eq!(a.parameters(), n);
        let m = Memory::of(&a, &Profile::instructgpt().ppo, 12, 5);
        let n = n as u64;
        assert_eq!(m.weights, 4 * (6 * n + 2 * 9));
        assert_eq!(m.gradients, 4 * (2 * n + 9 + 160));
        assert_eq!(m.moments, 8 * (2 * n + 9));
        assert_eq!(m.average, 4 * n);
        let (layer, ends) = (32 + 4 + 24 + 2 + 8 + 32, 26 + 32);
        assert_eq!(m.activations, 4 * 8192 * 4 * (layer + ends) + (1 << 25));
        assert_eq!(m.cache, 4 * 2 * 8 * 12 * 5);
        assert_eq!(m.total(), m.weights + m.gradients + m.moments + m.average + m.activations + m.cache);
        assert_eq!(Memory::of(&a, &Profile::trl().ppo, 12, 5).average, 0);
    }

    #[test]
    fn what_is_free_is_read() {
        assert_eq!(free("MemTotal: 9 kB\nMemAvailable:     123 kB\n"), Some(123 * 1024));
        assert_eq!(free("MemTotal: 9 kB\n"), None);
    }
}
