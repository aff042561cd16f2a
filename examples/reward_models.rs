//! Reward models of every kind on one made-up task: people read made-up words and like those best whose
//! letters come late in the alphabet. Each kind learns from another question that can be put to them:
//! `cargo run --release -p rlhf-examples --example reward_models`.

use rlhf::blocking;
use rlhf::train::profile::{self, Grading, PreferenceModelPretraining, Profile, RewardLoss};
use rlhf::train::{Ranking, RewardModel, Solution, TrainError};
use rlhf_core::loss::{RankTies, Stages, Ties};
use rlhf_core::model::Architecture;
use rlhf_core::random::{Key, Stream};
use rlhf_core::rewards::{Ensemble, EnsembleRule, StepScore, Steps};
use rlhf_core::roles::Reward;
use rlhf_cpu::{Cpu, Model};

/// Letters are 1 to 8; 0 ends a word.
const LETTERS: usize = 8;

fn word(kind: u32, i: u32) -> Vec<u32> {
    let mut draws = Key::new(5, Stream::Data, kind).draws(i);
    (0..5).map(|_| 1 + draws.below(LETTERS) as u32).chain([0]).collect()
}

fn liking(word: &[u32]) -> u32 {
    word.iter().sum()
}

/// Three words each, as people rank them; what is about as good is tied.
fn rankings(kind: u32, count: u32) -> Vec<Ranking> {
    let ranked = |i: u32| {
        let texts: Vec<Vec<u32>> = (3 * i..3 * i + 3).map(|j| word(kind, j)).collect();
        let ranks: Vec<u32> = texts.iter().map(|text| (40 - liking(text)) / 3).collect();
        let apart = ranks.iter().max().zip(ranks.iter().min()).map_or(0, |(worst, best)| worst - best);
        Ranking { texts, ranks, margin: apart as f32 / 4.0, degree: if apart > 3 { 2 } else { 1 } }
    };
    (0..count).map(ranked).collect()
}

/// Two words each, with whether people like each of them.
fn solutions(count: u32) -> Result<Vec<Solution>, rlhf_core::Error> {
    let solved = |i: u32| {
        let words = [word(3, 2 * i), word(3, 2 * i + 1)];
        let ends = vec![words[0].len() - 1, words[0].len() + words[1].len() - 1];
        let labels = words.iter().map(|word| f32::from(liking(word) > 22)).collect();
        Solution::new(words.concat(), ends, labels)
    };
    (0..count).map(solved).collect()
}

/// The share of pairs of words, about which nobody was asked, in the order in which people like them.
fn right<R: Reward<Error: 'static>>(reward: &mut R, held_out: &[Ranking]) -> Result<f64, TrainError> {
    let (right, all) = blocking::ranking_accuracy(reward, held_out)?;
    Ok(right as f64 / all as f64)
}

fn settings(loss: RewardLoss) -> profile::RewardModel {
    let mut settings = Profile::instructgpt().reward;
    (settings.loss, settings.epochs, settings.batch) = (loss, 6, Some(16));
    settings.optimizer.learning_rate = 3e-3;
    settings
}

fn main() -> Result<(), Box<dyn core::error::Error>> {
    let network = Model::random(&Cpu::default(), Architecture::gpt2(LETTERS + 1, 16, 24, 1, 2), 1)?;
    let fresh = |seed| network.with_scalar_head(0.1, seed);
    let (train, few, held_out) = (rankings(1, 100), rankings(4, 8), rankings(2, 60));
    let solved = solutions(200)?;
    // Of each solution alone one word, for who says only good or bad.
    let wholes: Result<Vec<Solution>, _> = (0..200)
        .map(|i| {
            let word = word(6, i);
            let label = f32::from(liking(&word) > 22);
            Solution::whole(word, label)
        })
        .collect();
    let wholes = wholes?;
    let before = right(&mut fresh(1)?, &held_out)?;
    let mut table: Vec<(&str, f64, Option<f64>)> = Vec::new();

    for (kind, loss) in [
        ("pairs", RewardLoss::Pairwise { centering: 0.0, margin: None }),
        ("pairs, margin, centered", RewardLoss::Pairwise { centering: 0.01, margin: Some(1.0) }),
        ("rankings, k-wise", RewardLoss::KWise(Ties::ShrinkDivisor)),
        ("rankings, Plackett-Luce", RewardLoss::PlackettLuce(Stages { top: None, ties: RankTies::Efron })),
        ("pairs and ties", RewardLoss::Graded(Grading::Davidson { nu: 1.0 })),
        ("degrees of preference", RewardLoss::Graded(Grading::Ordered { tie: 0.5, clear: 2.0 })),
    ] {
        let mut model = fresh(1)?;
        blocking::reward_model(RewardModel::new(&train, &settings(loss), 1)?, &mut model, |_, _| {})?;
        table.push((kind, right(&mut model, &held_out)?, None));
    }

    let mut model = fresh(1)?;
    let outcome = RewardModel::labeled(&wholes, &settings(RewardLoss::Outcome), 1)?;
    blocking::reward_model(outcome, &mut model, |_, _| {})?;
    table.push(("good or bad", right(&mut model, &held_out)?, None));

    let mut model = fresh(1)?;
    let process = settings(RewardLoss::Process(StepScore::Min));
    blocking::reward_model(RewardModel::labeled(&solved, &process, 1)?, &mut model, |_, _| {})?;
    let mut steps = Steps { critic: model, end: 0, after: Vec::new(), how: StepScore::Min };
    table.push(("good or bad, step by step", right(&mut steps, &held_out)?, None));

    // Others' comparisons first, then the few that there are.
    let mut model = fresh(1)?;
    let mut both = settings(RewardLoss::Pairwise { centering: 0.0, margin: None });
    both.pretraining = Some(PreferenceModelPretraining { epochs: 6, language: 0.1, learning_rate: 3e-3 });
    let pretrained = RewardModel::new(&few, &both, 1)?.pretrained_on(&train, &both, 1)?;
    blocking::reward_model(pretrained, &mut model, |_, _| {})?;
    table.push(("pretraining, few pairs", right(&mut model, &held_out)?, None));

    // Three models that differ in their heads and in the order of what they see.
    let mut members = Vec::new();
    for seed in 1..=3 {
        let mut model = fresh(seed)?;
        let pairs = settings(RewardLoss::KWise(Ties::ShrinkDivisor));
        blocking::reward_model(RewardModel::new(&train, &pairs, seed)?, &mut model, |_, _| {})?;
        members.push(model);
    }
    let mut careful = Ensemble::new(members, EnsembleRule::LowerBound { deviations: 1.0 })?;
    let after = right(&mut careful, &held_out)?;
    table.push(("three, less their deviation", after, Some(careful.disagreement.mean_deviation())));

    println!("{:<28} {:>7} {:>7} {:>13}", "kind", "before", "after", "disagreement");
    for (kind, after, disagreement) in &table {
        let disagreement = disagreement.map_or(String::new(), |d| format!("{d:.2}"));
        println!("{kind:<28} {:>5.0} % {:>5.0} % {disagreement:>13}", 100.0 * before, 100.0 * after);
    }
    assert!(
        before < 0.7 && table.iter().all(|(_, after, _)| *after > 0.85),
        "a kind did not learn: {table:?}"
    );
    assert!(careful.disagreement.mean_deviation() > 0.0, "three that are one");
    Ok(())
}
