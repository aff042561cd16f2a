//! `rlhf quickstart`.

use super::exit::Failure;
use super::interrupt;
use super::output::Output;
use super::progress::{ShownProgress, note, warn};
use crate::quickstart::world::vocabulary;
use crate::quickstart::{FILES, Seconds, Settings, overrides, run, save, show};
use clap::Args;
use rlhf::engine::Device;
use rlhf::run::RunOptions;
use rlhf::stage::clear;
use std::path::PathBuf;

#[derive(Args, Default)]
pub struct Quickstart {
    /// Seed of every random draw: the same seed gives the same weights
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// A folder for report.html, summary.json, the curve as SVG, and the models as Hugging Face folders; an
    /// earlier quickstart there is replaced
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Go on with the run in that folder
    #[arg(long, requires = "out")]
    resume: bool,
    /// The summary as JSON on standard output; all else on standard error
    #[arg(long)]
    json: bool,
}

pub fn main(args: &Quickstart, device: &Device) -> Result<(), Failure> {
    let settings = Settings::new(args.seed, &[]).map_err(Failure::wrong)?;
    let output = Output { json: args.json };
    if let Some(new) = settings.config.base.fresh() {
        output.message(&format!(
            "A language model of {} weights ({} layers, {} wide) learns to tell very short stories,\n\
             first from text, then from demonstrations, then from people's preferences. Seed {}, {}.\n",
            new.architecture(vocabulary().len()).parameters(),
            new.layers,
            new.width,
            args.seed,
            device
        ));
    }
    output.message(&overrides(&settings).map_err(Failure::wrong)?);
    if let Some(out) = args.out.as_ref().filter(|_| !args.resume) {
        // Two minutes make another one.
        clear(out, "quickstart")?;
    }
    let mut shown = ShownProgress::new();
    let mut progress = |phase, done, total, figure: &str| shown.report(phase, done, total, figure);
    let stop = interrupt::interrupted().map_err(Failure::failed)?;
    let (folder, resume) = (args.out.as_deref(), args.resume);
    let manner = RunOptions {
        folder,
        files: FILES,
        resume,
        stop: &stop,
        note: &note,
        warn: &warn,
        ..RunOptions::default()
    };
    let Some((summary, finished)) = run(&settings, device, &manner, &mut progress)? else { return Ok(()) };
    output.message(&format!("\n{}", show(&summary)));
    let Seconds { pretrain, sft, reward, ppo } = summary.seconds;
    output.message(&format!("Training took {:.0} s.", pretrain + sft + reward + ppo));
    if let Some(out) = folder {
        save(out, &summary, &finished.lines)?;
        output.message(&format!("Models, report.html, curve and summary.json are in {}.", out.display()));
    }
    output.result(&summary)
}
