//! The command line: what can be asked for, and how a run shows itself.

mod data;
mod progress;
mod quickstart;
mod real;

use clap::{Args, Parser, Subcommand};
use rlhf_cpu::{Cpu, Isa};
use std::path::PathBuf;
use std::process::ExitCode;

/// Reinforcement learning from human feedback: supervised fine-tuning, a reward model from rankings,
/// PPO with a KL penalty and a pretraining mix. Without a subcommand: `quickstart`.
#[derive(Parser)]
#[command(version, after_help = EXAMPLES)]
struct Command {
    #[command(subcommand)]
    what: Option<What>,
    #[command(flatten)]
    machine: Machine,
}

const EXAMPLES: &str = "\
Examples:
  rlhf                                         all three steps on data it makes itself, in two minutes
  rlhf quickstart --seed 7 --out runs/seven    the same under another seed, with files to keep
  rlhf run examples/real.toml --data DIR       all three steps on public human-feedback data

Exit codes: 0 done, 1 failed while running, 2 the command line is wrong, 3 `data check` found problems.";

/// What it runs on. The result does not depend on the number of threads.
#[derive(Args, Clone, Copy)]
struct Machine {
    /// How many threads; all the processor has, unless told
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    /// The instruction set, on which the bits of the result depend: avx512, avx2 or portable; the best
    /// there is, unless told
    #[arg(long, global = true, value_name = "ISA", value_parser = isa)]
    isa: Option<Isa>,
}

impl Machine {
    fn cpu(self) -> Cpu {
        let all = || std::thread::available_parallelism().map_or(1, usize::from);
        Cpu::new(self.threads.map_or_else(all, usize::from), self.isa.unwrap_or_else(Isa::best))
    }
}

fn isa(name: &str) -> Result<Isa, String> {
    let known = [Isa::Avx512, Isa::Avx2, Isa::Portable];
    let isa = known.into_iter().find(|isa| isa.name() == name).ok_or("known are avx512, avx2, portable")?;
    if isa.available() { Ok(isa) } else { Err(format!("this processor has no {name}")) }
}

#[derive(Subcommand)]
enum What {
    /// Trains a small language model from the preferences of simulated people, and shows what came of it
    ///
    /// It makes its own data: a base is pretrained on a small grammar of stories, fine-tuned on careless
    /// demonstrations, a reward model learns from five labellers' rankings, and PPO learns from the
    /// reward model. A gold score that no model ever sees tells whether the stories got better.
    Quickstart(Quickstart),
    /// Runs all three steps on real data, as a TOML file says
    Run(Run),
    /// Checks data, and masks personal data in it
    #[command(subcommand)]
    Data(data::Data),
}

#[derive(Args, Default)]
struct Quickstart {
    /// What every random draw depends on: the same seed gives the same weights
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// A folder for summary.json, the curve as SVG, and the models as Hugging Face folders
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

#[derive(Args)]
struct Run {
    /// The configuration; examples/real.toml is one, with a reason for every value
    config: PathBuf,
    /// The folder with data and base model: files of public formats, recognised by what is in them
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// What every random draw depends on, instead of the configuration's
    #[arg(long)]
    seed: Option<u64>,
    /// A folder for summary.json and the models
    #[arg(long, value_name = "DIR", default_value = "out/run")]
    out: PathBuf,
}

/// Does what the command line asks.
pub fn main() -> ExitCode {
    let command = Command::parse();
    let cpu = command.machine.cpu();
    let done = match command.what.unwrap_or_else(|| What::Quickstart(Quickstart::default())) {
        What::Quickstart(args) => quickstart::main(&args, &cpu),
        What::Run(args) => real::main(&args, &cpu),
        What::Data(what) => return data::main(&what),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
