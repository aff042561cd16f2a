//! Products in 16 bits: near to 32, and small gradients are not lost.

mod shared;

use rlhf_core::optim::{Adam, Update};
use rlhf_core::random::{Key, Stream};
use rlhf_core::roles::{Learner, Policy, Reference};
use rlhf_core::sampling::{SamplingParams, StopCriteria};
use rlhf_core::{Batch, Ragged, ready};
use shared::backend::{Device, EngineError, Model, Precision, multiplies};
use shared::texts::{Everything, Texts};
use shared::tolerance::HALVED;
use shared::{devices, is_processor, llama, weights};

fn model(device: &Device, precision: Precision) -> Result<Model, EngineError> {
    let a = llama().with_scalar();
    Model::from_weights(device, a.clone(), &weights(&a, 1)).unwrap().with_precision(precision)
}

fn update(learning_rate: f64) -> Update {
    Update { learning_rate, adam: Adam { epsilon: 1e-5, ..Adam::default() }, max_grad_norm: None }
}

/// Each precision on each device that has it.
fn each(mut run: impl FnMut(&Device, Precision, Model)) {
    for device in devices() {
        for precision in [Precision::Bf16, Precision::F16] {
            match model(&device, precision) {
                Ok(model) => run(&device, precision, model),
                Err(error) => assert!(!multiplies(&device, precision), "{error}"),
            }
        }
    }
}

#[test]
fn rollouts_scores_and_passes_of_16_bits_agree() {
    each(|device, precision, mut model| {
        let prompts = Texts::random(&[2, 6, 3], 17, 1);
        let stopping = StopCriteria { max_new_tokens: 8, eos: &[], stop: &[] };
        let (key, sampling) = (Key::new(1, Stream::Sampling, 0), SamplingParams::at_temperature(1.0));
        let written =
            ready(model.sample(prompts.sequences(), &sampling, &stopping, key, 0)).unwrap().unwrap();
        let (mut tokens, mut ends, mut loss_mask) = (Vec::new(), Vec::new(), Vec::new());
        for (i, (prompt, _)) in prompts.sequences().sequences().enumerate() {
            tokens.extend([prompt, written.response(i)].concat());
            loss_mask.extend((0..prompt.len() + 8).map(|t| t >= prompt.len()));
            ends.push(tokens.len());
        }
        let batch = Batch::new(Ragged::new(&tokens, &ends).unwrap(), &loss_mask).unwrap();
        let mut scores = vec![0.0; tokens.len()];
        ready(model.log_probs(batch, &mut scores)).unwrap().unwrap();
        let mut full = vec![0.0; tokens.len()];
        let mut plain = self::model(device, Precision::F32).unwrap();
        ready(plain.log_probs(batch, &mut full)).unwrap().unwrap();
        let own_scores: Vec<f32> = (0..tokens.len()).filter(|&t| loss_mask[t]).map(|t| scores[t]).collect();
        for (sampled, scored) in written.log_probs.iter().zip(own_scores) {
            assert!((sampled - scored).abs() < HALVED, "{precision:?}: {sampled} and {scored}");
        }
        assert!(scores.iter().zip(&full).all(|(a, b)| (a - b).abs() < HALVED), "{precision:?}");
        assert_ne!(scores, full, "{precision:?} is f32");
    });
}

#[test]
fn learning_in_16_bits_follows_32() {
    let curve = |model: &mut Model| -> Vec<f64> {
        let texts = Texts::random(&[4, 9, 15], 17, 2);
        let mut step = || {
            let mut objective = Everything { tokens: 28.0, scalar: true };
            let loss = ready(model.accumulate(texts.batch(), &mut objective)).unwrap().unwrap();
            ready(model.step(&update(3e-3))).unwrap().unwrap();
            loss
        };
        (0..50).map(|_| step()).collect()
    };
    each(|device, precision, mut model| {
        let want = curve(&mut self::model(device, Precision::F32).unwrap());
        let got = curve(&mut model);
        assert!(want[49] < 0.5 * want[0]);
        let scale = want[0] as f32;
        for (got, want) in got.iter().zip(&want) {
            assert!(((got - want) as f32).abs() < HALVED * scale, "{precision:?}: {got} and {want}");
        }
    });
}

#[test]
fn a_gradient_far_below_16_bits_is_not_lost() {
    each(|_, precision, mut model| {
        let texts = Texts::random(&[4, 9], 17, 3);
        let mut norm = |tokens: f32| {
            let mut objective = Everything { tokens, scalar: true };
            ready(model.accumulate(texts.batch(), &mut objective)).unwrap().unwrap();
            ready(model.step(&update(0.0))).unwrap().unwrap()
        };
        let (large, small) = (norm(13.0), norm(13.0e9));
        assert!((small * 1e9 / large - 1.0).abs() < 0.01, "{precision:?}: {large} and {small}");
    });
}

#[test]
fn what_a_processor_lacks_is_said() {
    for device in devices().into_iter().filter(is_processor) {
        for precision in [Precision::Bf16, Precision::F16] {
            let refused = model(&device, precision).err();
            let want = EngineError::Precision { precision, name: device.name().into() };
            assert_eq!(refused, (!multiplies(&device, precision)).then_some(want));
        }
    }
}
