//! The three steps, on the self-made world.

use super::world::{Answer, END, LABELLERS, Labellers, Prompt, World, gold, success};
use super::{Labels, Settings};
use rlhf::engine::{Device, Member, Model, Scorer};
use rlhf::models::weights_sha256;
use rlhf::record::{Line, Phase};
use rlhf::stage::{
    self, Judgements, Session, StageError, at, normalised, ppo, pretrain, reward_model, supervised,
};
use rlhf::statistics::{
    Calibration, Interval, agreement, best_of_n_kl, calibration, distinct_share, expected_best, share,
    win_rate,
};
use rlhf::train::{Examples, Guards, Ranking, TrainError, now, ranking_margins};
use rlhf_core::random::{Key, Stream};
use rlhf_core::roles::{Averaged, Policy, Reference, Reward};
use rlhf_core::sampling::{Responses, Sampling, Stopping};
use rlhf_core::{Batch, Ragged};
use serde::{Deserialize, Serialize};
use std::time::Instant;

/// A policy at some distance from the supervised one.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// Its KL from the supervised policy, in nats per answer.
    pub kl: f64,
    /// Its mean gold.
    pub gold: f64,
    /// Its mean reward by the reward model.
    pub proxy: f64,
}

/// A prompt's answers by both policies.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// The prompt.
    pub prompt: Prompt,
    /// The supervised policy's answer, and its gold.
    pub before: (Vec<u32>, f64),
    /// PPO's answer, and its gold.
    pub after: (Vec<u32>, f64),
    /// What the reward model makes of both.
    pub proxy: (f64, f64),
}

/// What a run found out.
#[derive(Debug)]
pub struct Outcome {
    /// SHA-256 of the policy's weights.
    pub weights_sha256: String,
    /// The labellers' agreement on the same prompts.
    pub agreement: f64,
    /// The share of answers to the test prompts that do all that was asked, before and after.
    pub success: (f64, f64),
    /// The reward model's accuracy on rankings of held-out prompts.
    pub accuracy: Interval,
    /// How far its certainty can be trusted there.
    pub calibration: Calibration,
    /// The share of test prompts on which PPO's gold beats the supervised model's, ties half.
    pub win_rate: Interval,
    /// Mean gold, before and after.
    pub gold: (f64, f64),
    /// Mean reward by the reward model, before and after.
    pub proxy: (f64, f64),
    /// KL of PPO from the supervised policy on the test prompts, in nats per answer.
    pub kl: f64,
    /// Distinct answers among all, before and after.
    pub distinct: (f64, f64),
    /// Mean length, before and after, in tokens.
    pub length: (f64, f64),
    /// PPO's checkpoints.
    pub ppo_curve: Vec<Point>,
    /// Best of n for growing n.
    pub best_of_n: Vec<Point>,
    /// Answers side by side.
    pub samples: Vec<Sample>,
    /// Seconds of pretraining, step 1, step 2 and step 3.
    pub seconds: [f64; 4],
    /// The final policy.
    pub policy: Model,
    /// The supervised policy.
    pub supervised: Model,
    /// The reward model, or several as one.
    pub reward: Scorer,
}

