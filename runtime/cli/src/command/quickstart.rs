//! `rlhf quickstart`.

use super::exit::Failure;
use super::output::Output;
use super::progress::Shown;
use crate::quickstart::world::tokenizer;
use crate::quickstart::{FILES, Settings, Summary, overrides, run, save, show};
use clap::Args;
use rlhf::engine::Device;
use rlhf::run::Stage;
use rlhf::stage::{Session, clear};
use std::path::PathBuf;

#[derive(Args, Default)]
pub struct Quickstart {
    /// What every random draw depends on: the same seed gives the same weights
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
    let settings = Settings::new(args.seed);
    let output = Output { json: args.json };
    let a = &settings.architecture;
    output.tell(&format!(
        "A language model of {} weights ({} layers, {} wide) learns to tell very short stories,\n\
         first from text, then from demonstrations, then from people's preferences. Seed {}, {}.\n",
        a.parameters(),
        a.layers,
        a.width,
        args.seed,
        device
    ));
    output.tell(&overrides(&settings));
    let mut shown = Shown::new();
    let stop = super::interrupt::asked().map_err(Failure::failed)?;
    let mut session = Session::new(|phase, done, total, figure: &str| shown.tell(phase, done, total, figure))
        .stopped_by(stop)
        .warning(super::progress::warn);
    if let Some(out) = &args.out {
        if !args.resume {
            // Two minutes make another one.
            clear(out, "quickstart")?;
        }
        session = session.writing(FILES.into_iter().chain(Stage::ALL.map(Stage::folder)));
        session = session.keeping(out, None, args.resume, &settings.about(device), tokenizer().into())?;
    }
    let outcome = run(&settings, device, &mut session)?;
    drop(session);
    output.tell(&format!("\n{}", show(&outcome)));
    let seconds: f64 = outcome.seconds.iter().sum();
    output.tell(&format!("Training took {seconds:.0} s."));
    if let Some(out) = &args.out {
        save(out, &settings, &outcome)?;
        output.tell(&format!("Models, report.html, curve and summary.json are in {}.", out.display()));
    }
    output.result(&Summary::new(&settings, &outcome))
}
