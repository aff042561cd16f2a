//! `rlhf control`.

use super::exit::Failure;
use super::output::{self, Output};
use clap::{Args, ValueEnum};
use rlhf::control::{Episode, Experiment, Method, Outcome, Person, Simulated, Tasks, Teacher};
use rlhf::report::plot::{Curve, Plot};
use rlhf_core::advantage::Delay;
use serde::Serialize;
use std::io::{Write, stderr, stdin, stdout};

/// Points of the learning curve.
const BLOCKS: usize = 20;
/// The delay of simulated judgments in steps, where they have one.
const LATE: (f64, f64) = (2.0, 3.0);

#[derive(Args)]
pub struct Control {
    /// The task: grid, cart-pole or mountain-car
    #[arg(value_parser = task)]
    task: Tasks,
    /// The method: tamer, deep-tamer, coach or preferences
    #[arg(long, default_value = "tamer", value_parser = method)]
    method: Method,
    /// Teacher that judges
    #[arg(long, default_value = "simulated")]
    teacher: TeacherKind,
    /// Seed of every random draw
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Episodes to learn in; by default as many as task and method need
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    episodes: Option<u32>,
    /// The share of judgments that are the opposite of the simulated teacher's opinion; at 0.5 they are random
    #[arg(long, value_name = "SHARE", default_value_t = 0.0, value_parser = share)]
    mistakes: f64,
    /// The share of steps that the simulated teacher does not judge
    #[arg(long, value_name = "SHARE", default_value_t = 0.0, value_parser = share)]
    silence: f64,
    /// The simulated teacher judges late, two to three steps after, and the learner expects it
    #[arg(long)]
    late: bool,
    /// The summary as JSON on standard output; all else on standard error
    #[arg(long)]
    json: bool,
}

/// The teacher.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum TeacherKind {
    /// A made-up teacher who knows the task
    Simulated,
    /// You, at the keyboard
    Keyboard,
}

/// The results of an experiment, for a script to read.
#[derive(Serialize)]
struct Summary {
    version: &'static str,
    task: &'static str,
    method: &'static str,
    teacher: &'static str,
    seed: u64,
    episodes: usize,
    /// The number of times that the teacher said something.
    answers: u64,
    /// The mean score of random actions.
    before: f64,
    /// The mean score after learning.
    after: f64,
    /// The mean scores while learning, each with the number of its last episode.
    curve: Vec<(usize, f64)>,
}

fn task(name: &str) -> Result<Tasks, String> {
    Tasks::ALL.into_iter().find(|t| t.name() == name).ok_or("known are grid, cart-pole, mountain-car".into())
}

fn method(name: &str) -> Result<Method, String> {
    let known = "known are tamer, deep-tamer, coach, preferences";
    Method::ALL.into_iter().find(|m| m.name() == name).ok_or(known.into())
}

fn share(text: &str) -> Result<f64, String> {
    let share = text.parse().ok().filter(|share| (0.0..=1.0).contains(share));
    share.ok_or("want a number from 0 to 1".into())
}

pub fn main(args: &Control) -> Result<(), Failure> {
    let output = Output { json: args.json };
    let mut experiment = Experiment::new(args.task, args.method, args.seed);
    if args.late {
        let seconds = experiment.seconds();
        experiment.delay = Delay::Uniform { from: LATE.0 * seconds, to: LATE.1 * seconds };
    }
    if args.teacher == TeacherKind::Keyboard {
        experiment.episodes = 5;
    }
    experiment.episodes = args.episodes.map_or(experiment.episodes, |n| n as usize);
    output.message(&format!("{}, taught by {}. Seed {}.\n", about(args.task), says(args.method), args.seed));
    let mut teacher: Box<dyn Teacher> = match args.teacher {
        TeacherKind::Simulated => {
            let teacher = Simulated::new(args.seed).with_mistakes(args.mistakes);
            Box::new(teacher.with_silence(args.silence).with_delay(experiment.delay))
        }
        TeacherKind::Keyboard => {
            let shown: Box<dyn Write> = if args.json { Box::new(stderr()) } else { Box::new(stdout()) };
            Box::new(Person::new(stdin().lock(), shown))
        }
    };
    let mut played = LearningProgress { total: experiment.episodes, ..LearningProgress::default() };
    let outcome =
        experiment.learn(&mut *teacher, &mut |episode| played.report(episode)).map_err(Failure::failed)?;
    output.message(&show(&experiment, &outcome));
    output.result(&Summary {
        version: env!("CARGO_PKG_VERSION"),
        task: args.task.name(),
        method: args.method.name(),
        teacher: if args.teacher == TeacherKind::Simulated { "simulated" } else { "keyboard" },
        seed: args.seed,
        episodes: outcome.during.len(),
        answers: outcome.answers(),
        before: outcome.mean_before(),
        after: outcome.mean_after(),
        curve: outcome.curve(BLOCKS),
    })
}

/// Episodes so far, a line for each tenth of them.
#[derive(Default)]
struct LearningProgress {
    total: usize,
    done: usize,
    answers: u64,
    block: (f64, usize),
}

impl LearningProgress {
    fn report(&mut self, episode: &Episode) {
        self.done += 1;
        self.answers += episode.answers;
        self.block = (self.block.0 + episode.score, self.block.1 + 1);
        if self.done.is_multiple_of((self.total / 10).max(1)) || self.done == self.total {
            let (score, answers) = (self.block.0 / self.block.1 as f64, self.answers);
            let (done, total) = (self.done, self.total);
            output::print_message(&format!("episode {done}/{total}  score {score:.1}  {answers} answers"));
            self.block = (0.0, 0);
        }
    }
}

fn about(task: Tasks) -> &'static str {
    match task {
        Tasks::Grid => "A walker in a maze (-1 a step until the goal, 50 steps at most)",
        Tasks::CartPole => "A pole on a cart (1 for each step that it stands, 200 at most)",
        Tasks::MountainCar => "A weak car in a valley (-1 a step until it is up, 200 at most)",
    }
}

fn says(method: Method) -> &'static str {
    match method {
        Method::Tamer => "good and bad (TAMER)",
        Method::DeepTamer => "good and bad, remembered (Deep TAMER)",
        Method::Coach => "good and bad, as advantages (COACH)",
        Method::Preferences => "preferences between clips",
    }
}

fn show(experiment: &Experiment, outcome: &Outcome) -> String {
    let last = outcome.during.len() as f64;
    let level = |y: f64| vec![(0.0, y), (last, y)];
    let learning = outcome.curve(BLOCKS).into_iter().map(|(x, y)| (x as f64, y)).collect();
    let plot = Plot {
        title: format!("{} by {}", experiment.task.name(), experiment.method.name()),
        x: "episodes".into(),
        y: "score of an episode".into(),
        curves: vec![
            Curve { name: "while learning".into(), points: learning },
            Curve { name: "at random".into(), points: level(outcome.mean_before()) },
        ],
    };
    format!(
        "\n{}\nScore by chance {:.1}, by what was learnt {:.1}, from {} answers; both over {} new episodes.",
        plot.terminal(),
        outcome.mean_before(),
        outcome.mean_after(),
        outcome.answers(),
        experiment.trials
    )
}
