//! Letters are said one after the other, and people like some better than others: what each way of asking
//! them teaches, on texts that nobody asked about.

use rlhf::train::profile::{self, Grading, PreferenceModelPretraining, Profile, RewardLoss};
use rlhf::train::{Ranking, RewardModel, Solution, now, ranking_accuracy, step_margins};
use rlhf_core::Error;
use rlhf_core::loss::{RankTies, Stages, Ties};
use rlhf_core::model::Architecture;
use rlhf_core::random::{Key, Stream};
use rlhf_core::rewards::StepScore;
use rlhf_cpu::{Cpu, Model};

/// Letters are 1 to 8, 0 ends a step; what is liked is the sum of a text's letters.
const LETTERS: usize = 8;
const LENGTH: usize = 5;

fn network() -> Model {
    let model = Model::random(&Cpu::default(), Architecture::gpt2(LETTERS + 1, 16, 24, 1, 2), 1).unwrap();
    model.with_scalar_head(0.1, 1).unwrap()
}

fn word(key: u32, i: u32) -> Vec<u32> {
    let mut draws = Key::new(11, Stream::Data, key).draws(i);
    (0..LENGTH).map(|_| 1 + draws.below(LETTERS) as u32).collect()
}

fn worth(text: &[u32]) -> i64 {
    text.iter().map(|&letter| i64::from(letter)).sum()
}

/// Three words each, ranked; those as good within 2 are tied. `margin` and `degree` go by how far apart the
/// best and the worst are.
fn rankings(key: u32, count: u32) -> Vec<Ranking> {
    let ranking = |i: u32| {
        let texts: Vec<Vec<u32>> = (0..3).map(|j| word(key, 3 * i + j)).collect();
        let ranks: Vec<u32> = texts.iter().map(|text| (40 - worth(text)) as u32 / 3).collect();
        let apart = ranks.iter().max().unwrap() - ranks.iter().min().unwrap();
        Ranking { texts, ranks, margin: apart as f32 / 4.0, degree: 1 + u8::from(apart > 3) }
    };
    (0..count).map(ranking).collect()
}

/// Replaces the ranks by random ones.
fn by_a_coin(rankings: &[Ranking]) -> Vec<Ranking> {
    let mut draws = Key::new(7, Stream::Labels, 0).draws(0);
    let ranks = |r: &Ranking| r.ranks.iter().map(|_| draws.below(3) as u32).collect();
    let mut ranks = ranks;
    rankings.iter().map(|r| Ranking { ranks: ranks(r), ..r.clone() }).collect()
}

fn settings(loss: RewardLoss) -> profile::RewardModel {
    let mut settings = Profile::instructgpt().reward;
    (settings.loss, settings.epochs, settings.batch) = (loss, 6, Some(16));
    settings.optimizer.learning_rate = 3e-3;
    settings
}

fn accuracy(model: &mut Model, held_out: &[Ranking]) -> f64 {
    let (right, all) = now(ranking_accuracy(model, held_out)).unwrap();
    right as f64 / all as f64
}

const LOSSES: [RewardLoss; 7] = [
    RewardLoss::KWise(Ties::ShrinkDivisor),
    RewardLoss::PlackettLuce(Stages { top: None, ties: RankTies::Efron }),
    RewardLoss::Pairwise { centering: 0.0, margin: None },
    RewardLoss::Pairwise { centering: 0.01, margin: Some(1.0) },
    RewardLoss::Graded(Grading::RaoKupper { theta: 2.0 }),
    RewardLoss::Graded(Grading::Davidson { nu: 1.0 }),
    RewardLoss::Graded(Grading::Ordered { tie: 0.5, clear: 2.0 }),
];

#[test]
fn every_loss_of_rankings_orders_texts_that_nobody_ranked() {
    let (train, held_out) = (rankings(1, 100), rankings(2, 60));
    let before = accuracy(&mut network(), &held_out);
    for loss in LOSSES {
        let learn = |train: &[Ranking]| {
            let mut model = network();
            now(RewardModel::new(train, &settings(loss), 1).unwrap().run(&mut model, &mut |_, _| {}))
                .unwrap();
            accuracy(&mut model, &held_out)
        };
        let (after, coin) = (learn(&train), learn(&by_a_coin(&train)));
        println!("{loss:?}: {before:.2} to {after:.2}, by a coin {coin:.2}");
        assert!(before < 0.7 && after > 0.9 && coin < 0.75, "{loss:?}: {before} to {after}, coin {coin}");
    }
}

/// Each step is a word; it is right where the word's letters add up to much.
fn solutions(key: u32, count: u32, mut right: impl FnMut(&[u32]) -> f32) -> Vec<Solution> {
    let solution = |i: u32| {
        let (mut text, mut ends, mut labels) = (vec![0], Vec::new(), Vec::new());
        for j in 0..2 {
            let step = word(key, 2 * i + j);
            labels.push(right(&step));
            text.extend(step);
            text.push(0);
            ends.push(text.len() - 1);
        }
        Solution::new(text, ends, labels).unwrap()
    };
    (0..count).map(solution).collect()
}

fn much(step: &[u32]) -> f32 {
    f32::from(worth(step) > 22)
}

fn outcomes(solutions: &[Solution]) -> Vec<Solution> {
    solutions.iter().map(|s| Solution::whole(s.text().to_vec(), s.outcome()).unwrap()).collect()
}

