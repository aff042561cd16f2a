//! The three steps, one after the other.

use super::answers::{Answers, Exam, end_to_end, write};
use super::base::{Base, with_dropout};
use super::measure::loss;
use super::pretraining::corpus;
use super::rewards::{Judged, accuracy, agreed};
use super::sets::{Set, Take, read, sides};
use super::transcripts::Transcripts;
use super::{
    Answer, BeforeAfter, Config, Data, Iteration, Losses, RewardModel, RunError, Said, Sample, Seconds,
    Stages, Summary,
};
use crate::data::{self, Format, Options, discover};
use crate::formats::{FormatError, save_model, weights_sha256, write_json};
use crate::record::{Phase, Progress};
use crate::statistics::win_rate;
use crate::train::{self, Examples, Passes, Ppo, Ranking, Roles, Scaled, TrainError, now};
use rlhf_core::Ragged;
use rlhf_core::maths::RewardScale;
use rlhf_core::model::tokenizer::Tokenizer;
use rlhf_core::profile::{self, CriticInit, Profile, RewardNormalisation};
use rlhf_core::random::{Key, Stream};
use rlhf_core::roles::Averaged;
use rlhf_core::sampling::Stopping;
use rlhf_cpu::{Cpu, Model};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Runs all three steps and writes `summary.json` and the folders `sft`, `reward` and `policy` into
/// `out`, which is made if need be.
///
/// The same configuration and data give the same weights on one instruction set, on any number of
/// threads.
///
/// # Errors
/// [`RunError`]: all settings and files are checked before anything is learnt.
pub fn run(config: &Config, cpu: &Cpu, out: &Path, progress: &mut Progress<'_>) -> Result<Summary, RunError> {
    config.check()?;
    let (profile, overrides) = config.resolve()?;
    let mut seconds = Seconds::default();
    let clock = Instant::now();
    let base = Base::open(config, cpu)?;
    let found = discover(config.folder()?)?;
    let mut sources = Sources::read(config, &base, &found)?;
    std::fs::create_dir_all(out).map_err(|e| FormatError::io(out, e))?;
    let mut run = Run { config, profile, base, progress, steps: 0 };
    let mut writer = run.base.model.clone();
    let corpus = corpus(config, &found, &mut writer, &run.base.tokenizer, run.progress)?;
    seconds.data = clock.elapsed().as_secs_f64();

    let clock = Instant::now();
    let mut sft = run.supervised(&sources.demonstrations.0, &corpus.train)?;
    (seconds.sft, seconds.per_step.sft) = run.spent(clock);

    let clock = Instant::now();
    let mut reward = run.reward(&mut sft, &sources)?;
    (seconds.reward, seconds.per_step.reward) = run.spent(clock);

    let clock = Instant::now();
    let (mut policy, iterations) = run.ppo(&sft, &mut reward, &sources.prompts, &corpus.train)?;
    (seconds.ppo, seconds.per_step.ppo) = run.spent(clock);

    let clock = Instant::now();
    (run.progress)(Phase::Evaluate, 0, 1, "");
    let failed = || RunError::at(Phase::Evaluate, 0);
    let reward_model = judged(&mut reward.reward, &sources).map_err(failed())?;
    let exam = run.exam(&sources.held_out);
    let mut reference = sft.clone();
    let before = exam.sit(&mut sft, &mut reference, &mut reward).map_err(failed())?;
    let after = exam.sit(&mut policy, &mut reference, &mut reward).map_err(failed())?;
    let mut models = [&mut run.base.model, &mut sft, &mut policy];
    let unseen = &sources.demonstrations.1;
    let unseen = unseen.select(0..unseen.len().min(config.evaluation.prompts));
    let losses = losses(&mut models, &unseen, &corpus.held_out).map_err(failed())?;
    let win_rate = win_rate(&after.rewards, &before.rewards).map_err(|e| failed()(e.into()))?;
    let samples = run.samples(&sources.held_out, &before, &after);
    (run.progress)(Phase::Evaluate, 1, 1, "");
    seconds.evaluate = clock.elapsed().as_secs_f64();

    for (name, model) in [("sft", &sft), ("reward", &reward.reward), ("policy", &policy)] {
        save_model(&out.join(name), model, &run.base.tokenizer)?;
    }
    let pair = |of: fn(&Answers) -> f64| BeforeAfter { sft: of(&before), ppo: of(&after) };
    sources.data.pretraining = corpus.train.len();
    let summary = Summary {
        version: env!("CARGO_PKG_VERSION"),
        seed: config.seed,
        instruction_set: cpu.isa().name(),
        parameters: run.base.model.architecture().parameters(),
        profile: config.profile.clone(),
        settings: run.profile,
        overrides,
        data: sources.data,
        losses,
        reward_model,
        reward: pair(Answers::reward),
        win_rate,
        kl: after.kl,
        length: pair(Answers::length),
        ended: pair(Answers::ended),
        iterations,
        samples,
        seconds,
        weights_sha256: weights_sha256(policy.weights()),
    };
    // Last: who finds a summary finds a whole run.
    write_json(&out.join("summary.json"), &summary)?;
    Ok(summary)
}