/// Runs the whole quickstart in a session, which may keep it in a folder and go on from there.
///
/// # Errors
/// A setting out of range, training that diverged, or a session that was stopped.
pub fn run(settings: &Settings, device: &Device, session: &mut Session<'_>) -> Result<Outcome, StageError> {
    let world = World::new(settings.seed);
    let mut seconds = [0.0; 4];
    let before = Phase::ALL.map(|phase| session.seconds(phase));
    // What earlier processes did counts too.
    let mut spent =
        |phase: usize, clock: Instant| seconds[phase] = before[phase] + clock.elapsed().as_secs_f64();

    let clock = Instant::now();
    let (corpus, plain) = corpus(&world, settings.corpus).map_err(at(Phase::Pretrain, 0))?;
    let start = Model::random(device, settings.architecture.clone(), settings.seed)
        .map_err(|e| at(Phase::Pretrain, 0)(TrainError::role("base")(e)))?;
    let base = pretrain(session, &start, &corpus, &settings.pretraining, settings.seed)?;
    spent(0, clock);

    let clock = Instant::now();
    let demonstrations = demonstrations(&world, settings.demonstrations).map_err(at(Phase::Supervised, 0))?;
    let mut sft = match &settings.profile.supervised {
        Some(s) => supervised(session, &base, &demonstrations, s, settings.seed + 1)?,
        None => base,
    };
    spent(1, clock);

    let clock = Instant::now();
    let step2 = Rankings::of(settings, &world, &mut sft).map_err(at(Phase::Reward, 0))?;
    let s = &settings.profile.reward;
    let mut scale = |member: Member| {
        normalised(member, s.normalisation, &demonstrations, &mut |_| {
            Err(TrainError::Nothing { what: "answers of the reference" })
        })
    };
    let judgements = Judgements { rankings: &step2.train, ..Judgements::default() };
    let mut reward = reward_model(session, &sft, judgements, s, settings.seed, &mut scale)?;
    let (accuracy, calibration) = trust(&mut reward, &step2.held_out).map_err(at(Phase::Reward, 0))?;
    spent(2, clock);

    let clock = Instant::now();
    let tests = Tests::new(settings, &world, &mut sft, &mut reward).map_err(at(Phase::Ppo, 0))?;
    let mut policy = reinforce(settings, &world, &sft, &mut reward, &plain, &tests, session)?;
    let curve = curve(&tests, session.lines());
    spent(3, clock);

    let failed = || at(Phase::Evaluate, 0);
    session.tell(Phase::Evaluate, 0, 1, "");
    let before = &tests.answers;
    let after = tests.answer(settings, &mut policy, 0).map_err(failed())?;
    let judged = tests.judge(&mut sft, &mut reward, &after).map_err(failed())?;
    let best_of_n = best_of_n(settings, &mut sft, &mut reward, &tests).map_err(failed())?;
    let mean = |x: &[f64]| x.iter().sum::<f64>() / x.len().max(1) as f64;
    let (golds, proxies) = (tests.golds(&after), tests.proxies(&mut reward, &after).map_err(failed())?);
    let samples = (0..6)
        .map(|i| i * 97 % tests.prompts.len())
        .map(|i| Sample {
            prompt: tests.prompts[i],
            before: (before.response(i).to_vec(), tests.gold_before[i]),
            after: (after.response(i).to_vec(), golds[i]),
            proxy: (tests.proxy_before[i], proxies[i]),
        })
        .collect();
    let texts = |r: &Responses| distinct_share((0..r.len()).map(|i| r.response(i)).collect::<Vec<_>>());
    session.tell(Phase::Evaluate, 1, 1, "");
    Ok(Outcome {
        weights_sha256: weights_sha256(&policy.weights()?),
        agreement: step2.agreement,
        success: (tests.success(before), tests.success(&after)),
        accuracy,
        calibration,
        win_rate: win_rate(&golds, &tests.gold_before).map_err(|e| failed()(e.into()))?,
        gold: (mean(&tests.gold_before), mean(&golds)),
        proxy: (mean(&tests.proxy_before), judged.proxy),
        kl: judged.kl,
        distinct: (texts(before), texts(&after)),
        length: (
            before.tokens.len() as f64 / before.len() as f64,
            after.tokens.len() as f64 / after.len() as f64,
        ),
        ppo_curve: curve,
        best_of_n,
        samples,
        seconds,
        policy,
        supervised: sft,
        reward,
    })
}

/// The base's texts, and those among them that answer no prompt. Only these are mixed into PPO: the
/// others show how prompts are answered, and rather well, so that PPO would get better without any
/// reward at all.
fn corpus(world: &World, texts: u32) -> Result<(Examples, Examples), TrainError> {
    let (mut all, mut plain) = (Examples::default(), Examples::default());
    for i in 0..texts {
        let text = world.corpus(i);
        // Each text begins after the end of another.
        all.push(&[END], &text)?;
        if Prompt::parse(&text).is_none() {
            plain.push(&[END], &text)?;
        }
    }
    Ok((all, plain))
}

