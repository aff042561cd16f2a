//! A network says, writes and learns the same here as on the CPU engine, and moves between the two.

mod shared;

use rlhf_core::capabilities::Candidates;
use rlhf_core::model::{Architecture, Checkpoint, CheckpointError, stored};
use rlhf_core::optim::{Adam, Decay, EpsilonAt, Update};
use rlhf_core::random::{Key, Stream};
use rlhf_core::roles::{Averaged, Learner, Policy};
use rlhf_core::sampling::{Filters, SamplingParams, StopCriteria};
use rlhf_core::{Ragged, ready};
use rlhf_cpu::Cpu;
use shared::backend::{Device, EngineError, Model};
use shared::texts::{Everything, Texts};
use shared::tolerance::{LOGITS, LOSS_CURVE, distance};
use shared::{devices, gpt2, llama, networks, weights};
use std::collections::BTreeMap;

/// ε stands above gradients that are 0 but for rounding, as that of a key's bias is: AdamW would move such
/// weights as far as others, and not the same way twice.
const PLAIN: Adam = Adam {
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-5,
    epsilon_at: EpsilonAt::Corrected,
    weight_decay: 0.0,
    decay: Decay::Decoupled,
};

/// Creates the same network on the CPU engine and on `device`.
fn both(device: &Device, a: &Architecture, seed: u64) -> (rlhf_cpu::Model, Model) {
    let weights = weights(a, seed);
    let here = Model::from_weights(device, a.clone(), &weights).unwrap();
    (rlhf_cpu::Model::from_weights(&Cpu::default(), a.clone(), weights).unwrap(), here)
}

fn each(mut run: impl FnMut(&Device, Architecture)) {
    for device in devices() {
        for (_, architecture) in networks(&device) {
            run(&device, architecture);
        }
    }
}

#[test]
fn logits_are_the_cpu_engines_and_weights_move_both_ways_to_the_bit() {
    each(|device, a| {
        let (mut cpu, mut burn) = both(device, &a, 1);
        let texts = Texts::random(&[3, 20, 1, 11], a.vocabulary, 2);
        let want = cpu.logits(texts.sequences()).unwrap();
        let got = ready(burn.logits(texts.sequences())).unwrap().unwrap();
        let far = distance(&got, want.as_slice().unwrap());
        assert!(far < LOGITS, "{far} on {device:?}");
        assert_eq!(ready(burn.weights()).unwrap().unwrap(), cpu.weights());
    });
}

struct Memory(BTreeMap<String, (Vec<usize>, Vec<f32>)>);

impl Checkpoint for Memory {
    fn shape(&self, name: &str) -> Option<Vec<usize>> {
        Some(self.0.get(name)?.0.clone())
    }

    fn read(&self, name: &str, out: &mut [f32]) -> Result<(), CheckpointError> {
        out.copy_from_slice(&self.0[name].1);
        Ok(())
    }
}

#[test]
fn a_checkpoint_goes_in_and_comes_out() {
    each(|device, a| {
        let weights = weights(&a, 3);
        let tensors = stored(&a, &weights).unwrap();
        let named = tensors.iter().map(|t| (t.name.clone(), (t.shape.clone(), t.values().into_owned())));
        let mut checkpoint = Memory(named.collect());
        let model = Model::load(device, a.clone(), &checkpoint).unwrap();
        let again = ready(model.weights()).unwrap().unwrap();
        assert_eq!(stored(&a, &again).unwrap(), tensors);
        let name = tensors[0].name.clone();
        checkpoint.0.remove(&name);
        let missing = Model::load(device, a, &checkpoint).unwrap_err();
        assert_eq!(missing, EngineError::Checkpoint(CheckpointError::Missing { tensor: name }));
    });
}

#[test]
fn the_same_key_writes_the_same_responses() {
    let filters = Filters { temperature: 0.8, ..Filters::default() };
    let all = [
        SamplingParams::Greedy,
        SamplingParams::Draw(filters),
        SamplingParams::Draw(Filters { top_k: 5, ..filters }),
        SamplingParams::Draw(Filters { top_p: 0.7, ..filters }),
        SamplingParams::Draw(Filters { min_p: 0.3, repetition: 1.5, top_k: 9, top_p: 0.9, ..filters }),
    ];
    each(|device, a| {
        let (mut cpu, mut burn) = both(device, &a, 4);
        let prompts = Texts::random(&[3, 7, 1, 19, 5, 5], a.vocabulary, 5);
        let stopping = StopCriteria { max_new_tokens: 12, eos: &[2], stop: &[9] };
        for (step, sampling) in all.iter().enumerate() {
            let key = Key::new(6, Stream::Sampling, step as u32);
            let want = ready(cpu.sample(prompts.sequences(), sampling, &stopping, key, 7)).unwrap().unwrap();
            let got = ready(burn.sample(prompts.sequences(), sampling, &stopping, key, 7)).unwrap().unwrap();
            assert_eq!((&got.tokens, &got.ends, &got.finish), (&want.tokens, &want.ends, &want.finish));
            assert!(distance(&got.log_probs, &want.log_probs) < LOGITS);
        }
    });
}