/// All data as token ids.
struct Sources {
    /// To train on, and held out.
    demonstrations: (Examples, Examples),
    /// The same of each data set of comparisons, with its name and format.
    comparisons: Vec<Set<Judged>>,
    prompts: Vec<Vec<u32>>,
    held_out: Vec<Vec<u32>>,
    data: Data,
}

impl Sources {
    fn read(config: &Config, base: &Base, found: &[(PathBuf, Format)]) -> Result<Self, RunError> {
        let folder = config.folder()?;
        let sides = sides(found)?;
        let take = |rows| Take { seed: config.seed, held_out: config.held_out, sides: &sides, rows };
        let failed = |e: rlhf_core::Error| RunError::at(Phase::Supervised, 0)(e.into());

        let c = &config.supervised;
        let sets =
            read("demonstrations", folder, found, &c.formats, take(c.rows), data::demonstrations, |d| {
                d.group
            })?;
        let mut transcripts = Transcripts::new(&base.tokenizer, config.context);
        let mut demonstrations = (Examples::default(), Examples::default());
        let mut demonstration_sets = Vec::new();
        for mut set in sets {
            for (side, rows) in [(&mut demonstrations.0, &set.train), (&mut demonstrations.1, &set.held_out)]
            {
                for row in rows {
                    let (prompt, response) = transcripts.pair(&row.prompt, &row.response);
                    side.push(&prompt, &response).map_err(failed)?;
                }
            }
            set.counts.cut = transcripts.cut();
            demonstration_sets.push(set.counts);
        }

        let c = &config.reward;
        let options = Options { synthetic: c.synthetic, passages: c.passages };
        let open = |path: &Path| data::comparisons(path, options);
        let sets = read("comparisons", folder, found, &c.formats, take(c.rows), open, |c| c.group)?;
        let mut comparisons = Vec::new();
        for mut set in sets {
            let train = set.train.iter().map(|c| Judged::new(c, &mut transcripts)).collect();
            let held_out = set.held_out.iter().map(|c| Judged::new(c, &mut transcripts)).collect();
            set.counts.cut = transcripts.cut();
            comparisons.push(Set { train, held_out, counts: set.counts });
        }

        let c = &config.ppo;
        let sets = read("prompts", folder, found, &c.formats, take(c.rows), data::prompts, |p| p.group)?;
        let mut transcripts = Transcripts::new(&base.tokenizer, c.prompt);
        let (mut prompts, mut held_out, mut prompt_sets) = (Vec::new(), Vec::new(), Vec::new());
        for mut set in sets {
            prompts.extend(set.train.iter().map(|p| transcripts.prompt(&p.prompt)));
            held_out.extend(set.held_out.iter().map(|p| transcripts.prompt(&p.prompt)));
            set.counts.cut = transcripts.cut();
            prompt_sets.push(set.counts);
        }
        Key::new(config.seed, Stream::Data, 1 << 18).shuffle(&mut held_out);
        held_out.truncate(config.evaluation.prompts);
        if held_out.len() < 2 {
            let reason = format!("{} of the prompts are held out; 2 are the least", held_out.len());
            return Err(RunError::setting("held_out", reason));
        }
        let data = Data {
            demonstrations: demonstration_sets,
            comparisons: comparisons.iter().map(|set| set.counts.clone()).collect(),
            prompts: prompt_sets,
            pretraining: 0,
        };
        Ok(Self { demonstrations, comparisons, prompts, held_out, data })
    }
}

/// What all steps share.
struct Run<'a, 'p> {
    config: &'a Config,
    profile: Profile,
    base: Base,
    progress: &'a mut Progress<'p>,
    /// The last one of the step at work.
    steps: u64,
}

/// Demonstrations that centre the reward.
const CENTRE: usize = 512;
/// Answers of the supervised model that centre it, where the profile says so.
const SAMPLES: u32 = 256;

impl Run<'_, '_> {
    /// Seconds since, in all and for each step.
    fn spent(&self, clock: Instant) -> (f64, f64) {
        let seconds = clock.elapsed().as_secs_f64();
        (seconds, seconds / self.steps.max(1) as f64)
    }

