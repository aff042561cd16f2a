//! `rlhf quickstart`.

use super::Quickstart;
use super::progress::Shown;
use core::error::Error;
use rlhf::quickstart::{Settings, overrides, run, save, show};
use rlhf_cpu::Cpu;

pub fn main(args: &Quickstart, cpu: &Cpu) -> Result<(), Box<dyn Error>> {
    let settings = Settings::new(args.seed);
    if let Some(out) = &args.out {
        // What cannot be written is better known before two minutes of work than after.
        std::fs::create_dir_all(out).map_err(|e| format!("{}: {e}", out.display()))?;
    }
    let a = &settings.architecture;
    println!(
        "A language model of {} weights ({} layers, {} wide) learns to tell very short stories,\n\
         first from text, then from demonstrations, then from people's preferences. Seed {}, {}.\n",
        a.parameters(),
        a.layers,
        a.width,
        args.seed,
        cpu.isa().name()
    );
    println!("{}", overrides(&settings));
    let mut shown = Shown::new();
    let outcome =
        run(&settings, cpu, &mut |phase, done, total, figure| shown.tell(phase, done, total, figure))?;
    println!("\n{}", show(&outcome));
    let seconds: f64 = outcome.seconds.iter().sum();
    println!("Training took {seconds:.0} s.");
    if let Some(out) = &args.out {
        save(out, &settings, &outcome)?;
        println!("Models, curve and summary.json are in {}.", out.display());
    }
    Ok(())
}
