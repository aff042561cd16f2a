//! Row 12: however a batch is split, the gradient is the same. Each trainer is given a batch that it
//! has to split, and its step is compared with one on the whole batch at once.
//!
//! trl#2175, trl#3021, trl PR#3231, trl PR#6024 (0.5 to 4 times), open-instruct PR#1161.

use rlhf::train::profile::{Optimizer, Profile, RewardLoss};
use rlhf::train::{
    EpochSampler, Examples, Models, Ppo, Ranking, TOKENS_AT_ONCE, now, reward_model, supervised,
};
use rlhf_core::loss::{CrossEntropy, PpoPolicy, PpoValue, Ranked, RankingLoss, Ties};
use rlhf_core::model::Architecture;
use rlhf_core::random::{Key, Stream};
use rlhf_core::roles::Learner;
use rlhf_core::sampling::StopCriteria;
use rlhf_core::{Batch, Objective, Ragged, ready};
use rlhf_cpu::{Cpu, Isa, Model};
use rlhf_tests::small::{bits, settings};

fn network() -> Model {
    let architecture = Architecture::gpt2(11, 1024, 8, 1, 2);
    let model = Model::random(&Cpu::new(2, Isa::best()), architecture, 1).unwrap();
    model.with_scalar_head(0.1, 1).unwrap()
}

/// Twelve of them are more than a trainer shows at once.
fn text(i: usize) -> Vec<u32> {
    (0..900 - 13 * i).map(|t| ((i + 1) * t * t % 11) as u32).collect()
}

/// One step on a whole batch, and the weights after it.
fn whole(
    sequences: Ragged<'_>,
    loss_mask: &[bool],
    o: &mut impl Objective,
    optimizer: &Optimizer,
) -> Vec<u32> {
    assert!(sequences.tokens().len() > TOKENS_AT_ONCE);
    let mut model = network();
    ready(model.accumulate(Batch::new(sequences, loss_mask).unwrap(), o)).unwrap().unwrap();
    ready(model.step(&optimizer.update(&optimizer.schedule(1, 1), 0))).unwrap().unwrap();
    bits(&model)
}

fn count(loss_mask: &[bool]) -> f64 {
    loss_mask.iter().filter(|counts| **counts).count() as f64
}

#[test]
fn row_12_a_split_changes_no_step_of_supervised_fine_tuning() {
    let mut settings = Profile::instructgpt().supervised.unwrap();
    (settings.epochs, settings.batch) = (1, 12);
    // Parts with few tokens to learn and parts with many: a mean of means would differ.
    let prompt = |i: usize| 1 + 60 * i;
    let texts = (0..12).map(|i| (text(i)[..prompt(i)].to_vec(), text(i)[prompt(i)..].to_vec()));
    let examples = Examples::try_from_iter(texts).unwrap();
    let mut trained = network();
    now(supervised(&mut trained, &examples, &settings, 7, &mut |_| {})).unwrap();

    let order = EpochSampler::new(Key::new(7, Stream::Shuffle, 0), 12).take(12);
    let all = examples.select(order.iter().copied());
    let loss_mask: Vec<bool> =
        order.iter().flat_map(|&i| (0..text(i).len()).map(move |t| t >= prompt(i))).collect();
    let mut objective = CrossEntropy::new(count(&loss_mask)).unwrap();
    let by_hand = whole(all.sequences().unwrap(), &loss_mask, &mut objective, &settings.optimizer);
    assert_eq!(bits(&trained), by_hand);
}

#[test]
fn row_12_a_split_changes_no_step_of_the_reward_model() {
    let mut settings = Profile::instructgpt().reward;
    (settings.epochs, settings.batch, settings.loss) = (1, Some(4), RewardLoss::KWise(Ties::ShrinkDivisor));
    let rankings: Vec<Ranking> = (0..4)
        .map(|g| Ranking {
            texts: (0..3).map(|j| text(3 * g + j)).collect(),
            ranks: vec![2, 1, 3],
            ..Ranking::default()
        })
        .collect();
    let mut trained = network();
    now(reward_model(&mut trained, &rankings, &settings, 7, &mut |_, _| {})).unwrap();

    let order = EpochSampler::new(Key::new(7, Stream::Shuffle, 1 << 16), 4).take(4);
    let texts = order.iter().flat_map(|&g| &rankings[g].texts);
    let all = Examples::try_from_iter(texts.map(|text| (text, []))).unwrap();
    let sequences = all.sequences().unwrap();
    let (ranks, ends) = ([2, 1, 3].repeat(4), [3, 6, 9, 12]);
    let mut objective = Ranked::new(&ranks, &ends, RankingLoss::KWise(Ties::ShrinkDivisor), 4.0).unwrap();
    let loss_mask = vec![false; sequences.tokens().len()];
    assert_eq!(bits(&trained), whole(sequences, &loss_mask, &mut objective, &settings.optimizer));
}

#[test]
fn row_12_a_split_changes_no_step_of_ppo() {
    let mut settings = settings();
    settings.minibatches = 1;
    let prompts = Examples::try_from_iter((0..12).map(|i| (text(i), []))).unwrap();
    let (mut policy, mut critic, mut reference) = (network(), network(), network());
    let mut ppo = Ppo::new(settings, 1, 7).unwrap();
    let stopping = StopCriteria { max_new_tokens: 16, eos: &[0], stop: &[] };
    let mut reward = |text: &[u32]| (text[text.len() - 1] % 3) as f32;
    let (p, c) = (&mut policy, &mut critic);
    let mut models = Models::new(p).with_reference(&mut reference).with_critic(c).with_reward(&mut reward);
    let prompts = prompts.sequences().unwrap();
    let seen = now(ppo.iterate(&mut models, prompts, &stopping, &Examples::default())).unwrap();

    let order = seen.rollouts.minibatches(Key::new(7, Stream::Shuffle, 1 << 17), 1).unwrap();
    let all = seen.rollouts.gather(&order[0]).unwrap();
    let loss_mask = all.loss_mask();
    let clip = settings.policy_clip;
    let mut o = PpoPolicy::new(all.log_probs(), all.advantages(), clip, 0.0, count(&loss_mask)).unwrap();
    assert_eq!(bits(&policy), whole(all.sequences(), &loss_mask, &mut o, &settings.policy));
    // A value is of the state before its token.
    let mut mask = vec![false; loss_mask.len()];
    (0..all.len()).for_each(|i| {
        let span = all.response_span(i);
        mask[span.start - 1..span.end - 1].fill(true);
    });
    let (clip, weight) = (settings.value_clip, settings.value_coefficient);
    let mut o = PpoValue::new(all.values(), all.returns(), &mask, clip, weight, count(&mask)).unwrap();
    let none = vec![false; loss_mask.len()];
    assert_eq!(bits(&critic), whole(all.sequences(), &none, &mut o, &settings.critic));
}