fn demonstrations(world: &World, count: u32) -> Result<Examples, TrainError> {
    let mut out = Examples::default();
    for i in 0..count {
        let prompt = &world.train()[i as usize % world.train().len()];
        out.push(&context(prompt), &world.demonstration(i, prompt))?;
    }
    Ok(out)
}

/// A prompt as the model reads it: after the end of another text.
fn context(prompt: &Prompt) -> Vec<u32> {
    [&[END][..], &prompt.tokens()].concat()
}

fn stopping(settings: &Settings) -> Stopping<'static> {
    Stopping { max_new_tokens: settings.longest, eos: &[END], stop: &[] }
}

/// Prompts end to end.
struct Prompts {
    tokens: Vec<u32>,
    ends: Vec<usize>,
}

impl Prompts {
    fn new<'a>(prompts: impl IntoIterator<Item = &'a Prompt>) -> Self {
        let (mut tokens, mut ends) = (Vec::new(), Vec::new());
        for prompt in prompts {
            tokens.extend(context(prompt));
            ends.push(tokens.len());
        }
        Self { tokens, ends }
    }

    fn ragged(&self) -> Result<Ragged<'_>, TrainError> {
        Ok(Ragged::new(&self.tokens, &self.ends)?)
    }
}

fn sample(
    settings: &Settings,
    policy: &mut Model,
    prompts: &[Prompt],
    step: u32,
) -> Result<Responses, TrainError> {
    let prompts = Prompts::new(prompts);
    let sampling = Sampling::at_temperature(settings.profile.ppo.temperature as f32);
    // Steps of PPO's own draws count up from 0: these count down.
    let key = Key::new(settings.seed, Stream::Sampling, u32::MAX - step);
    now(async {
        policy
            .sample(prompts.ragged()?, &sampling, &stopping(settings), key, 0)
            .await
            .map_err(TrainError::role("policy"))
    })
}

/// What people say of the supervised model's answers.
struct Rankings {
    train: Vec<Ranking>,
    held_out: Vec<Ranking>,
    agreement: f64,
}

/// Prompts whose rankings measure the reward model.
const HELD_OUT: usize = 400;

/// Prompts that all labellers rank, to measure their agreement.
const SHARED: usize = 128;

impl Rankings {
    fn of(settings: &Settings, world: &World, sft: &mut Model) -> Result<Self, TrainError> {
        let trained = settings.rankings as usize;
        let mut pool = world.train().to_vec();
        Key::new(settings.seed, Stream::Labels, 1 << 20).shuffle(&mut pool);
        // Held-out prompts first; of the others each is ranked as often as it takes.
        let (held_out, others) = pool.split_at(HELD_OUT.min(pool.len() / 2));
        let chosen: Vec<Prompt> =
            held_out.iter().chain(others.iter().cycle().take(trained)).copied().collect();
        let mut asked = Vec::new();
        let mut first = Vec::new();
        for (i, prompt) in chosen.iter().enumerate() {
            first.push(asked.len());
            asked.resize(asked.len() + world.answers_wanted(i as u32), *prompt);
        }
        first.push(asked.len());
        let written = sample(settings, sft, &asked, 0)?;
        let answers: Vec<Vec<Answer>> = (0..chosen.len())
            .map(|i| {
                (first[i]..first[i + 1])
                    .map(|a| {
                        let tokens = written.response(a);
                        Answer { gold: gold(&chosen[i], tokens, written.finish[a]), tokens: tokens.len() }
                    })
                    .collect()
            })
            .collect();
        let labellers = Labellers::hire(settings.seed, &answers)?;
        let shared: Vec<Vec<Vec<u32>>> = answers
            .iter()
            .take(SHARED)
            .enumerate()
            .map(|(i, a)| (0..LABELLERS).map(|l| labellers.ranks(l, i as u32, a)).collect())
            .collect();
        let rankings: Vec<Ranking> = (0..chosen.len())
            .map(|i| {
                let mut ranks = labellers.ranks(i % LABELLERS, i as u32, &answers[i]);
                if settings.labels == Labels::Shuffled {
                    Key::new(settings.seed, Stream::Labels, (1 << 21) + i as u32).shuffle(&mut ranks);
                }
                let context = context(&chosen[i]);
                let texts =
                    (first[i]..first[i + 1]).map(|a| [&context[..], written.response(a)].concat()).collect();
                Ranking { texts, ranks, ..Ranking::default() }
            })
            .collect();
        let (held_out, train) = rankings.split_at(held_out.len());
        Ok(Self { train: train.to_vec(), held_out: held_out.to_vec(), agreement: agreement(&shared)? })
    }
}

