//! The trainers of `rlhf` run here as they run on the CPU engine: the same code, the same seeds.

mod shared;

use rlhf_core::model::{Architecture, Family};
use rlhf_core::roles::{Averaged, Critic, Learner, Policy, Reference};
use rlhf_core::sampling::StopCriteria;
use rlhf_cpu::Cpu;
use rlhf_train::profile::{self, Profile, WarmUpLength};
use rlhf_train::{Examples, Models, Ppo, now, supervised};
use shared::backend::{Device, Model};
use shared::devices;
use shared::tolerance::LOSS_CURVE;

/// 0 ends a text.
fn architecture() -> Architecture {
    Architecture { family: Family::Llama, hidden: 32, tied: false, ..Architecture::gpt2(11, 24, 16, 1, 2) }
}

fn base() -> rlhf_cpu::Model {
    rlhf_cpu::Model::random(&Cpu::default(), architecture(), 1).unwrap()
}

fn here(device: &Device, model: &rlhf_cpu::Model) -> Model {
    Model::from_weights(device, model.architecture().clone(), model.weights()).unwrap()
}

/// The losses of two passes over texts that count on from where they start.
fn learn_to_count<L: Learner<Error: 'static>>(learner: &mut L) -> Vec<f64> {
    let texts = (0..40u32).map(|i| ([2 + i % 8], [2 + (i + 1) % 8, 2 + (i + 2) % 8, 0]));
    let texts = Examples::try_from_iter(texts).unwrap();
    let mut settings = Profile::instructgpt().supervised.unwrap();
    (settings.batch, settings.epochs, settings.optimizer.learning_rate) = (8, 2, 1e-2);
    settings.optimizer.warm_up = WarmUpLength::Steps(0);
    let mut losses = Vec::new();
    now(supervised(learner, &texts, &settings, 1, &mut |step| losses.push(step.loss))).unwrap();
    losses
}

#[test]
fn supervised_fine_tuning_follows_the_cpu_engine() {
    let want = learn_to_count(&mut base());
    assert!(want.last().unwrap() < &(0.9 * want[0]), "{want:?}");
    for device in devices() {
        let got = learn_to_count(&mut here(&device, &base()));
        assert_eq!(got.len(), want.len());
        assert!(got.iter().zip(&want).all(|(a, b)| (a - b).abs() < LOSS_CURVE * b), "{got:?} {want:?}");
    }
}

/// InstructGPT's settings for networks this small.
fn settings() -> profile::Ppo {
    let mut settings = Profile::instructgpt().ppo;
    (settings.pretraining, settings.minibatches) = (None, 2);
    for optimizer in [&mut settings.policy, &mut settings.critic] {
        (optimizer.learning_rate, optimizer.warm_up) = (3e-3, WarmUpLength::Steps(0));
    }
    settings
}

/// Mean scores of iterations of PPO against a rule that likes fours, and what the first one wrote.
fn please<P, C, F>(policy: &mut P, critic: &mut C, reference: &mut F, count: usize) -> (Vec<f64>, Vec<u32>)
where
    P: Policy + Averaged + Learner<Error = <P as Reference>::Error>,
    C: Critic + Learner<Error = <C as Critic>::Error>,
    F: Reference,
    <P as Reference>::Error: 'static,
    <C as Critic>::Error: 'static,
    <F as Reference>::Error: 'static,
{
    let prompts = Examples::try_from_iter((0..16u32).map(|i| ([2 + i % 4, 6 + i % 5], []))).unwrap();
    let stopping = StopCriteria { max_new_tokens: 8, eos: &[0], stop: &[1] };
    let mut reward = |text: &[u32]| text.iter().filter(|&&t| t == 4).count() as f32;
    let mut ppo = Ppo::new(settings(), count as u64, 1).unwrap();
    let (mut scores, mut written) = (Vec::new(), Vec::new());
    for _ in 0..count {
        let mut models = Models::new(&mut *policy)
            .with_reference(&mut *reference)
            .with_critic(&mut *critic)
            .with_reward(&mut reward);
        let sequences = prompts.sequences().unwrap();
        let report = now(ppo.iterate(&mut models, sequences, &stopping, &Examples::default())).unwrap();
        scores.push(report.score);
        if written.is_empty() {
            written = report.rollouts.sequences().tokens().to_vec();
        }
    }
    (scores, written)
}

#[test]
fn ppo_writes_what_the_cpu_engine_writes_and_learns_to_please() {
    let (policy, critic) = (base(), base().with_scalar_head(0.0, 1).unwrap());
    let (first, want) = please(&mut policy.clone(), &mut critic.clone(), &mut policy.clone(), 1);
    for device in devices() {
        let (mut learner, mut judge) = (here(&device, &policy), here(&device, &critic));
        let (scores, written) = please(&mut learner, &mut judge, &mut here(&device, &policy), 30);
        assert_eq!((scores[0], written), (first[0], want.clone()));
        assert!(scores[29] > scores[0] + 2.0, "{scores:?}");
    }
}