#[test]
fn labels_of_steps_and_of_wholes_teach_what_is_right() {
    let (train, held_out) = (solutions(3, 200, much), solutions(4, 100, much));
    let mut draws = Key::new(7, Stream::Labels, 1).draws(0);
    let coin = solutions(3, 200, |_| f32::from(draws.uniform() < 0.5));
    let agreed = |loss, train: &[Solution], held_out: &[Solution]| {
        let mut model = network();
        now(RewardModel::labeled(train, &settings(loss), 1).unwrap().run(&mut model, &mut |_, _| {}))
            .unwrap();
        let margins = now(step_margins(&mut model, held_out)).unwrap();
        margins.iter().filter(|margin| **margin > 0.0).count() as f64 / margins.len() as f64
    };
    let process = RewardLoss::Process(StepScore::Min);
    let (learned, guessed) = (agreed(process, &train, &held_out), agreed(process, &coin, &held_out));
    println!("steps: {learned:.2}, by a coin {guessed:.2}");
    assert!(learned > 0.85 && guessed < 0.65, "{learned}, {guessed}");
    let (whole, held_out) = (outcomes(&train), outcomes(&held_out));
    let (learned, guessed) = (
        agreed(RewardLoss::Outcome, &whole, &held_out),
        agreed(RewardLoss::Outcome, &outcomes(&coin), &held_out),
    );
    println!("wholes: {learned:.2}, by a coin {guessed:.2}");
    // Most wholes are wrong: who always says so is right as often as that.
    let wrong = held_out.iter().filter(|s| s.outcome() == 0.0).count() as f64 / held_out.len() as f64;
    assert!(learned > wrong + 0.05 && guessed < wrong + 0.03, "{learned}, {guessed}, {wrong}");
}

#[test]
fn margins_and_centering_do_what_they_say() {
    let train = rankings(1, 60);
    let scores = |loss| {
        let mut model = network();
        now(RewardModel::new(&train, &settings(loss), 1).unwrap().run(&mut model, &mut |_, _| {})).unwrap();
        let result = now(rlhf::train::ranking_margins(&mut model, &train)).unwrap();
        result.iter().sum::<f64>() / result.len() as f64
    };
    let plain = scores(RewardLoss::Pairwise { centering: 0.0, margin: None });
    let wide = scores(RewardLoss::Pairwise { centering: 0.0, margin: Some(4.0) });
    let unused = scores(RewardLoss::Pairwise { centering: 0.0, margin: Some(0.0) });
    assert!(wide > 1.2 * plain, "{plain} to {wide}");
    assert_eq!(plain, unused);
}

fn with_pretraining(language: f64) -> profile::RewardModel {
    let mut settings = settings(RewardLoss::Pairwise { centering: 0.0, margin: None });
    settings.epochs = 1;
    settings.pretraining = Some(PreferenceModelPretraining { epochs: 6, language, learning_rate: 3e-3 });
    settings
}

#[test]
fn what_comes_before_helps_where_there_are_few_comparisons() {
    let (few, many, held_out) = (rankings(1, 8), rankings(5, 100), rankings(2, 60));
    let learn = |before: &[Ranking]| {
        let mut model = network();
        let settings = with_pretraining(0.1);
        let steps = RewardModel::new(&few, &settings, 1).unwrap();
        let steps =
            if before.is_empty() { steps } else { steps.pretrained_on(before, &settings, 1).unwrap() };
        now(steps.run(&mut model, &mut |_, _| {})).unwrap();
        accuracy(&mut model, &held_out)
    };
    let (alone, after, coin) = (learn(&[]), learn(&many), learn(&by_a_coin(&many)));
    println!("{alone:.2} alone, {after:.2} after pretraining, {coin:.2} after a coin's");
    assert!(after > 0.9 && alone < 0.85 && coin < 0.8, "{alone}, {after}, {coin}");
}

#[test]
fn any_course_goes_on_to_the_same_bits() {
    let (train, before) = (rankings(1, 20), rankings(5, 20));
    let whole = |parts: &[(u64, u64)]| {
        let (mut model, settings) = (network(), with_pretraining(1.0));
        let mut seen = Vec::new();
        for &(from, to) in parts {
            let steps = RewardModel::new(&train, &settings, 1).unwrap();
            let mut steps = steps.pretrained_on(&before, &settings, 1).unwrap().after(from);
            (from..to).for_each(|_| seen.push(now(steps.step(&mut model)).unwrap().unwrap().0));
        }
        (model.weights().to_vec(), seen)
    };
    let (weights, seen) = whole(&[(0, 20)]);
    assert_eq!(whole(&[(0, 3), (3, 19), (19, 20)]), (weights, seen.clone()));
    assert!(seen.iter().zip(1..).all(|(step, n)| step.step == n && step.total == seen[0].total));
}

#[test]
fn a_loss_and_data_that_do_not_fit_are_refused() {
    let (train, solved) = (rankings(1, 4), solutions(3, 4, much));
    let refused = |error: rlhf::train::TrainError| error.to_string();
    let result = refused(RewardModel::new(&train, &settings(RewardLoss::Outcome), 1).unwrap_err());
    assert!(result.contains("plackett_luce"), "{result}");
    let result = refused(RewardModel::labeled(&solved, &settings(LOSSES[0]), 1).unwrap_err());
    assert!(result.contains("process"), "{result}");
    assert!(RewardModel::labeled(&[], &settings(RewardLoss::Outcome), 1).is_err());
    let unranked = [Ranking { ranks: vec![1], ..train[0].clone() }];
    let error = RewardModel::new(&unranked, &settings(LOSSES[0]), 1).unwrap_err();
    let rlhf::train::TrainError::Core(error) = error else { panic!("{error}") };
    assert_eq!(error, Error::Shape { name: "ranks", want: 3, got: 1 });
}
