//! Every method of step 3 on one task of a few tokens, through the stages that `rlhf run` uses: the answer to a token
//! is that token again. `cargo run --release -p rlhf-examples --example every_method [NAME...]`.
//!
//! A supervised model that is right every other time, a reward model, and pairs, labels, a log and a teacher
//! are made once; each method then has them and the same questions. The last column is its control: what it
//! learns where rewards are all alike and labels come from a coin.

use rlhf::blocking;
use rlhf::engine::{Aligned, Device, Member, Model, Scorer};
use rlhf::stage::{AlignInputs, Judgments, Session, TrainingData, align, reward_model};
use rlhf::train::profile::{Method, Optimizer, Passes, Profile, WarmUpLength};
use rlhf::train::{Examples, Guards, NormalizedReward, Prompts, Ranking};
use rlhf_core::model::Architecture;
use rlhf_core::optim::Follow;
use rlhf_core::random::{Key, Stream};
use rlhf_core::rewards::{EnsembleRule, RewardScale};
use rlhf_core::roles::Policy;
use rlhf_core::sampling::{Responses, SamplingParams, StopCriteria};
use std::time::Instant;

type Failure = Box<dyn core::error::Error>;

/// The number of tokens; 0 ends an answer.
const TOKENS: u32 = 5;
const STOPPING: StopCriteria<'static> = StopCriteria { max_new_tokens: 2, eos: &[0], stop: &[] };
/// The longest answer that methods are set up for, in tokens.
const LONGEST: u32 = 4;
/// The least improvement in the share of right answers, or in the reward in its deviations.
const MARGIN: f64 = 0.1;

/// Returns whether an answer is right, which is a rule and not a person.
fn right(asked: u32, answer: &[u32]) -> bool {
    answer == [asked, 0]
}

/// The question of that number.
fn question(i: usize) -> u32 {
    1 + i as u32 % (TOKENS - 1)
}

/// Samples a policy's answers to so many questions.
fn answers<P: Policy<Error: 'static>>(policy: &mut P, count: usize, seed: u64) -> Result<Responses, Failure> {
    let asked = Examples::try_from_iter((0..count).map(|i| ([question(i)], [])))?;
    let (all, key) = (SamplingParams::at_temperature(1.0), Key::new(seed, Stream::Sampling, 0));
    Ok(blocking::sample(policy, asked.sequences()?, &all, &STOPPING, key)?)
}

/// The share of right answers, and the mean reward.
fn measured<P: Policy<Error: 'static>>(policy: &mut P, reward: &mut Scorer) -> Result<[f64; 2], Failure> {
    let said = answers(policy, 400, 99)?;
    let n = said.len();
    let texts = Examples::try_from_iter((0..n).map(|i| ([question(i)], said.response(i))))?;
    let scores = blocking::score(reward, texts.sequences()?)?;
    let count = (0..n).filter(|&i| right(question(i), said.response(i))).count();
    Ok([count as f64, scores.iter().map(|score| f64::from(*score)).sum()].map(|sum| sum / n as f64))
}

/// A model that learnt to say these.
fn taught(model: &Model, texts: &Examples, epochs: u32) -> Result<Model, Failure> {
    let mut model = model.clone();
    let mut settings = Profile::instructgpt().supervised.ok_or("the recipe has no step 1")?;
    (settings.epochs, settings.batch, settings.dropout) = (epochs, 16, 0.0);
    settings.optimizer.learning_rate = 1e-2;
    blocking::supervised(&mut model, texts, &settings, 1, |_| {})?;
    Ok(model)
}

/// The start of all methods.
struct World {
    sft: Model,
    reward: Scorer,
    material: TrainingData,
    questions: Vec<Vec<u32>>,
}

