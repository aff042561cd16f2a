//! An estimate of a run's memory, by counting what is in memory in each of its stages.

use super::Stage;
use crate::engine::ActionValues;
use rlhf_core::loss::{Against, Normalizer};
use rlhf_core::model::Architecture;
use rlhf_train::profile::{Method, OnlineMethod, Opponent, Profile, RewardNormalization};
use rlhf_train::{ROWS_AT_ONCE, TOKENS_AT_ONCE};
use serde::Serialize;

/// The memory of the stage of a run that takes the most, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Memory {
    /// The stage that takes the most.
    pub stage: Stage,
    /// Weights of all networks, with a copy of each that samples in the order that sampling reads.
    pub weights: u64,
    /// Gradients of the networks that learn.
    pub gradients: u64,
    /// Adam's two moments, of the networks that learn.
    pub moments: u64,
    /// The moving average of the policy's weights.
    pub average: u64,
    /// Activations that a pass keeps for the gradients of a network that learns, and those of a pass through each
    /// network that scores.
    pub activations: u64,
    /// Cached keys and values of responses while they are written.
    pub cache: u64,
}

/// The sizes that the memory of a run depends on.
pub(super) struct Workload<'a> {
    pub profile: &'a Profile,
    pub base: &'a Architecture,
    /// True if the base is pretrained first.
    pub new: bool,
    pub teacher: Option<&'a Architecture>,
    /// The longest transcript, in tokens.
    pub context: usize,
    /// The longest prompt with its response, in tokens.
    pub sequence: usize,
    /// The length of texts that the base samples for the pretraining mix, where it does.
    pub corpus: Option<usize>,
    /// The number of held-out prompts that are answered at the end.
    pub prompts: usize,
    /// Responses that grow at the same time, at most.
    pub at_once: usize,
}

/// Bytes of a number.
const F32: u64 = 4;
/// Logits are made in tiles of this many bytes.
const TILE: u64 = 1 << 25;
/// Answers of the supervised model that a reward is centered on.
const CENTER: u64 = 256;
/// The vectors of TRPO, in numbers of 4 bytes for each weight: three of f32, and five of f64 in its linear solver.
const TRUST_REGION: u64 = 3 + 2 * 5;

impl Memory {
    /// Returns the memory of the one of these stages that takes the most.
    pub(super) fn of(stages: &[Stage], run: &Workload<'_>) -> Self {
        let all = stages.iter().flat_map(|stage| run.parts(*stage));
        let nothing = run.part(stages.last().copied().unwrap_or(Stage::Align)).memory;
        all.fold(nothing, |most, part| if part.total() > most.total() { part } else { most })
    }

    /// Returns the sum.
    pub fn total(&self) -> u64 {
        [self.weights, self.gradients, self.moments, self.average, self.activations, self.cache].iter().sum()
    }
}

/// The memory of a part of a stage, network by network.
struct Part {
    memory: Memory,
    /// Tokens that a network passes over at once.
    tokens: u64,
}

impl Part {
    /// A network that only has weights.
    fn keep(&mut self, network: &Architecture) {
        self.memory.weights += F32 * network.parameters() as u64;
    }

    /// A network that learns.
    fn learn(&mut self, network: &Architecture) {
        let parameters = network.parameters() as u64;
        // A tied head's gradient is summed apart.
        let head = if network.tied { (network.vocabulary * network.width) as u64 } else { 0 };
        let (layer, ends) = activations(network);
        self.keep(network);
        self.memory.gradients += F32 * (parameters + head);
        self.memory.moments += F32 * 2 * parameters;
        self.memory.activations += F32 * self.tokens * (network.layers as u64 * layer + ends);
    }

    /// Passes through a network whose weights are in memory already.
    fn pass(&mut self, network: &Architecture) {
        let (layer, ends) = activations(network);
        self.memory.activations += F32 * self.tokens * (layer + ends);
    }

    /// A network that scores.
    fn score(&mut self, network: &Architecture) {
        self.keep(network);
        self.pass(network);
    }