    fn stopping(&self) -> Stopping<'static> {
        Stopping { max_new_tokens: self.config.ppo.response, eos: self.base.tokenizer.eos(), stop: &[] }
    }

    /// Step 1.
    fn supervised(&mut self, demonstrations: &Examples, corpus: &Examples) -> Result<Model, RunError> {
        let Some(settings) = self.profile.supervised else { return Ok(self.base.model.clone()) };
        let seed = self.config.seed;
        let mixed = (self.config.supervised.pretraining * demonstrations.len() as f64).round() as usize;
        let mut texts = demonstrations.clone();
        for i in (0..corpus.len()).cycle().take(mixed) {
            texts.push(&[], corpus.text(i)).map_err(|e| RunError::at(Phase::Supervised, 0)(e.into()))?;
        }
        let mut model = with_dropout(&self.base.model, settings.dropout, seed)?;
        self.steps = 0;
        let (at, progress) = (&mut self.steps, &mut *self.progress);
        now(train::supervised(&mut model, &texts, &settings, seed, &mut |step| {
            *at = step.step;
            progress(Phase::Supervised, step.step, step.total, &format!("loss {:.3}", step.loss));
        }))
        .map_err(RunError::at(Phase::Supervised, self.steps + 1))?;
        finite(with_dropout(&model, 0.0, seed)?, Phase::Supervised)
    }

    /// Step 2.
    fn reward(&mut self, sft: &mut Model, sources: &Sources) -> Result<Scaled<Model>, RunError> {
        let settings = self.profile.reward;
        let seed = self.config.seed;
        let failed = |step| RunError::at(Phase::Reward, step);
        let deviation = settings.head.deviation(sft.architecture().width) as f32;
        let rankings: Vec<Ranking> =
            sources.comparisons.iter().flat_map(|set| &set.train).map(Judged::ranking).collect();
        let mut model =
            sft.with_scalar_head(deviation, seed).map_err(|e| failed(0)(TrainError::role("reward")(e)))?;
        self.steps = 0;
        let (at, progress) = (&mut self.steps, &mut *self.progress);
        now(train::reward_model(&mut model, &rankings, &settings, seed, &mut |step, seen| {
            *at = step.step;
            let told = format!("loss {:.3}, accuracy {:.2}", step.loss, seen.accuracy().unwrap_or(0.0));
            progress(Phase::Reward, step.step, step.total, &told);
        }))
        .map_err(failed(self.steps + 1))?;
        let model = finite(model.clone(), Phase::Reward)?;
        match settings.normalisation {
            RewardNormalisation::None => Ok(Scaled { reward: model, scale: RewardScale::default() }),
            RewardNormalisation::CentreOnDemonstrations => {
                let all = &sources.demonstrations.0;
                let texts = all.select(0..all.len().min(CENTRE));
                now(async { Scaled::centred_on(model, texts.sequences()?).await })
            }
            RewardNormalisation::CentreOnReference => {
                let texts = self.written(sft, &sources.prompts, SAMPLES).map_err(failed(0))?;
                now(async { Scaled::centred_on(model, texts.sequences()?).await })
            }
            RewardNormalisation::Ziegler2019 { samples } => {
                let texts = self.written(sft, &sources.prompts, samples).map_err(failed(0))?;
                now(async { Scaled::ziegler2019(model, texts.sequences()?).await })
            }
        }
        .map_err(failed(0))
    }

    /// Answers of the supervised model to training prompts, with them.
    fn written(&self, sft: &mut Model, prompts: &[Vec<u32>], count: u32) -> Result<Examples, TrainError> {
        let prompts: Vec<Vec<u32>> = prompts.iter().cycle().take(count as usize).cloned().collect();
        let key = Key::new(self.config.seed, Stream::Sampling, u32::MAX - 1);
        let written = write(sft, &prompts, self.profile.ppo.temperature, &self.stopping(), key)?;
        let mut texts = Examples::default();
        for (i, prompt) in prompts.iter().enumerate() {
            texts.push(prompt, written.response(i))?;
        }
        Ok(texts)
    }

    /// Step 3. Ends on the moving average of the weights, where one is kept.
    fn ppo(
        &mut self,
        sft: &Model,
        reward: &mut Scaled<Model>,
        prompts: &[Vec<u32>],
        corpus: &Examples,
    ) -> Result<(Model, Vec<Iteration>), RunError> {
        let (settings, seed) = (self.profile.ppo, self.config.seed);
        let total = self.config.ppo.iterations;
        let failed = |step: u32| RunError::at(Phase::Ppo, u64::from(step));
        let role = TrainError::role("critic");
        let mut policy = with_dropout(sft, settings.dropout, seed)?;
        let mut reference = sft.clone();
        let critic = match settings.critic_init {
            CriticInit::RewardModel => reward.reward.clone(),
            CriticInit::Policy(head) => sft
                .with_scalar_head(head.deviation(sft.architecture().width) as f32, seed)
                .map_err(|e| failed(0)(role(e)))?,
        };
        let mut critic = with_dropout(&critic, settings.dropout, seed)?;
        let mut ppo = Ppo::new(settings, u64::from(total), seed).map_err(failed(0))?;
        let mut order = Passes::new(Key::new(seed, Stream::Shuffle, 1 << 28), prompts.len());
        let stopping = self.stopping();
        let mut seen = Vec::new();
        for iteration in 1..=total {
            let chosen: Vec<Vec<u32>> =
                order.take(batch(&settings)).into_iter().map(|i| prompts[i].clone()).collect();
            let (tokens, ends) = end_to_end(&chosen);
            let mut roles =
                Roles { policy: &mut policy, critic: &mut critic, reference: &mut reference, reward };
            let it =
                now(async { ppo.iterate(&mut roles, Ragged::new(&tokens, &ends)?, &stopping, corpus).await })
                    .map_err(failed(iteration))?;
            let told = format!("reward {:+.2}, KL {:.1} nats", it.score, it.kl);
            (self.progress)(Phase::Ppo, u64::from(iteration), u64::from(total), &told);
            let (reward, pretraining) = (it.score, it.pretraining);
            self.steps = u64::from(iteration);
            seen.push(Iteration { reward, kl: it.kl, length: it.length, pretraining });
        }
        if settings.average.is_some() {
            now(async { policy.swap_average().await.map_err(TrainError::role("policy")) })
                .map_err(failed(total))?;
        }
        Ok((finite(with_dropout(&policy, 0.0, seed)?, Phase::Ppo)?, seen))
    }

    fn exam<'t>(&self, prompts: &'t [Vec<u32>]) -> Exam<'t> {
        Exam {
            prompts,
            temperature: self.profile.ppo.temperature,
            stopping: self.stopping(),
            key: Key::new(self.config.seed, Stream::Sampling, u32::MAX),
        }
    }

    fn samples(&self, prompts: &[Vec<u32>], before: &Answers, after: &Answers) -> Vec<Sample> {
        let tokenizer = &self.base.tokenizer;
        let answer = |answers: &Answers, i: usize| Answer {
            text: tokenizer.decode_continuation(answers.responses.response(i)),
            reward: answers.rewards[i],
        };
        let shown = self.config.evaluation.samples.min(prompts.len());
        (0..shown)
            .map(|i| Sample {
                prompt: tokenizer.decode(&prompts[i]),
                sft: answer(before, i),
                ppo: answer(after, i),
            })
            .collect()
    }
}