impl World {
    fn new() -> Result<Self, Failure> {
        let tokens = || 1..TOKENS;
        // The right answer three times, every other once.
        let any = tokens().flat_map(|q| tokens().chain([q, q]).map(move |a| ([q], [a, 0])));
        let anything = Examples::try_from_iter(any)?;
        let network = Model::random(&Device::default(), Architecture::gpt2(TOKENS as usize, 8, 16, 1, 2), 1)?;
        let mut sft = taught(&network, &anything, 60)?;
        let echoes = Examples::try_from_iter(tokens().map(|q| ([q], [q, 0])))?;
        let teacher = taught(&sft, &echoes, 60)?;
        // All answers that there are: of one that it has not seen, a reward model knows nothing, and a policy finds it.
        let all: Vec<Vec<u32>> = tokens()
            .flat_map(|a| tokens().map(move |b| (a, b)))
            .map(|(a, b)| vec![a, b])
            .chain(tokens().map(|a| vec![a, 0]))
            .chain([vec![0]])
            .collect();
        let ranking = |q: u32| Ranking {
            texts: all.iter().map(|answer| [&[q], &answer[..]].concat()).collect(),
            ranks: all.iter().map(|answer| u32::from(!right(q, answer))).collect(),
            ..Ranking::default()
        };
        let rankings: Vec<Ranking> = tokens().map(ranking).collect();
        let mut settings = Profile::instructgpt().reward;
        (settings.epochs, settings.batch, settings.optimizer.learning_rate) = (300, Some(4), 3e-3);
        // Demonstrations have mean 0 and variance 1.
        let mut scaled = |member: Member| blocking::normalize(member, &anything);
        let silent = &mut Session::new(|_, _, _, _| {});
        let judgments = Judgments { rankings: &rankings, ..Judgments::default() };
        let reward = reward_model(silent, &sft, judgments, &settings, 1, &mut scaled)?;
        let material = material(&mut sft, (anything, teacher), right)?;
        Ok(Self { sft, reward, material, questions: (0..32).map(|i| vec![question(i)]).collect() })
    }

    /// Returns the world without anything to learn: every reward is 0, a coin says what is right, and the teacher knows
    /// no more than its student.
    fn blind(&self) -> Result<Self, Failure> {
        let mut draws = Key::new(7, Stream::Labels, 0).draws(0);
        let (mut sft, texts) = (self.sft.clone(), self.material.texts.clone());
        let material = material(&mut sft, (texts, self.sft.clone()), |_, _| draws.uniform() < 0.5)?;
        let (reward, scale) =
            (Member::Whole(self.reward.model().clone()), RewardScale { gain: 0.0, bias: 0.0 });
        let reward = Scorer::new(vec![NormalizedReward { reward, scale }], EnsembleRule::Mean)?;
        Ok(Self { sft, reward, material, questions: self.questions.clone() })
    }

    /// The policy that a method makes.
    fn aligned(&self, name: &str) -> Result<Aligned, Failure> {
        let mut profile = Profile::trl().with_method(name, LONGEST)?;
        let iterations = quick(&mut profile);
        let (prompts, mix, guards) = (&self.questions[..], &Examples::default(), Guards::default());
        let on = Prompts { prompts, stopping: STOPPING, mix, iterations, guards };
        let silent = &mut Session::new(|_, _, _, _| {});
        let (sft, reward, data) = (&self.sft, &mut self.reward.clone(), &self.material);
        Ok(align(silent, &profile, AlignInputs { sft, reward, prompts: on, data }, 1, None)?)
    }
}

/// Makes the data that methods learn from beside rewards, from the supervised model's answers.
fn material(
    sft: &mut Model,
    (texts, teacher): (Examples, Model),
    mut good: impl FnMut(u32, &[u32]) -> bool,
) -> Result<TrainingData, Failure> {
    let said = answers(sft, 1024, 5)?;
    let mut out = TrainingData { texts, teacher: Some(teacher), ..TrainingData::default() };
    let good: Vec<bool> = (0..said.len()).map(|i| good(question(i), said.response(i))).collect();
    for (i, &good) in good.iter().enumerate() {
        let (asked, answer, reward) = ([question(i)], said.response(i), if good { 1.0 } else { -1.0 });
        let log_prob: f32 = said.log_probs[said.span(i)].iter().sum();
        let mut rewards = vec![0.0; answer.len()];
        rewards[answer.len() - 1] = reward;
        out.labeled.push(&asked, answer, good)?;
        out.logged.push(&asked, answer, log_prob, reward)?;
        out.rewarded.push(&asked, answer, &rewards, answer.ends_with(&[0]))?;
    }
    // Each with the next answers to the same question that fared otherwise.
    let step = TOKENS as usize - 1;
    for i in (0..said.len()).filter(|&i| good[i]) {
        let others = (i + step..said.len()).step_by(step).filter(|&j| !good[j]);
        for j in others.take(2) {
            out.pairs.push(&[question(i)], said.response(i), said.response(j))?;
        }
    }
    Ok(out)
}

