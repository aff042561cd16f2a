//! `rlhf run` and its parts: `pretrain`, `sft`, `reward` and `ppo`.

use super::exit::Failure;
use super::interrupt;
use super::output::Output;
use super::progress::{ShownProgress, note, warn};
use clap::Args;
use core::time::Duration;
use rlhf::config::{CliOverride, Config};
use rlhf::engine::Device;
use rlhf::record::Progress;
use rlhf::run::{Preflight, RunOptions, Stage, Summary, overrides, preflight, report, run, with_recipe};
use rlhf::stage::clear;
use std::path::{Path, PathBuf};

/// The configuration, and the command line's changes of it.
#[derive(Args)]
pub struct ConfigArgs {
    /// The configuration; `rlhf config` prints one, and examples/real.toml gives a reason for every value
    config: PathBuf,
    /// The folder with data and base model: files of public formats, recognized by their content
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// A key of the configuration or a setting of its profile, such as ppo.iterations=10 or
    /// ppo.policy.learning_rate=1e-4; may be repeated
    #[arg(long, value_name = "NAME=VALUE")]
    set: Vec<CliOverride>,
    /// Seed of every random draw, instead of the configuration's
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Memory that may be used, in GiB, instead of what the machine has free
    #[arg(long, value_name = "GIB", value_parser = gib)]
    memory: Option<f64>,
    /// The result as JSON on standard output; all else on standard error
    #[arg(long)]
    pub json: bool,
}

#[derive(Args)]
pub struct Training {
    #[command(flatten)]
    common: ConfigArgs,
    /// The run's folder, for models, summary.json and checkpoints
    #[arg(long, value_name = "DIR", default_value = "out/run")]
    out: PathBuf,
    /// Go on where the run in that folder was stopped
    #[arg(long)]
    resume: bool,
    /// Time between two checkpoints, in seconds; by default ten, or more where over a twentieth of the time would go
    /// into it
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    checkpoint_every: Option<Duration>,
    /// Remove the run in that folder first
    #[arg(long, conflicts_with = "resume")]
    overwrite: bool,
}

#[derive(Args)]
pub struct Part {
    #[command(flatten)]
    training: Training,
    /// Start from the models in this run's folder, or from this model, instead of the run's own
    #[arg(long, value_name = "DIR")]
    from: Option<PathBuf>,
}

/// The part of a run that is to be done.
struct Request<'a> {
    /// The part to run; all of them by default.
    stage: Option<Stage>,
    /// The folder that models come from, if not the run's own.
    from: Option<&'a Path>,
    /// True to go on from a checkpoint.
    resume: bool,
    /// The time between two checkpoints, if given.
    every: Option<Duration>,
}

impl Request<'_> {
    /// The last part to be done.
    fn until(&self) -> Stage {
        self.stage.unwrap_or(Stage::Align)
    }

    /// Returns whether to go on with the run in the folder. Parts belong to one run: each goes on with it.
    fn resumes(&self) -> bool {
        self.resume || self.stage.is_some()
    }

    /// The parts that are left to do.
    fn stages(&self, out: &Path) -> Vec<Stage> {
        self.until().remaining(self.resumes().then_some(out), self.from)
    }
}

pub fn whole(args: &Training, device: &Device) -> Result<(), Failure> {
    train(
        args,
        &Request { stage: None, from: None, resume: args.resume, every: args.checkpoint_every },
        device,
    )
}

pub fn stage(args: &Training, stage: Stage, device: &Device) -> Result<(), Failure> {
    train(
        args,
        &Request { stage: Some(stage), from: None, resume: args.resume, every: args.checkpoint_every },
        device,
    )
}

pub fn part(args: &Part, stage: Stage, device: &Device) -> Result<(), Failure> {
    let Part { training, from } = args;
    train(
        training,
        &Request {
            stage: Some(stage),
            from: from.as_deref(),
            resume: training.resume,
            every: training.checkpoint_every,
        },
        device,
    )
}

