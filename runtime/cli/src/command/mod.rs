//! The command line: what can be asked for, and how a run shows itself.

mod bench;
mod configuration;
mod control;
mod data;
mod exit;
mod generate;
mod help;
mod input;
mod interrupt;
mod output;
mod progress;
mod quickstart;
mod rate;
mod report;
mod score;
mod train;

use bench::Bench;
use clap::{Args, CommandFactory, Parser, Subcommand};
use clap_complete::Shell;
use configuration::Configuration;
use control::Control;
use exit::{Exit, Failure};
use generate::Generate;
use rate::Rate;
use rlhf::engine::{Device, Precision};
use rlhf::run::Stage;
use rlhf_cpu::{Cpu, Isa};
use score::Score;
use std::path::PathBuf;
use std::process::ExitCode;
use train::{Part, Training};

/// Reinforcement learning from human feedback: supervised fine-tuning, a reward model from rankings,
/// PPO with a KL penalty and a pretraining mix, or another method. Without a subcommand: `quickstart`.
#[derive(Parser)]
#[command(name = "rlhf", bin_name = "rlhf", version, after_help = help::RLHF)]
struct Command {
    #[command(subcommand)]
    what: Option<What>,
    #[command(flatten)]
    machine: Machine,
}

/// What it runs on. The result does not depend on the number of threads.
#[derive(Args)]
struct Machine {
    /// What networks are computed on: cpu, or a device that this build has the feature of: cuda, metal,
    /// vulkan, wgpu, flex or ndarray; of several cards cuda:1 is the second
    #[arg(long, global = true, value_name = "NAME", default_value = "cpu")]
    device: String,
    /// What products are computed in on that device: f32, bf16 or f16; weights and optimiser are always in
    /// f32
    #[arg(long, global = true, value_name = "PRECISION", default_value = "f32", value_parser = precision)]
    precision: Precision,
    /// How many threads; all the processor has, unless told
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    /// The instruction set, on which the bits of the result depend: avx512, avx2 or portable; the best
    /// there is, unless told
    #[arg(long, global = true, value_name = "ISA", value_parser = isa)]
    isa: Option<Isa>,
}

impl Machine {
    /// Opens it.
    fn open(&self) -> Result<Device, Failure> {
        let all = || std::thread::available_parallelism().map_or(1, usize::from);
        let cpu = Cpu::new(self.threads.map_or_else(all, usize::from), self.isa.unwrap_or_else(Isa::best));
        Device::named(&self.device, cpu, self.precision).map_err(Failure::wrong)
    }
}