/// How often a reward model orders pairs as the labellers did, and how sure it is of that.
fn trust(scorer: &mut Scorer, held_out: &[Ranking]) -> Result<(Interval, Calibration), TrainError> {
    let margins = now(ranking_margins(scorer, held_out))?;
    let right = share(margins.iter().filter(|margin| **margin > 0.0).count(), margins.len())?;
    Ok((right, calibration(&margins.into_iter().map(|margin| (margin, 1.0)).collect::<Vec<_>>())?))
}

/// Step 3, measured on the test prompts now and then.
fn reinforce(
    settings: &Settings,
    world: &World,
    sft: &Model,
    reward: &mut Scorer,
    mix: &Examples,
    tests: &Tests,
    session: &mut Session<'_>,
) -> Result<Model, StageError> {
    let s = &settings.profile.ppo;
    let mut reference = sft.clone();
    let prompts: Vec<Vec<u32>> = world.train().iter().map(context).collect();
    let iterations = settings.iterations;
    let (stopping, guards) = (stopping(settings), Guards::default());
    let on = stage::Prompts { prompts: &prompts, stopping, mix, iterations, guards };
    let mut measure = |iteration: u32, policy: &mut Model, reward: &mut Scorer| {
        if !iteration.is_multiple_of(CHECKPOINT) && iteration != iterations {
            return Ok(Vec::new());
        }
        if s.average.is_some() {
            swap(policy)?;
        }
        let answers = tests.answer(settings, policy, iteration)?;
        let Point { kl, gold, proxy } = tests.judge(&mut reference, reward, &answers)?;
        if s.average.is_some() {
            swap(policy)?;
        }
        Ok(vec![("test_kl", kl), ("test_gold", gold), ("test_reward", proxy)])
    };
    ppo(session, sft, reward, on, s, settings.seed, &mut measure)
}

/// The points that were measured on the way, the supervised policy's first.
fn curve(tests: &Tests, lines: &[Line]) -> Vec<Point> {
    let point = |line: &Line| {
        let figure = |name: &str| line.figures.get(name).copied();
        Some(Point { kl: figure("test_kl")?, gold: figure("test_gold")?, proxy: figure("test_reward")? })
    };
    core::iter::once(tests.before()).chain(lines.iter().filter_map(point)).collect()
}

/// Iterations between two points of the curve.
const CHECKPOINT: u32 = 5;

fn swap(policy: &mut Model) -> Result<(), TrainError> {
    now(async { policy.swap_average().await.map_err(TrainError::role("policy")) })
}

/// The test prompts, and what the supervised model makes of them.
struct Tests {
    prompts: Vec<Prompt>,
    answers: Responses,
    gold_before: Vec<f64>,
    proxy_before: Vec<f64>,
}

impl Tests {
    fn new(
        settings: &Settings,
        world: &World,
        sft: &mut Model,
        reward: &mut Scorer,
    ) -> Result<Self, TrainError> {
        let prompts = world.test().to_vec();
        let answers = sample(settings, sft, &prompts, 1 << 20)?;
        let mut out =
            Self { prompts, answers: Responses::default(), gold_before: vec![], proxy_before: vec![] };
        out.gold_before = out.golds(&answers);
        out.proxy_before = out.proxies(reward, &answers)?;
        out.answers = answers;
        Ok(out)
    }

    fn before(&self) -> Point {
        let mean = |x: &[f64]| x.iter().sum::<f64>() / x.len() as f64;
        Point { kl: 0.0, gold: mean(&self.gold_before), proxy: mean(&self.proxy_before) }
    }