    /// A copy of a network's weights to sample with, and the cache of so many responses.
    fn sample(&mut self, network: &Architecture, responses: u64, sequence: usize) {
        let key_value = 2 * (network.layers * network.kv_heads * network.head_width) as u64;
        self.keep(network);
        // Networks sample one after the other.
        let cache = F32 * key_value * sequence as u64 * responses;
        self.memory.cache = self.memory.cache.max(cache);
    }

    /// Rows of logits of so many networks.
    fn rows(&mut self, network: &Architecture, networks: u64) {
        self.memory.activations += F32 * networks * (ROWS_AT_ONCE * network.vocabulary) as u64;
    }
}

impl Workload<'_> {
    /// The networks that are in memory throughout.
    fn part(&self, stage: Stage) -> Part {
        let none =
            Memory { stage, weights: 0, gradients: 0, moments: 0, average: 0, activations: TILE, cache: 0 };
        let mut part = Part { memory: none, tokens: TOKENS_AT_ONCE.max(self.base.context) as u64 };
        [Some(self.base), self.teacher].into_iter().flatten().for_each(|network| part.keep(network));
        part
    }

    /// The parts of a stage, which follow one another.
    fn parts(&self, stage: Stage) -> Vec<Memory> {
        let mut parts = match stage {
            Stage::Pretrain if !self.new => Vec::new(),
            Stage::Supervised if self.profile.supervised.is_none() => Vec::new(),
            Stage::Pretrain | Stage::Supervised => {
                let mut part = self.part(stage);
                part.learn(self.base);
                vec![part]
            }
            Stage::Reward => vec![self.reward(), self.normalization()],
            Stage::Align => vec![self.align(), self.evaluation()],
        };
        if let Some(length) = self.corpus.filter(|_| stage != Stage::Pretrain) {
            let mut part = self.part(stage);
            part.sample(self.base, self.at_once as u64, length);
            parts.push(part);
        }
        parts.into_iter().map(|part| part.memory).collect()
    }

    /// Adds the memory of so many responses of a network of the base's shape.
    fn respond(&self, part: &mut Part, responses: u64) {
        part.sample(self.base, responses.min(self.at_once as u64), self.sequence);
    }

    /// The networks of the reward model.
    fn members(&self) -> u32 {
        self.profile.reward.members().members
    }

    /// Returns the memory of reward models that learn side by side, beside the supervised model.
    fn reward(&self) -> Part {
        let mut part = self.part(Stage::Reward);
        part.keep(self.base);
        (0..self.members()).for_each(|_| part.learn(&self.base.with_scalar()));
        part
    }

    /// Scores of demonstrations, or of the supervised model's answers.
    fn normalization(&self) -> Part {
        let mut part = self.part(Stage::Reward);
        part.keep(self.base);
        (0..self.members()).for_each(|_| part.score(&self.base.with_scalar()));
        match self.profile.reward.normalization {
            RewardNormalization::None | RewardNormalization::CenterOnDemonstrations => {}
            RewardNormalization::CenterOnReference => self.respond(&mut part, CENTER),
            RewardNormalization::Ziegler2019 { samples } => self.respond(&mut part, samples.into()),
        }
        part
    }

    /// Answers of the supervised model and of the policy to held-out prompts.
    fn evaluation(&self) -> Part {
        let mut part = self.part(Stage::Align);
        for _ in ["supervised model", "policy"] {
            part.score(self.base);
            self.respond(&mut part, self.prompts as u64);
        }
        if let Method::Ilql(_) = self.profile.method {
            (0..2).for_each(|_| part.keep(&ActionValues::architecture(self.base)));
        }
        (0..self.members()).for_each(|_| part.score(&self.base.with_scalar()));
        part
    }

    /// Returns the memory of step 3 under its method. The supervised model is in memory, as are the reward models.
    fn align(&self) -> Part {
        let (base, scalar) = (self.base, self.base.with_scalar());
        let mut part = self.part(Stage::Align);
        if let Some((texts, length)) = self.unsplit_texts() {
            part.tokens = part.tokens.max(texts.saturating_mul(length as u64));
        }
        part.keep(base);
        (0..self.members()).for_each(|_| part.keep(&scalar));
        match self.profile.method {
            Method::Ilql(_) => {
                // Both heads learn, and have a target that follows.
                let head = ActionValues::architecture(base);
                (0..2).for_each(|_| part.learn(&head));
                (0..2).for_each(|_| part.score(&head));
                part.learn(&scalar);
                part.rows(base, 4);
            }
            _ => part.learn(base),
        }
        match self.profile.method {
            Method::Ppo | Method::Nlpo(_) => {
                part.learn(&scalar);
                if self.profile.ppo.average.is_some() {
                    part.memory.average += F32 * base.parameters() as u64;
                }
            }
            Method::Trpo(_) => part.memory.gradients += F32 * TRUST_REGION * base.parameters() as u64,
            _ => {}
        }
        match self.profile.method {
            // The mask policy.
            Method::Nlpo(_) => part.score(base),
            // The sampler that lags behind.
            Method::OnPolicy(settings) if settings.stale > 0 => part.keep(base),
            Method::Distillation(_) => {
                self.teacher.into_iter().for_each(|teacher| part.pass(teacher));
                // The teacher's, the student's, and their gradients.
                part.rows(base, 3);
            }
            _ => {}
        }
        if self.reference() {
            part.pass(base);
        }
        if let Some(responses) = self.profile.responses_per_iteration() {
            self.respond(&mut part, responses);
            match self.profile.method {
                Method::Distillation(_) => {}
                _ => (0..self.members()).for_each(|_| part.pass(&scalar)),
            }
        }
        // An opponent that samples too.
        if let Method::Online(settings) = self.profile.method
            && let OnlineMethod::Xpo { .. }
            | OnlineMethod::NashMd { opponent: Opponent::Reference | Opponent::Mixture { .. }, .. } =
                settings.method
        {
            self.respond(&mut part, settings.prompts.into());
        }
        part
    }

    /// Returns whether step 3 reads the log-probabilities of a reference.
    fn reference(&self) -> bool {
        match self.profile.method {
            Method::Preference(settings) => settings.objective.against == Against::Reference,
            Method::Bandit(_) | Method::Distillation(_) | Method::Ilql(_) => false,
            _ => true,
        }
    }

    /// Texts that step 3 passes over at once whatever their number, where there are such, and their length.
    fn unsplit_texts(&self) -> Option<(u64, usize)> {
        let responses = self.profile.responses_per_iteration().unwrap_or(0);
        match self.profile.method {
            Method::Ppo | Method::Nlpo(_) => {
                let ppo = &self.profile.ppo;
                // The threshold is on the mean over a minibatch.
                ppo.ratio_threshold?;
                Some((responses.div_ceil(ppo.minibatches.max(1).into()), self.sequence))
            }
            Method::Trpo(_) => Some((responses, self.sequence)),
            Method::Preference(settings) if settings.objective.sorts() => {
                Some((2 * u64::from(settings.passes.batch), self.context))
            }
            Method::Bandit(settings) if settings.objective.normalizer == Normalizer::Weights => {
                Some((settings.passes.batch.into(), self.context))
            }
            _ => None,
        }
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

/// The memory that this machine has free, in bytes, where that is known.
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
    use rlhf_train::profile::Profile;

    /// 10 ids, 16 positions, 8 wide, layers of 2 heads, an MLP of 32.
    fn base(layers: usize) -> Architecture {
        Architecture::gpt2(10, 16, 8, layers, 2)
    }

    fn of(layers: usize, stages: &[Stage], profile: &Profile) -> Memory {
        let base = base(layers);
        let run = Workload {
            profile,
            base: &base,
            new: true,
            teacher: None,
            context: 16,
            sequence: 12,
            corpus: None,
            prompts: 3,
            at_once: 5,
        };
        Memory::of(stages, &run)
    }

    fn align(layers: usize, method: &str) -> Memory {
        of(layers, &[Stage::Align], &Profile::instructgpt().with_method(method, 8).unwrap())
    }

    #[test]
    fn it_is_what_a_hand_counts() {
        let layer = (8 + 8) + (8 * 24 + 24) + (8 * 8 + 8) + (8 + 8) + (8 * 32 + 32) + (32 * 8 + 8);
        let n = 80 + 128 + layer + 16;
        assert_eq!(base(1).parameters(), n);
        let n = n as u64;
        // A layer, which is all there is, and the ends of the network.
        let pass = 4 * 8192 * ((32 + 4 + 24 + 2 + 8 + 32) + (26 + 32));
        let m = align(1, "ppo");
        assert_eq!((m.stage, m.weights), (Stage::Align, 4 * (6 * n + 2 * 9)));
        assert_eq!(m.gradients, 4 * (2 * n + 9 + 160));
        assert_eq!(m.moments, 8 * (2 * n + 9));
        assert_eq!(m.average, 4 * n);
        assert_eq!(m.activations, 4 * pass + (1 << 25));
        assert_eq!(m.cache, 4 * 2 * 8 * 12 * 5);
        assert_eq!(m.total(), m.weights + m.gradients + m.moments + m.average + m.activations + m.cache);
        assert_eq!(of(1, &[Stage::Align], &Profile::trl()).average, 0);
        // One network that learns, beside the base.
        for stage in [Stage::Pretrain, Stage::Supervised] {
            let m = of(1, &[stage], &Profile::instructgpt());
            assert_eq!((m.stage, m.weights, m.gradients, m.moments), (stage, 8 * n, 4 * (n + 80), 8 * n));
            assert_eq!((m.average, m.activations, m.cache), (0, pass + (1 << 25), 0));
        }
        // One with a scalar head, beside the base and the supervised model.
        let m = of(1, &[Stage::Reward], &Profile::instructgpt());
        assert_eq!((m.weights, m.gradients), (4 * (3 * n + 9), 4 * (n + 9 + 80)));
        // No critic, and no average.
        let m = align(1, "grpo");
        assert_eq!((m.weights, m.gradients, m.average), (4 * (5 * n + 9), 4 * (n + 80), 0));
        assert_eq!((m.activations, m.cache), (3 * pass + (1 << 25), 4 * 2 * 8 * 12 * 5));
    }

    #[test]
    fn a_stage_takes_what_its_networks_take() {
        let profile = Profile::instructgpt();
        let stage = |stage| of(6, &[stage], &profile).total();
        assert!(
            stage(Stage::Supervised) < stage(Stage::Reward) && stage(Stage::Reward) < stage(Stage::Align)
        );
        // A run takes what its greatest stage takes, not their sum.
        assert_eq!(of(6, &Stage::ALL, &profile), of(6, &[Stage::Align], &profile));
        let mut members = profile;
        members.reward.ensemble =
            Some(rlhf_train::profile::RewardEnsemble { members: 8, ..members.reward.members() });
        assert_eq!(of(6, &Stage::ALL, &members).stage, Stage::Reward);
    }

    #[test]
    fn a_method_takes_what_its_networks_take() {
        let total = |method| align(6, method).total();
        assert!(total("grpo") < total("ppo") && total("ppo") < total("nlpo"));
        assert!(total("rloo") < total("nash_md") && total("best_of_n") < total("ppo"));
        assert!(total("trpo") > total("rloo"), "its solver's vectors");
        // Answers are sampled at the end, and nothing learns by then.
        for method in ["dpo", "simpo", "kto", "ips"] {
            assert!(total(method) < total("grpo"), "{method}");
        }
        assert!(total("simpo") < total("dpo"), "no pass through a reference");
        assert!(total("ilql") > total("dpo"), "three networks learn");
    }

    #[test]
    fn what_is_free_is_read() {
        assert_eq!(free("MemTotal: 9 kB\nMemAvailable:     123 kB\n"), Some(123 * 1024));
        assert_eq!(free("MemTotal: 9 kB\n"), None);
    }
}