fn train(args: &Training, request: &Request<'_>, device: &Device) -> Result<(), Failure> {
    let output = Output { json: args.common.json };
    let config = args.common.config()?;
    if request.stage == Some(Stage::Pretrain) && config.base.fresh().is_none() {
        let reason = "there is nothing to pretrain: want [base.new]";
        return Err(Failure::wrong(format!("{}, base: {reason}", args.common.config.display())));
    }
    let (config, note) =
        with_recipe(&config, request.resumes().then_some(&args.out)).map_err(Failure::wrong)?;
    note.iter().for_each(|note| output.message(note));
    output.message(&overrides(&config.resolve()?.1));
    let stages = request.stages(&args.out);
    let found = preflight(&config, device, &stages, Some(&args.out), args.common.memory());
    let found = found.map_err(Failure::wrong)?;
    output.message(&facts(&found));
    if args.overwrite {
        clear(&args.out, "run")?;
    }
    let mut shown = ShownProgress::new();
    let mut progress = |phase, done, total, figure: &str| shown.report(phase, done, total, figure);
    match start(&config, device, &args.out, request, &mut progress)? {
        Some(summary) => {
            output.message(&format!("\n{}", report(&summary)));
            output.message(&format!("Models, report.html and summary.json are in {}.", args.out.display()));
            output.result(&summary)
        }
        None => {
            let left = args.out.join(request.stage.map_or("", Stage::folder));
            output.message(&format!("The model is in {}.", left.display()));
            output.result(&serde_json::json!({ "model": left }))
        }
    }
}

/// Starts the training: the only place that does. A whole run, and the part that ends it, give a
/// summary.
fn start(
    config: &Config,
    device: &Device,
    out: &Path,
    request: &Request<'_>,
    progress: &mut Progress<'_>,
) -> Result<Option<Summary>, Failure> {
    let stop = interrupt::interrupted().map_err(Failure::failed)?;
    let (until, resume) = (request.until(), request.resumes());
    if let Some(stage) = request.stage.filter(|_| request.from.is_none()) {
        let before = stage.before(config.base.fresh().is_some());
        if let Some(missing) = before.filter(|before| !out.join(before.folder()).is_dir()) {
            let (folder, command) = (missing.folder(), missing.command());
            let reason = format!(
                "{}: there is no {folder}: run `rlhf {command}` first, or name one with --from",
                out.display()
            );
            return Err(Failure::wrong(reason));
        }
    }
    let manner = RunOptions {
        resume,
        until,
        every: request.every,
        from: request.from,
        stop: &stop,
        note: &note,
        warn: &warn,
        ..RunOptions::new(out)
    };
    Ok(run(config, device, &manner, progress)?)
}

/// Describes the run before its first step.
pub fn facts(found: &Preflight) -> String {
    let gib = |bytes: u64| bytes as f64 / (1u64 << 30) as f64;
    let mut out = format!(
        "A base of {} weights and {} token ids, {} files of data, about {:.2} GiB of memory for `{}`",
        found.parameters,
        found.vocabulary,
        found.files,
        gib(found.memory.total()),
        found.memory.stage.command()
    );
    out += &found.available.map_or(".".into(), |free| format!(" of {:.1} GiB.", gib(free)));
    for note in &found.notes {
        out += &format!("\nnote: {note}");
    }
    out
}

impl ConfigArgs {
    /// The configuration as it is to be run.
    pub fn config(&self) -> Result<Config, Failure> {
        let seed = self.seed.map(|seed| CliOverride { name: "seed".into(), value: seed.to_string() });
        let given: Vec<CliOverride> = self.set.iter().cloned().chain(seed).collect();
        let config = Config::read_with(&self.config, &given).map_err(Failure::wrong)?;
        Ok(match &self.data {
            Some(folder) => config.with_data(folder),
            None => config,
        })
    }

    /// Bytes of memory, where they are given.
    pub fn memory(&self) -> Option<u64> {
        self.memory.map(|gib| (gib * (1u64 << 30) as f64) as u64)
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    seconds.ok_or_else(|| "want a number of seconds, 0 or more".into())
}

fn gib(text: &str) -> Result<f64, String> {
    let gib = text.parse::<f64>().ok().filter(|gib| *gib > 0.0 && gib.is_finite());
    gib.ok_or_else(|| "want a number of GiB above 0".into())
}
