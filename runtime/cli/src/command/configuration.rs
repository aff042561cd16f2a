//! `rlhf config`.

use super::exit::Failure;
use super::machine::Machine;
use super::output::{Output, print};
use super::plan::{short_batches, table};
use super::progress::note;
use super::train::{ConfigArgs, facts};
use clap::{Args, Subcommand};
use rlhf::config::{complete, schema};
use rlhf::engine::Devices;
use rlhf::run::{Stage, plan, preflight, with_recipe};
use serde_json::{Value, json};
use std::path::PathBuf;

#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Configuration {
    #[command(subcommand)]
    what: Option<What>,
    /// The recipe: auto (by the base's size), small, instructgpt, ziegler2019, huang2024, trl or openrlhf
    #[arg(long, value_name = "NAME", default_value = "auto")]
    profile: String,
    /// Method of step 3: ppo, grpo, dpo, kto, online_dpo, best_of_n, distillation …; any other word lists all
    #[arg(long, value_name = "NAME", default_value = "ppo")]
    method: String,
    /// The JSON schema instead, for editors
    #[arg(long, conflicts_with_all = ["profile", "method"])]
    schema: bool,
}

#[derive(Subcommand)]
enum What {
    /// Checks a configuration, and all that it names, without running it
    #[command(after_help = super::help::CHECK)]
    Check(Check),
}

#[derive(Args)]
struct Check {
    #[command(flatten)]
    common: ConfigArgs,
    /// The folder that a run would write to
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

pub fn main(args: &Configuration, machine: &Machine, devices: &Devices) -> Result<(), Failure> {
    match &args.what {
        Some(What::Check(args)) => check(args, machine, devices),
        None if args.schema => {
            let text = serde_json::to_string_pretty(&schema()).map_err(Failure::failed)?;
            print(&(text + "\n"))
        }
        None => print(&complete(&args.profile, &args.method)?),
    }
}

fn check(args: &Check, machine: &Machine, devices: &Devices) -> Result<(), Failure> {
    let output = Output { json: args.common.json };
    match checked(args, machine, devices, output) {
        Ok(result) => output.result(&result),
        Err(failure) => {
            output.result(&json!({ "valid": false, "error": failure.error.to_string() }))?;
            Err(failure)
        }
    }
}

fn checked(args: &Check, machine: &Machine, devices: &Devices, output: Output) -> Result<Value, Failure> {
    let device = machine.open(devices)?;
    let mut config = args.common.config()?;
    let (mut found, mut planned) = (None, None);
    if config.data.is_some() {
        let chosen;
        (config, chosen) = with_recipe(&config, None).map_err(Failure::wrong)?;
        chosen.iter().for_each(|text| output.message(text));
        let mut all = preflight(&config, &device, &Stage::ALL, args.out.as_deref(), args.common.memory())
            .map_err(Failure::wrong)?;
        output.message(&facts(&all));
        let (steps, notes) = plan(&config, &device, &Stage::ALL).map_err(Failure::wrong)?;
        output.message(&table(&steps));
        short_batches(&steps).iter().for_each(|text| output.message(text));
        notes.iter().for_each(|text| note(text));
        all.notes.extend(notes);
        found = Some(all);
        planned = Some(steps);
    } else {
        config.notes.iter().for_each(|text| note(text));
        output
            .message("The configuration is valid. Base and data were not looked at: say where with --data.");
    }
    let (_, overrides) = config.resolve()?;
    Ok(json!({
        "valid": true,
        "profile": config.profile,
        "overrides": overrides,
        "found": found,
        "steps": planned,
    }))
}
