//! Guards in steps 1 and 2, and in the pretraining mix.

use super::rollout::{fault, indices};
use rlhf::train::profile::{PreferenceModelPretraining, PretrainingMix, Profile, RewardLoss};
use rlhf::train::{Examples, Guard, Place, Ranking, RewardModel, Solution, now, reward_model, supervised};
use rlhf_core::loss::{RankTies, Stages, Ties};
use rlhf_core::model::Architecture;
use rlhf_core::rewards::StepScore;
use rlhf_cpu::{Cpu, Isa, Model};
use rlhf_tests::small::{Small, VOCABULARY, bits, broken_at, network, settings};
use std::collections::BTreeSet;

/// The second, third and fifth hold a 9, which spoils the whole of its text and of no other: that it is not the
/// last token, which nothing is read from, sees to it.
const TEXTS: [([u32; 2], [u32; 3]); 6] = [
    ([2, 3], [4, 5, 0]),
    ([2, 9], [4, 5, 0]),
    ([3, 3], [4, 9, 6]),
    ([4, 3], [4, 7, 0]),
    ([2, 3], [9, 5, 0]),
    ([5, 3], [4, 8, 0]),
];

#[test]
fn demonstrations_that_make_nan_are_named() {
    let mut settings = Profile::instructgpt().supervised.unwrap();
    settings.batch = 8;
    let mut model = broken_at(&network(1, 3), 9);
    let before = bits(&model);
    let texts = Examples::try_from_iter(TEXTS).unwrap();
    let fault = fault(now(supervised(&mut model, &texts, &settings, 1, &mut |_| {})));
    assert_eq!((fault.guard, fault.place), (Guard::NonFinite, Place::Step(1)));
    assert_eq!(indices(&fault).into_iter().collect::<BTreeSet<_>>(), BTreeSet::from([1, 2, 4]));
    for offender in &fault.offenders {
        let (prompt, response) = TEXTS[offender.index];
        assert_eq!((&offender.prompt[..], &offender.response[..]), (&prompt[..], &response[..]));
        assert_eq!(offender.columns[0].1.len(), 3);
    }
    assert_eq!(bits(&model), before);
    assert!(model.gradient().iter().all(|g| *g == 0.0));
    assert!(fault.to_string().contains("supervised.optimizer.learning_rate"), "{fault}");
}

#[test]
fn a_diverging_step_1_names_the_step() {
    let mut settings = Profile::instructgpt().supervised.unwrap();
    (settings.optimizer.learning_rate, settings.batch) = (1e30, 2);
    let texts = Examples::try_from_iter(TEXTS).unwrap();
    let fault = fault(now(supervised(&mut network(1, 3), &texts, &settings, 1, &mut |_| {})));
    assert_eq!((fault.place, fault.offenders.len()), (Place::Step(2), 2));
}

#[test]
fn answers_whose_scores_are_nan_are_named() {
    let ranking = |texts: [[u32; 3]; 3]| Ranking {
        texts: texts.iter().map(|text| text.to_vec()).collect(),
        ranks: vec![1, 2, 3],
        ..Ranking::default()
    };
    let rankings = [ranking([[2, 3, 4], [2, 3, 5], [2, 3, 6]]), ranking([[2, 4, 4], [2, 4, 5], [2, 4, 9]])];
    for loss in [
        RewardLoss::KWise(Ties::ShrinkDivisor),
        RewardLoss::Pairwise { centering: 0.0, margin: None },
        RewardLoss::PlackettLuce(Stages { top: Some(1), ties: RankTies::Breslow }),
    ] {
        let mut settings = Profile::instructgpt().reward;
        (settings.loss, settings.batch) = (loss, Some(16));
        let mut model = broken_at(&network(1, 3).with_scalar_head(0.1, 1).unwrap(), 9);
        let before = bits(&model);
        let fault = fault(now(reward_model(&mut model, &rankings, &settings, 1, &mut |_, _| {})));
        assert_eq!((fault.guard, fault.place), (Guard::NonFinite, Place::Step(1)));
        assert!(!fault.offenders.is_empty());
        for offender in &fault.offenders {
            assert_eq!((offender.index, offender.answer), (1, Some(2)));
            assert_eq!(offender.prompt, [2, 4, 9]);
            assert!(offender.score.unwrap().is_nan());
        }
        assert_eq!(bits(&model), before);
    }
}

#[test]
fn labeled_texts_and_the_pretraining_before_are_named_too() {
    let broken = || broken_at(&network(1, 3).with_scalar_head(0.1, 1).unwrap(), 9);
    let mut settings = Profile::instructgpt().reward;
    let texts = [vec![2, 3, 4, 5], vec![2, 4, 9, 5]];
    let solutions = texts.clone().map(|text| Solution::new(text, vec![1, 3], vec![1.0, 0.0]).unwrap());
    for loss in [RewardLoss::Outcome, RewardLoss::Process(StepScore::Min)] {
        (settings.loss, settings.batch) = (loss, Some(16));
        let steps = RewardModel::labeled(&solutions, &settings, 1).unwrap();
        let fault = fault(now(steps.run(&mut broken(), &mut |_, _| {})));
        assert_eq!((fault.guard, fault.place), (Guard::NonFinite, Place::Step(1)));
        assert_eq!((fault.offenders.len(), fault.offenders[0].index), (1, 1), "{loss:?}");
        assert!(fault.offenders[0].score.unwrap().is_nan());
    }
    settings.loss = RewardLoss::KWise(Ties::ShrinkDivisor);
    settings.pretraining = Some(PreferenceModelPretraining { epochs: 1, language: 1.0, learning_rate: 1e-5 });
    let rankings = [Ranking { texts: texts.to_vec(), ranks: vec![1, 2], ..Ranking::default() }];
    let steps = RewardModel::new(&rankings, &settings, 1).unwrap();
    let steps = steps.pretrained_on(&rankings, &settings, 1).unwrap();
    let fault = fault(now(steps.run(&mut broken(), &mut |_, _| {})));
    assert_eq!((fault.guard, fault.place), (Guard::NonFinite, Place::Step(1)));
    assert!(fault.offenders.iter().any(|offender| offender.prompt == texts[1]));
}

#[test]
fn examples_of_the_pretraining_mix_are_named() {
    let mut settings = settings();
    settings.pretraining = Some(PretrainingMix { coefficient: 1.0, examples: 0.5 });
    // Position 12 is broken: no response gets there, two of the examples do.
    let architecture = Architecture::gpt2(VOCABULARY, 24, 16, 1, 2);
    let whole = Model::random(&Cpu::new(1, Isa::best()), architecture.clone(), 1).unwrap();
    let mut weights = whole.weights().to_vec();
    weights[(VOCABULARY + 12) * 16] = f32::NAN;
    let broken = Model::from_weights(whole.cpu(), architecture, weights).unwrap();
    let mut small = Small::on(whole, settings, 1).with_policy(|_| broken);
    let texts = [3, 15, 4, 20].map(|length| (vec![], vec![2; length]));
    small.mix = Examples::try_from_iter(texts).unwrap();
    let fault = fault(small.iterate(&mut |_: &[u32]| 1.0));
    assert_eq!(fault.place, Place::Minibatch { iteration: 1, minibatch: 1 });
    assert_eq!(indices(&fault).into_iter().collect::<BTreeSet<_>>(), BTreeSet::from([1, 3]));
    assert!(fault.what.contains("pretraining mix"), "{fault}");
    assert!(small.policy.gradient().iter().all(|g| *g == 0.0));
}