/// Responses a rollout.
fn batch(settings: &profile::Ppo) -> usize {
    settings.batch.unwrap_or(1) as usize
}

/// A diverged run must not end as a success.
fn finite(model: Model, phase: Phase) -> Result<Model, RunError> {
    if model.weights().iter().all(|w| w.is_finite()) { Ok(model) } else { Err(RunError::NotFinite { phase }) }
}

/// The reward model against people's votes.
fn judged(model: &mut Model, sources: &Sources) -> Result<RewardModel, TrainError> {
    let (mut held, mut prompts) = ((0, 0), 0);
    let mut data_sets = Vec::new();
    for set in &sources.comparisons {
        let of_set = agreed(model, &set.held_out)?;
        let (name, format) = (set.counts.name.clone(), set.counts.format);
        data_sets.push(Said { name, format, accuracy: accuracy(of_set, set.held_out.len())? });
        held = (held.0 + of_set.0, held.1 + of_set.1);
        prompts += set.held_out.len();
    }
    Ok(RewardModel { accuracy: accuracy(held, prompts)?, data_sets })
}

/// Of base, supervised model and policy.
fn losses(
    models: &mut [&mut Model; 3],
    demonstrations: &Examples,
    pretraining: &Examples,
) -> Result<Losses, TrainError> {
    let mut of = |texts: &Examples| -> Result<Stages, TrainError> {
        let [base, sft, ppo] = models;
        Ok(Stages { base: loss(base, texts)?, sft: loss(sft, texts)?, ppo: loss(ppo, texts)? })
    };
    Ok(Losses { demonstrations: of(demonstrations)?, pretraining: of(pretraining)? })
}
