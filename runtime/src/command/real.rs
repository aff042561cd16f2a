//! `rlhf run`.

use super::Run;
use super::progress::Shown;
use core::error::Error;
use rlhf::run::{Config, Manner, overrides, report, run};
use rlhf_cpu::Cpu;

pub fn main(args: &Run, cpu: &Cpu) -> Result<(), Box<dyn Error>> {
    let mut config = Config::read(&args.config)?;
    if let Some(data) = &args.data {
        config = config.with_data(data);
    }
    if let Some(seed) = args.seed {
        config.seed = seed;
    }
    println!("{}", overrides(&config.resolve()?.1));
    let mut shown = Shown::new();
    let mut tell = |phase, done, total, figure: &str| shown.tell(phase, done, total, figure);
    let stop = super::interrupt::asked()?;
    let manner = Manner { resume: args.resume, stop: &stop, ..Manner::new(&args.out) };
    if let Some(summary) = run(&config, cpu, &manner, &mut tell)? {
        println!("\n{}", report(&summary));
    }
    println!("Models and summary.json are in {}.", args.out.display());
    Ok(())
}