fn precision(name: &str) -> Result<Precision, &'static str> {
    let known = [Precision::F32, Precision::Bf16, Precision::F16];
    known.into_iter().find(|precision| precision.name() == name).ok_or("known are f32, bf16, f16")
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
    #[command(after_help = help::QUICKSTART)]
    Quickstart(Quickstart),
    /// Runs all three steps on real data, as a TOML file says
    ///
    /// Everything is checked first: names and ranges, paths, that base and tokenizer fit, the memory it
    /// will take. The same configuration and data give the same weights, on any number of threads.
    #[command(after_help = help::RUN)]
    Run(Training),
    /// Pretrains a new base on the data's plain text: `[base.new]`
    ///
    /// It leaves the base in the run's folder, where `rlhf sft` finds it. `rlhf run` does this first
    /// where the configuration has a `[base.new]`.
    #[command(after_help = help::PRETRAIN)]
    Pretrain(Training),
    /// Step 1 alone: supervised fine-tuning on demonstrations
    ///
    /// It leaves the model in the run's folder as `sft`. `sft`, `reward` and `ppo` one after the other on
    /// one folder give the weights that `rlhf run` gives.
    #[command(after_help = help::SFT)]
    Sft(Part),
    /// Step 2 alone: the reward model, from comparisons
    ///
    /// It starts from the run's `sft` and leaves `reward`, with the gain and bias of its scores in
    /// reward.json.
    #[command(after_help = help::REWARD)]
    Reward(Part),
    /// Step 3 alone, by PPO or what the configuration's `method` names, and what is measured at the end
    ///
    /// It starts from the run's `sft` and `reward` and leaves `policy` and summary.json.
    #[command(after_help = help::PPO)]
    Ppo(Part),
    /// Writes text with a model
    ///
    /// A response depends on its prompt, the seed and which of the N it is, and on nothing else. Without
    /// --json, texts go to standard output as they are, but for control characters.
    #[command(after_help = help::GENERATE)]
    Generate(Generate),
    /// Scores replies with a reward model
    ///
    /// The reward is what step 3 is told: the model's score, by the gain and bias of its reward.json.
    #[command(after_help = help::SCORE)]
    Score(Score),
    /// Rates models by who won against whom: Bradley–Terry and Elo, with intervals
    ///
    /// Bradley–Terry looks at all games at once; Elo goes through them in many orders. Both are in Elo
    /// points: 400 are odds of 10 to 1.
    #[command(after_help = help::RATE)]
    Rate(Rate),
    /// Prints a configuration with every default, its JSON schema, or checks one
    ///
    /// The printed file says of every key and of every setting of the profile what it is, in which unit
    /// and range. With model and tokenizer filled in, `rlhf run` takes it.
    #[command(after_help = help::CONFIG)]
    Config(Configuration),
    /// Times the work of a run on this machine, beside what the machine could do
    ///
    /// "of peak" is the arithmetic that the work needs at least, as a share of the most that the device did
    /// when it was only asked for that; "of copy" is the same for memory: the weights have to be read once for
    /// every token that waits for the one before it. Where the first is high, more speed needs less
    /// arithmetic; where both are low, the time goes elsewhere. MiB is the most memory held meanwhile.
    ///
    /// Everything is timed once in each round and the median counts; moments in which others use the machine
    /// are waited out for a while. Weights and texts are random.
    #[command(after_help = help::BENCH)]
    Bench(Bench),
    /// Teaches a small control task by feedback, as was done before language models
    ///
    /// TAMER, Deep TAMER and COACH are told good or bad, step by step; preferences are told which of two
    /// clips is better. The score is the task's own, which no learner sees.
    #[command(after_help = help::CONTROL)]
    Control(Control),
    /// Checks data, and masks personal data in it
    #[command(subcommand)]
    Data(data::Data),
    /// Writes report.html into a run's folder: curves, intervals, samples and settings, for a browser
    Report(report::Report),
    /// Prints what makes a shell complete this command
    #[command(after_help = help::COMPLETIONS)]
    Completions {
        /// The shell
        shell: Shell,
    },
}

#[derive(Args, Default)]
struct Quickstart {
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

/// Does what the command line asks.
pub fn main() -> ExitCode {
    let command = Command::parse();
    let what = command.what.unwrap_or_else(|| What::Quickstart(Quickstart::default()));
    match what.run(&command.machine) {
        Ok(()) => Exit::Done.into(),
        Err(Failure { exit, error }) => {
            if exit != Exit::Done {
                eprintln!("error: {error}");
            }
            exit.into()
        }
    }
}

impl What {
    fn run(self, machine: &Machine) -> Result<(), Failure> {
        match self {
            Self::Quickstart(args) => quickstart::main(&args, &machine.open()?),
            Self::Run(args) => train::whole(&args, &machine.open()?),
            Self::Pretrain(args) => train::stage(&args, Stage::Pretrain, &machine.open()?),
            Self::Sft(args) => train::part(&args, Stage::Supervised, &machine.open()?),
            Self::Reward(args) => train::part(&args, Stage::Reward, &machine.open()?),
            Self::Ppo(args) => train::part(&args, Stage::Ppo, &machine.open()?),
            Self::Generate(args) => generate::main(&args, &machine.open()?),
            Self::Score(args) => score::main(&args, &machine.open()?),
            Self::Rate(args) => rate::main(&args),
            Self::Config(args) => configuration::main(&args, machine),
            Self::Bench(args) => bench::main(&args, &machine.open()?),
            Self::Control(args) => control::main(&args),
            Self::Data(what) => data::main(&what),
            Self::Report(args) => report::main(&args).map_err(Failure::failed),
            Self::Completions { shell } => completions(shell),
        }
    }
}

fn completions(shell: Shell) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Command::command(), "rlhf", &mut script);
    output::print(&String::from_utf8_lossy(&script))
}

#[test]
fn the_command_line_is_well_formed() {
    Command::command().debug_assert();
}