    fn answer(&self, settings: &Settings, policy: &mut Model, step: u32) -> Result<Responses, TrainError> {
        sample(settings, policy, &self.prompts, (1 << 21) + step)
    }

    fn golds(&self, answers: &Responses) -> Vec<f64> {
        (0..answers.len()).map(|i| gold(&self.prompts[i], answers.response(i), answers.finish[i])).collect()
    }

    /// The share of answers that do all that was asked.
    fn success(&self, answers: &Responses) -> f64 {
        let all = 0..answers.len();
        let good = all.filter(|&i| success(&self.prompts[i], answers.response(i), answers.finish[i])).count();
        good as f64 / answers.len() as f64
    }

    /// The texts of prompts with answers, and which tokens are the answers'.
    fn texts(&self, answers: &Responses) -> (Vec<u32>, Vec<usize>, Vec<bool>) {
        let (mut tokens, mut ends, mut owed) = (Vec::new(), Vec::new(), Vec::new());
        for (i, prompt) in self.prompts.iter().enumerate() {
            tokens.extend(context(prompt));
            owed.resize(tokens.len(), false);
            tokens.extend_from_slice(answers.response(i));
            owed.resize(tokens.len(), true);
            ends.push(tokens.len());
        }
        (tokens, ends, owed)
    }

    fn proxies(&self, reward: &mut Scorer, answers: &Responses) -> Result<Vec<f64>, TrainError> {
        let (tokens, ends, _) = self.texts(answers);
        let mut scores = vec![0.0; ends.len()];
        now(async {
            reward.score(Ragged::new(&tokens, &ends)?, &mut scores).await.map_err(TrainError::role("reward"))
        })?;
        Ok(scores.into_iter().map(f64::from).collect())
    }

    /// Means over the test prompts.
    fn judge(
        &self,
        reference: &mut Model,
        reward: &mut Scorer,
        answers: &Responses,
    ) -> Result<Point, TrainError> {
        let (tokens, ends, owed) = self.texts(answers);
        let mut log_probs = vec![0.0; tokens.len()];
        now(async {
            let batch = Batch::new(Ragged::new(&tokens, &ends)?, &owed)?;
            reference.log_probs(batch, &mut log_probs).await.map_err(TrainError::role("reference"))
        })?;
        let n = ends.len() as f64;
        let sum = |x: &[f32]| x.iter().map(|x| f64::from(*x)).sum::<f64>();
        Ok(Point {
            kl: (sum(&answers.log_probs) - sum(&log_probs)) / n,
            gold: self.golds(answers).iter().sum::<f64>() / n,
            proxy: self.proxies(reward, answers)?.iter().sum::<f64>() / n,
        })
    }
}

/// Best of n by the reward model, among the supervised policy's answers.
fn best_of_n(
    settings: &Settings,
    sft: &mut Model,
    reward: &mut Scorer,
    tests: &Tests,
) -> Result<Vec<Point>, TrainError> {
    let n = settings.best_of;
    let count = tests.prompts.len();
    let mut golds = vec![Vec::with_capacity(n); count];
    let mut proxies = vec![Vec::with_capacity(n); count];
    for draw in 0..n {
        let answers = sample(settings, sft, &tests.prompts, (1 << 22) + draw as u32)?;
        for (i, (gold, proxy)) in
            tests.golds(&answers).into_iter().zip(tests.proxies(reward, &answers)?).enumerate()
        {
            golds[i].push(gold);
            proxies[i].push(proxy);
        }
    }
    let mut out = Vec::new();
    let mut of = 1;
    while of <= n {
        let mean = |by: &[Vec<f64>]| -> Result<f64, TrainError> {
            let mut sum = 0.0;
            for i in 0..count {
                sum += expected_best(&proxies[i], &by[i], of)?;
            }
            Ok(sum / count as f64)
        };
        out.push(Point { kl: best_of_n_kl(of), gold: mean(&golds)?, proxy: mean(&proxies)? });
        of *= 2;
    }
    Ok(out)
}