/// Losses of fifty steps with all that a step may have: a split batch, a temperature, a clip, a decay, an
/// average.
fn curve<M: Averaged>(model: &mut M, a: &Architecture) -> Vec<f64> {
    let adam = Adam { weight_decay: 0.01, ..PLAIN };
    let mut losses = Vec::new();
    for step in 0..50 {
        let mut loss = 0.0;
        for part in 0..2 {
            // Two batches again and again, so that there is something to learn.
            let texts = Texts::random(&[4, 9, 2, 15], a.vocabulary, 10 + step % 2 + 2 * part);
            let batch = texts.batch().at_temperature(0.9).unwrap().starting_at(4 * part as u32);
            let mut objective = Everything { tokens: 60.0, scalar: a.scalar };
            loss += ready(model.accumulate(batch, &mut objective)).unwrap().unwrap();
        }
        let update = Update { learning_rate: 3e-3, adam, max_grad_norm: Some(0.5) };
        ready(model.step(&update)).unwrap().unwrap();
        ready(model.average(0.9)).unwrap().unwrap();
        losses.push(loss);
    }
    losses
}

fn follows(device: &Device, a: &Architecture) {
    let (mut cpu, mut burn) = both(device, a, 8);
    cpu.seed_dropout(5);
    burn.seed_dropout(5);
    let (want, got) = (curve(&mut cpu, a), curve(&mut burn, a));
    assert!(want[49] < 0.8 * want[1], "nothing was learnt: {want:?}");
    for (step, (got, want)) in got.iter().zip(&want).enumerate() {
        assert!((got - want).abs() < LOSS_CURVE * want.abs(), "step {step}: {got} and {want}");
    }
    ready(burn.swap_average()).unwrap().unwrap();
    let average = ready(burn.weights()).unwrap().unwrap();
    let far = distance(&average, &cpu.optimizer_state().unwrap().average);
    assert!(far < LOSS_CURVE as f32, "the averages are {far} apart");
}

#[test]
fn fifty_steps_of_one_seed_follow_the_same_curve() {
    each(|device, a| follows(device, &a));
}

/// The masks are the CPU engine's, in the pass forward and when a layer is run again.
#[test]
fn fifty_steps_with_dropout_follow_the_same_curve() {
    for device in devices() {
        for a in [gpt2().with_scalar(), llama()] {
            follows(&device, &Architecture { dropout: 0.1, ..a });
        }
    }
}

#[test]
fn learning_goes_on_on_another_backend() {
    each(|device, a| {
        let texts = Texts::random(&[5, 8], a.vocabulary, 1);
        let update = Update { learning_rate: 1e-2, adam: PLAIN, max_grad_norm: None };
        let mut objective = Everything { tokens: 11.0, scalar: a.scalar };
        let (mut cpu, mut burn) = both(device, &a, 9);
        for _ in 0..3 {
            ready(burn.accumulate(texts.batch(), &mut objective)).unwrap().unwrap();
            ready(burn.step(&update)).unwrap().unwrap();
            ready(cpu.accumulate(texts.batch(), &mut objective)).unwrap().unwrap();
            ready(cpu.step(&update)).unwrap().unwrap();
        }
        let state = ready(burn.optimizer_state()).unwrap().unwrap().unwrap();
        let weights = ready(burn.weights()).unwrap().unwrap();
        let mut moved = rlhf_cpu::Model::from_weights(&Cpu::default(), a.clone(), weights.clone()).unwrap();
        moved.set_optimizer_state(state.clone()).unwrap();
        let mut back = Model::from_weights(device, a, &weights).unwrap();
        back.set_optimizer_state(&state).unwrap();
        ready(cpu.accumulate(texts.batch(), &mut objective)).unwrap().unwrap();
        ready(cpu.step(&update)).unwrap().unwrap();
        ready(moved.accumulate(texts.batch(), &mut objective)).unwrap().unwrap();
        ready(moved.step(&update)).unwrap().unwrap();
        ready(back.accumulate(texts.batch(), &mut objective)).unwrap().unwrap();
        ready(back.step(&update)).unwrap().unwrap();
        assert!(distance(moved.weights(), cpu.weights()) < LOSS_CURVE as f32);
        assert!(distance(&ready(back.weights()).unwrap().unwrap(), cpu.weights()) < LOSS_CURVE as f32);
    });
}

#[test]
fn nothing_asked_is_nothing_answered() {
    each(|device, a| {
        let (_, mut burn) = both(device, &a, 9);
        let none = Ragged::new(&[], &[]).unwrap();
        assert!(ready(burn.logits(none)).unwrap().unwrap().is_empty());
        let stopping = StopCriteria { max_new_tokens: 3, eos: &[], stop: &[] };
        let key = Key::new(1, Stream::Sampling, 0);
        let written = ready(burn.sample(none, &SamplingParams::Greedy, &stopping, key, 0)).unwrap().unwrap();
        assert!(written.is_empty());
        let batch = rlhf_core::Batch::new(none, &[]).unwrap();
        ready(burn.top(batch, 2, &mut [], &mut [])).unwrap().unwrap();
        let mut objective = Everything { tokens: 1.0, scalar: a.scalar };
        assert_eq!(ready(burn.accumulate(batch, &mut objective)).unwrap().unwrap(), 0.0);
    });
}

#[test]
fn networks_begin_with_the_same_weights() {
    each(|device, a| {
        let cpu = rlhf_cpu::Model::random(&Cpu::default(), a.clone(), 3).unwrap();
        let burn = Model::random(device, a, 3).unwrap();
        assert_eq!(ready(burn.weights()).unwrap().unwrap(), cpu.weights());
        let headed = ready(burn.with_scalar_head(0.5, 4)).unwrap().unwrap();
        let want = cpu.with_scalar_head(0.5, 4).unwrap();
        assert_eq!(ready(headed.weights()).unwrap().unwrap(), want.weights());
        assert_eq!(headed.architecture(), want.architecture());
    });
}
