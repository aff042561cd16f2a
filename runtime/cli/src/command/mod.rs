//! The command line: its commands, and the progress of a run.

mod bench;
mod configuration;
mod control;
mod data;
mod exit;
mod export;
mod generate;
mod help;
mod init;
mod input;
mod interrupt;
mod machine;
mod output;
mod plan;
mod progress;
mod quickstart;
mod rate;
mod report;
mod score;
mod tally;
mod train;

use bench::Bench;
use clap::{CommandFactory, Parser, Subcommand};
use clap_complete::Shell;
use configuration::Configuration;
use control::Control;
use exit::{Exit, Failure};
use export::Export;
use generate::Generate;
use init::Init;
use machine::Machine;
use quickstart::Quickstart;
use rate::Rate;
use rlhf::engine::Devices;
use rlhf::run::Stage;
use score::Score;
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

#[derive(Subcommand)]
enum What {
    /// Trains a small language model from the preferences of simulated people, and shows the results
    ///
    /// It makes its own data: a base is pretrained on a small grammar of stories, fine-tuned on careless
    /// demonstrations, a reward model learns from five labelers' rankings, and PPO learns from the
    /// reward model. A gold score that no model ever sees shows whether the stories got better.
    #[command(after_help = help::QUICKSTART)]
    Quickstart(Quickstart),
    /// Writes a configuration for a folder of data: the five settings that matter, with comments
    ///
    /// It looks for demonstrations, comparisons and a model, and at the lengths of the texts. Where there is no model,
    /// a small new one learns from the folder's plain text first.
    #[command(after_help = help::INIT)]
    Init(Init),
    /// Runs all three steps on real data, as configured in a TOML file
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
    /// It leaves the model in the run's folder as `sft`. `sft`, `reward` and `align` one after the other on
    /// one folder give the weights that `rlhf run` gives.
    #[command(after_help = help::SFT)]
    Sft(Part),
    /// Step 2 alone: the reward model, from comparisons
    ///
    /// It starts from the run's `sft` and leaves `reward`, with the gain and bias of its scores in
    /// reward.json.
    #[command(after_help = help::REWARD)]
    Reward(Part),
    /// Step 3 alone, by PPO or the configuration's `method`, and the measurements at the end
    ///
    /// It starts from the run's `sft` and `reward` and leaves `policy` and summary.json.
    #[command(after_help = help::ALIGN, visible_alias = "ppo")]
    Align(Part),
    /// Writes text with a model
    ///
    /// A response depends on its prompt, the seed and which of the N it is, and on nothing else. Without
    /// --json, texts go to standard output as they are, but for control characters.
    #[command(after_help = help::GENERATE)]
    Generate(Generate),
    /// Scores replies with a reward model
    ///
    /// The reward is the one that step 3 receives: the model's score, by the gain and bias of its reward.json.
    #[command(after_help = help::SCORE)]
    Score(Score),
    /// Writes a reward model as one file that scores without std and without an allocator
    ///
    /// The file is for the crate rlhf-scorer: on a microcontroller, in an app, in a service. It holds weights and
    /// tokenizer. Printed are its size, the memory that scoring needs, and with --pairs what the smaller weights lose.
    #[command(after_help = help::EXPORT)]
    Export(Export),
    /// Rates models by who won against whom: Bradley–Terry and Elo, with intervals
    ///
    /// Bradley–Terry looks at all games at once; Elo goes through them in many orders. Both are in Elo
    /// points: 400 are odds of 10 to 1.
    #[command(after_help = help::RATE)]
    Rate(Rate),
    /// Prints a configuration with every default, its JSON schema, or checks one
    ///
    /// The printed file describes every key and every setting of the profile, with its unit and range. With
    /// model and tokenizer filled in, it can be run with `rlhf run`.
    #[command(after_help = help::CONFIG)]
    Config(Configuration),
    /// Times the work of a run on this machine, beside what the machine could do
    ///
    /// "of peak" compares the arithmetic that the work needs at least with the device's highest rate of
    /// arithmetic; "of copy" does so for memory, since the weights have to be read once for every token that
    /// waits for the one before it. Where the first is high, more speed needs less arithmetic; where both are
    /// low, the time goes elsewhere. MiB is the peak memory.
    ///
    /// Everything is timed once in each round and the median counts; while others use the machine, it waits.
    /// Weights and texts are random.
    #[command(after_help = help::BENCH)]
    Bench(Bench),
    /// Teaches a small control task by feedback, as was done before language models
    ///
    /// TAMER, Deep TAMER and COACH learn from good or bad, step by step; preferences from which of two clips is
    /// better. The score is the task's own, which no learner sees.
    #[command(after_help = help::CONTROL)]
    Control(Control),
    /// Checks data, and masks personal data in it
    #[command(subcommand)]
    Data(data::Data),
    /// Writes report.html into a run's folder: verdict, warnings, samples, curves and settings, for a browser
    ///
    /// With the folders of two runs it writes comparison.html into the first one instead: both side by side.
    #[command(after_help = help::REPORT)]
    Report(report::Report),
    /// Prints a shell's completions of this command
    #[command(after_help = help::COMPLETIONS)]
    Completions {
        /// The shell
        shell: Shell,
    },
}

/// Runs the command line on the built-in devices.
pub fn main() -> ExitCode {
    run(Devices::default())
}

/// Runs the command line on one of these devices: [`main`] for who brings a device of their own, which
/// every `--device` then knows.
///
/// ```no_run
/// use rlhf::engine::Devices;
/// // Any `rlhf_core::network::Engine`: here the processor's, under another name.
/// rlhf_cli::run(Devices::default().with("mine", |request| Ok(request.cpu.clone())));
/// ```
pub fn run(devices: Devices) -> ExitCode {
    let command = Command::parse();
    let what = command.what.unwrap_or_else(|| What::Quickstart(Quickstart::default()));
    match what.run(&command.machine, &devices) {
        Ok(()) => Exit::Done.into(),
        Err(Failure { exit, error }) => {
            if exit != Exit::Done {
                output::print_message(&format!("error: {error}"));
            }
            exit.into()
        }
    }
}

impl What {
    fn run(self, machine: &Machine, devices: &Devices) -> Result<(), Failure> {
        match self {
            Self::Quickstart(args) => quickstart::main(&args, &machine.open(devices)?),
            Self::Init(args) => init::main(&args),
            Self::Run(args) => train::whole(&args, &machine.open(devices)?),
            Self::Pretrain(args) => train::stage(&args, Stage::Pretrain, &machine.open(devices)?),
            Self::Sft(args) => train::part(&args, Stage::Supervised, &machine.open(devices)?),
            Self::Reward(args) => train::part(&args, Stage::Reward, &machine.open(devices)?),
            Self::Align(args) => train::part(&args, Stage::Align, &machine.open(devices)?),
            Self::Generate(args) => generate::main(&args, &machine.open(devices)?),
            Self::Score(args) => score::main(&args, &machine.open(devices)?),
            Self::Export(args) => export::main(&args, &machine.open(devices)?),
            Self::Rate(args) => rate::main(&args),
            Self::Config(args) => configuration::main(&args, machine, devices),
            Self::Bench(args) => bench::main(&args, &machine.open(devices)?),
            Self::Control(args) => control::main(&args),
            Self::Data(what) => data::main(&what),
            Self::Report(args) => report::main(&args),
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
