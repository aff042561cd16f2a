//! Rows 1, 2 and 14: what writes and what scores are one.

use rlhf::train::Examples;
use rlhf_core::advantage::KlEstimator;
use rlhf_core::random::{Key, Stream};
use rlhf_core::roles::{Policy, Reference};
use rlhf_core::sampling::{Filters, FinishReason, Responses, SamplingParams, StopCriteria};
use rlhf_core::{Batch, Ragged, ready};
use rlhf_cpu::Model;
use rlhf_tests::small::{STOPPING, Small, bits, network, settings};

fn write(
    model: &mut Model,
    prompts: &Examples,
    sampling: &SamplingParams,
    stopping: &StopCriteria<'_>,
) -> Responses {
    let key = Key::new(1, Stream::Sampling, 0);
    ready(model.sample(prompts.sequences().unwrap(), sampling, stopping, key, 0)).unwrap().unwrap()
}

/// The scorer's log-probabilities of what was written, one text at a time.
fn score(model: &mut Model, prompts: &Examples, written: &Responses, temperature: f32) -> Vec<f32> {
    let mut all = Vec::new();
    for i in 0..written.len() {
        let text = [prompts.text(i), written.response(i)].concat();
        let loss_mask: Vec<bool> = (0..text.len()).map(|t| t >= prompts.text(i).len()).collect();
        let ends = [text.len()];
        let batch = Batch::new(Ragged::new(&text, &ends).unwrap(), &loss_mask).unwrap();
        let mut out = vec![f32::NAN; text.len()];
        ready(model.log_probs(batch.at_temperature(temperature).unwrap(), &mut out)).unwrap().unwrap();
        all.extend_from_slice(&out[prompts.text(i).len()..]);
    }
    all
}

/// verl#2996, verl#4476, AReaL#1290, OpenRLHF#931, trl#454.
#[test]
fn row_01_the_sampler_and_the_trainer_agree_to_the_bit() {
    let mut settings = settings();
    (settings.temperature, settings.minibatches) = (0.7, 1);
    let mut small = Small::new(settings, 1);
    let seen = small.iterate(&mut |text: &[u32]| text.len() as f32).unwrap();
    assert_eq!((seen.policy.ratio_min, seen.policy.ratio_max), (1.0, 1.0));
    assert_eq!(seen.policy.log_ratio, 0.0);
}

/// open-instruct#1473: log-probabilities drifted at a learning rate of 0.
#[test]
fn row_01_nothing_drifts_at_a_learning_rate_of_0() {
    let mut settings = settings();
    (settings.policy.learning_rate, settings.epochs) = (0.0, 3);
    let mut small = Small::new(settings, 1);
    let before = bits(&small.policy);
    for _ in 0..3 {
        let seen = small.iterate(&mut |text: &[u32]| text.len() as f32).unwrap();
        assert_eq!((seen.policy.ratio_min, seen.policy.ratio_max, seen.kl), (1.0, 1.0, 0.0));
    }
    assert_eq!(bits(&small.policy), before);
}

/// trl#235, trl#351, trl#925, trl#1161, trl#1857, LlamaFactory#664, LlamaFactory#1833.
#[test]
fn row_02_the_kl_of_a_policy_from_itself_is_0_under_any_filter() {
    let small = Small::new(settings(), 1);
    let (mut policy, mut other) = (network(2, 1), network(2, 2));
    let filters = Filters { temperature: 0.7, ..Filters::default() };
    for filters in [
        filters,
        Filters { top_k: 3, ..filters },
        Filters { top_p: 0.5, ..filters },
        Filters { min_p: 0.2, repetition: 1.3, ..filters },
    ] {
        let sampling = SamplingParams::Draw(filters);
        let written = write(&mut policy, &small.prompts, &sampling, &STOPPING);
        let own = score(&mut policy, &small.prompts, &written, 0.7);
        let others = score(&mut other, &small.prompts, &written, 0.7);
        for estimator in [KlEstimator::K1, KlEstimator::K2, KlEstimator::K3] {
            let kl = |reference: &[f32]| -> f32 {
                written.log_probs.iter().zip(reference).map(|(&p, &q)| estimator.estimate(p, q)).sum()
            };
            assert_eq!(kl(&own), 0.0, "{filters:?} {estimator:?}");
            assert!(kl(&others) > 0.0 || estimator == KlEstimator::K1);
        }
    }
}

/// trl#1161: top-k in generation, none in training. Such a sampling has no temperature at which a
/// scorer gives its probabilities; the trainer's own has one, and its settings have no filter.
#[test]
fn row_02_filters_that_a_scorer_cannot_follow_are_known_as_such() {
    assert_eq!(SamplingParams::at_temperature(0.7).scorable(), Some(0.7));
    for filters in [
        Filters { top_k: 50, ..Filters::default() },
        Filters { top_p: 0.9, ..Filters::default() },
        Filters { min_p: 0.1, ..Filters::default() },
        Filters { repetition: 1.2, ..Filters::default() },
    ] {
        assert_eq!(SamplingParams::Draw(filters).scorable(), None);
    }
}

/// trl#1900, trl#2535, OpenRLHF#420, OpenRLHF#609: batches ran to the greatest length.
#[test]
fn row_14_a_response_ends_at_its_end_however_long_it_might_be() {
    let small = Small::new(settings(), 1);
    let mut policy = network(2, 1);
    let longest = StopCriteria { max_new_tokens: usize::MAX, eos: &[0], stop: &[1, 2, 3, 4, 5] };
    let written = write(&mut policy, &small.prompts, &SamplingParams::at_temperature(1.0), &longest);
    let ended = written.finish.iter().filter(|finish| **finish != FinishReason::Length).count();
    assert!(ended >= 14, "{ended}");
    for i in (0..written.len()).filter(|&i| written.finish[i] != FinishReason::Length) {
        let (last, before) = written.response(i).split_last().unwrap();
        assert!(*last <= 5 && before.iter().all(|token| *token > 5));
    }
    // What is left of a batch neither waits for the ended ones nor is changed by them.
    for i in 0..written.len() {
        let alone = Examples::try_from_iter([(small.prompts.text(i), [])]).unwrap();
        let key = Key::new(1, Stream::Sampling, 0);
        let prompt = alone.sequences().unwrap();
        let sampling = SamplingParams::at_temperature(1.0);
        let one = ready(policy.sample(prompt, &sampling, &longest, key, i as u32)).unwrap().unwrap();
        assert_eq!(one.tokens, written.response(i));
    }
}
