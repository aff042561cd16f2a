//! Every method learns its task from a simulated teacher who errs, and not from one who means nothing.

use rlhf::control::{
    Experiment, Grid, HumanReward, HumanRewardSettings, Method, Outcome, Simulated, Task, Tasks,
};
use rlhf::train::now;
use rlhf_core::advantage::Delay;
use rlhf_core::model::Architecture;
use rlhf_cpu::{Cpu, Model};

const SEEDS: [u64; 3] = [1, 2, 3];

fn learn(experiment: &Experiment, mut teacher: Simulated) -> Outcome {
    experiment.learn(&mut teacher, &mut |_| ()).unwrap()
}

/// One judgment in ten is wrong. The same lesson with judgments that mean nothing stays below the bar,
/// and so do actions at random.
#[track_caller]
fn learns(task: Tasks, method: Method, bar: f64) {
    for seed in SEEDS {
        let experiment = Experiment::new(task, method, seed);
        let trained = learn(&experiment, Simulated::new(seed).with_mistakes(0.1));
        let fooled = learn(&experiment, Simulated::new(seed).with_mistakes(0.5));
        let (random, trained, fooled) = (trained.mean_before(), trained.mean_after(), fooled.mean_after());
        println!("{} {} {seed}: {random:.1}, {trained:.1}, {fooled:.1}", task.name(), method.name());
        assert!(trained > bar, "{task:?} {method:?} {seed}: {trained}, by chance {random}");
        assert!(random < bar && fooled < bar, "{task:?} {method:?} {seed}: {random}, {fooled}");
    }
}

#[test]
fn tamer_learns() {
    learns(Tasks::Grid, Method::Tamer, -20.0);
    learns(Tasks::CartPole, Method::Tamer, 120.0);
    learns(Tasks::MountainCar, Method::Tamer, -160.0);
}

#[test]
fn deep_tamer_learns() {
    learns(Tasks::Grid, Method::DeepTamer, -20.0);
    learns(Tasks::CartPole, Method::DeepTamer, 120.0);
    learns(Tasks::MountainCar, Method::DeepTamer, -160.0);
}

#[test]
fn coach_learns() {
    learns(Tasks::Grid, Method::Coach, -20.0);
    learns(Tasks::CartPole, Method::Coach, 120.0);
    learns(Tasks::MountainCar, Method::Coach, -160.0);
}

#[test]
fn preferences_are_enough() {
    learns(Tasks::Grid, Method::Preferences, -20.0);
    // A longer way: 92 to 187 of 200 steps by the seed, where feedback that means nothing gives up to 58.
    learns(Tasks::CartPole, Method::Preferences, 75.0);
}

#[test]
fn without_a_word_nothing_is_learned() {
    for method in Method::ALL {
        let experiment = Experiment { episodes: 20, ..Experiment::new(Tasks::Grid, method, 1) };
        let outcome = learn(&experiment, Simulated::new(1).with_silence(1.0));
        assert_eq!(outcome.answers(), 0);
        assert!(outcome.mean_after() < -35.0, "{method:?}: {}", outcome.mean_after());
    }
}

/// Judgments that come two to three steps late teach whoever expects that, and mislead who does not.
#[test]
fn late_judgments_need_a_window() {
    for (method, bar) in [(Method::Tamer, -25.0), (Method::Coach, -25.0)] {
        for seed in SEEDS {
            let mut experiment = Experiment { episodes: 400, ..Experiment::new(Tasks::Grid, method, seed) };
            let late = Delay::Uniform { from: 2.0 * experiment.seconds(), to: 3.0 * experiment.seconds() };
            let teacher = Simulated::new(seed).with_delay(late);
            let unaware = learn(&experiment, teacher).mean_after();
            experiment.delay = late;
            let aware = learn(&experiment, teacher).mean_after();
            println!("{} {seed}: {aware:.1} with a window, {unaware:.1} without", method.name());
            assert!(aware > bar && aware > unaware, "{method:?} {seed}: {aware}, {unaware}");
        }
    }
}

#[test]
fn a_lesson_depends_on_its_seed_alone() {
    let experiment = Experiment { episodes: 20, ..Experiment::new(Tasks::CartPole, Method::Preferences, 5) };
    let teacher = Simulated::new(5).with_mistakes(0.1).with_silence(0.2);
    let first = learn(&experiment, teacher);
    assert_eq!(first, learn(&experiment, teacher));
    assert_ne!(first, learn(&Experiment { seed: 6, ..experiment }, teacher));
    assert_eq!(first.during.len(), 20);
    assert_eq!(first.curve(4).iter().map(|point| point.0).collect::<Vec<_>>(), [5, 10, 15, 20]);
}

/// The trainers ask for roles: a transformer learns the maze as a table does.
#[test]
fn a_transformer_learns_as_a_table_does() {
    let grid = Grid::default();
    let architecture = Architecture::gpt2(grid.actions() + grid.states(), 2, 32, 1, 2);
    let body = Model::random(&Cpu::default(), architecture, 1).unwrap();
    let mut model = body.with_scalar_head(0.0, 1).unwrap();
    let settings = HumanRewardSettings { learning_rate: 3e-3, ..HumanRewardSettings::DEEP };
    let mut experiment = HumanReward::new(grid, settings, 1).unwrap();
    let mut teacher = Simulated::new(1);
    let mut scores = Vec::new();
    for _ in 0..60 {
        scores.push(now(experiment.step(&mut model, &mut teacher)).unwrap().score);
    }
    let mean = |scores: &[f64]| scores.iter().sum::<f64>() / scores.len() as f64;
    let (first, last) = (mean(&scores[..5]), mean(&scores[40..]));
    assert!(first < -30.0 && last > -20.0, "{first}, {last}: {scores:?}");
}
