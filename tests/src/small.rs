//! A run of PPO so small that a test can look at every step of it.

use rlhf::train::profile::{self, Profile, WarmUpLength};
use rlhf::train::{Examples, IterationReport, Models, Ppo, TrainError, now};
use rlhf_core::model::{Architecture, Family};
use rlhf_core::roles::Reward;
use rlhf_core::sampling::StopCriteria;
use rlhf_cpu::{Cpu, Isa, Model};

/// The number of token ids; 0 ends a text.
pub const VOCABULARY: usize = 11;

/// A small network of the Llama family, whose head is its own tensor.
pub fn architecture() -> Architecture {
    let gpt2 = Architecture::gpt2(VOCABULARY, 24, 16, 1, 2);
    Architecture { family: Family::Llama, hidden: 32, tied: false, ..gpt2 }
}

/// A random network on so many threads.
pub fn network(threads: usize, seed: u64) -> Model {
    Model::random(&Cpu::new(threads, Isa::best()), architecture(), seed).unwrap()
}

/// Copies a network and sets one weight to NaN: an element of the embedding of `token`, which affects the texts
/// that read this token, and no others.
pub fn broken_at(model: &Model, token: u32) -> Model {
    let mut weights = model.weights().to_vec();
    weights[token as usize * model.architecture().width] = f32::NAN;
    Model::from_weights(model.cpu(), model.architecture().clone(), weights).unwrap()
}

/// The bits of all weights.
pub fn bits(model: &Model) -> Vec<u32> {
    model.weights().iter().map(|w| w.to_bits()).collect()
}

/// InstructGPT's settings for networks this small, without warm-up, pretraining mix and average.
pub fn settings() -> profile::Ppo {
    let mut settings = Profile::instructgpt().ppo;
    (settings.pretraining, settings.average, settings.minibatches) = (None, None, 2);
    for optimizer in [&mut settings.policy, &mut settings.critic] {
        (optimizer.learning_rate, optimizer.warm_up) = (3e-3, WarmUpLength::Steps(0));
    }
    settings
}

/// Everybody who takes part but the reward, the policy as a type of the test's choice.
pub struct Small<P = Model> {
    /// Learns.
    pub policy: P,
    /// Learns.
    pub critic: Model,
    /// Stays.
    pub reference: Model,
    /// 16 prompts of two tokens.
    pub prompts: Examples,
    /// The run.
    pub ppo: Ppo,
    /// The texts of the pretraining mix.
    pub mix: Examples,
}

/// Responses end with 0, with 1, or at 8 tokens.
pub const STOPPING: StopCriteria<'static> = StopCriteria { max_new_tokens: 8, eos: &[0], stop: &[1] };

impl Small {
    /// Policy and reference are the same network; the critic starts at 0.
    pub fn new(settings: profile::Ppo, seed: u64) -> Self {
        Self::on(network(2, seed), settings, seed)
    }

    /// Creates the run of [`Self::new`] with this network.
    pub fn on(model: Model, settings: profile::Ppo, seed: u64) -> Self {
        let prompts = (0..16u32).map(|i| ([2 + i % 4, 6 + i % 5], []));
        Self {
            critic: model.with_scalar_head(0.0, seed).unwrap(),
            reference: model.clone(),
            policy: model,
            prompts: Examples::try_from_iter(prompts).unwrap(),
            ppo: Ppo::new(settings, 100, seed).unwrap(),
            mix: Examples::default(),
        }
    }

    /// Replaces the policy.
    pub fn with_policy<P>(self, policy: impl FnOnce(Model) -> P) -> Small<P> {
        let Self { policy: model, critic, reference, prompts, ppo, mix } = self;
        Small { policy: policy(model), critic, reference, prompts, ppo, mix }
    }
}

impl<P> Small<P>
where
    P: rlhf_core::roles::Averaged
        + rlhf_core::roles::Policy
        + rlhf_core::roles::Learner<Error = rlhf_cpu::EngineError>
        + rlhf_core::roles::Reference<Error = rlhf_cpu::EngineError>,
{
    /// One rollout, and what is learnt from it.
    ///
    /// # Errors
    /// The trainer's.
    pub fn iterate<R: Reward<Error: 'static>>(
        &mut self,
        reward: &mut R,
    ) -> Result<IterationReport, TrainError> {
        let (policy, critic, reference) = (&mut self.policy, &mut self.critic, &mut self.reference);
        let mut models =
            Models::new(policy).with_reference(reference).with_critic(critic).with_reward(reward);
        now(async {
            let prompts = self.prompts.sequences()?;
            self.ppo.iterate(&mut models, prompts, &STOPPING, &self.mix).await
        })
    }
}