/// Sets a recipe for networks of billions of weights to one of thousands. Gives the number of rollouts.
fn quick(profile: &mut Profile) -> u32 {
    let fast = |optimizer: &mut Optimizer, rate| {
        (optimizer.learning_rate, optimizer.warm_up) = (rate, WarmUpLength::Steps(0));
    };
    let pass = |passes: &mut Passes, epochs, batch, rate| {
        (passes.epochs, passes.batch) = (epochs, batch);
        fast(&mut passes.optimizer, rate);
    };
    (profile.ppo.batch, profile.ppo.temperature) = (Some(64), 1.0);
    (profile.ppo.epochs, profile.ppo.gae.lambda) = (profile.ppo.epochs.min(2), 1.0);
    fast(&mut profile.ppo.policy, 1e-3);
    fast(&mut profile.ppo.critic, 5e-3);
    match &mut profile.method {
        Method::Ppo => {}
        Method::Nlpo(s) => s.follow = Follow::Every { iterations: 5 },
        Method::OnPolicy(s) => {
            (s.prompts, s.passes.minibatches, s.beta) = (64 / s.group, 4, s.beta.min(0.02));
            fast(&mut s.passes.optimizer, 1e-3);
        }
        Method::Trpo(s) => (s.prompts, s.beta, s.step.max_kl, s.step.damping) = (16, 0.0, 0.03, 1e-3),
        Method::ExpertIteration(s) => {
            (s.prompts, s.passes.minibatches) = (8, 1);
            fast(&mut s.passes.optimizer, 5e-3);
        }
        Method::Online(s) => fast(&mut s.passes.optimizer, 3e-3),
        Method::Preference(s) => pass(&mut s.passes, 4, 32, 1e-3),
        Method::Kto(s) => pass(&mut s.passes, 4, 32, 1e-3),
        Method::Bandit(s) => pass(&mut s.passes, 6, 128, 1e-3),
        Method::Distillation(s) => pass(&mut s.passes, 100, 16, 3e-3),
        Method::Ilql(s) => {
            (s.beta, s.follow) = (8.0, Follow::Average { decay: 0.9 });
            pass(&mut s.passes, 12, 128, 5e-3);
        }
    }
    60
}

/// One of each kind, which are also shown the world without anything to learn.
const CONTROLS: [&str; 11] = [
    "ppo",
    "grpo",
    "dpo",
    "kto",
    "online_dpo",
    "best_of_n",
    "bandit",
    "trpo",
    "nlpo",
    "distillation",
    "ilql",
];

fn main() -> Result<(), Failure> {
    let asked: Vec<String> = std::env::args().skip(1).collect();
    if let Some(unknown) = asked.iter().find(|name| !Method::names().any(|known| known == *name)) {
        let known: Vec<_> = Method::names().collect();
        return Err(format!("there is no method {unknown:?}; there are {}", known.join(", ")).into());
    }
    let world = World::new()?;
    let blind = world.blind()?;
    let mut judge = world.reward.clone();
    let mut measure = |policy: &mut Aligned| measured(policy, &mut judge);
    let before = measure(&mut world.sft.clone().into())?;
    println!("{:<20} {:^13} {:^13} {:>8}", "", "right", "reward", "");
    println!(
        "{:<20} {:>6} {:>6} {:>6} {:>6} {:>8} {:>8}",
        "method", "before", "after", "before", "after", "seconds", "control"
    );
    let mut wrong = Vec::new();
    for name in Method::names().filter(|name| asked.is_empty() || asked.iter().any(|a| a == name)) {
        let clock = Instant::now();
        let after = measure(&mut world.aligned(name)?)?;
        let seconds = clock.elapsed().as_secs_f64();
        let control = CONTROLS.contains(&name).then(|| measure(&mut blind.aligned(name)?)).transpose()?;
        // What learns from rewards is to raise them, all else the share of right answers.
        let of = usize::from(by_reward(name)?);
        let shown = control.map_or(String::new(), |control| format!("{:.2}", control[of]));
        let ([right, reward], [rightly, rewarded]) = (before, after);
        println!(
            "{name:<20} {right:>6.2} {rightly:>6.2} {reward:>6.2} {rewarded:>6.2} {seconds:>8.2} {shown:>8}"
        );
        let learnt = match name {
            // These are for policies that tell good from bad already: they lower what is chosen too.
            "discopop" | "apo_down" => after[of] < before[of],
            _ => after[of] > before[of] + MARGIN,
        };
        if !learnt || control.is_some_and(|control| control[of] > before[of] + MARGIN) {
            wrong.push(name);
        }
    }
    assert!(wrong.is_empty(), "these did not learn, or learnt from nothing: {wrong:?}");
    Ok(())
}

/// Returns whether a method learns from rewards alone.
fn by_reward(name: &str) -> Result<bool, Failure> {
    Ok(match Profile::trl().with_method(name, LONGEST)?.method {
        Method::Ppo | Method::OnPolicy(_) | Method::Nlpo(_) => true,
        Method::Trpo(_) | Method::ExpertIteration(_) | Method::Online(_) => true,
        Method::Preference(_) | Method::Kto(_) | Method::Bandit(_) => false,
        Method::Distillation(_) | Method::Ilql(_) => false,
    })
}
