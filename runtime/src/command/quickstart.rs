//! `rlhf quickstart`.

use super::Quickstart;
use super::exit::Failure;
use super::output::Output;
use super::progress::Shown;
use rlhf::quickstart::{Settings, Summary, overrides, run, save, show};
use rlhf_cpu::Cpu;

pub fn main(args: &Quickstart, cpu: &Cpu) -> Result<(), Failure> {
    let settings = Settings::new(args.seed);
    let output = Output { json: args.json };
    if let Some(out) = &args.out {
        // What cannot be written is better known before two minutes of work than after.
        std::fs::create_dir_all(out).map_err(|e| Failure::wrong(format!("{}: {e}", out.display())))?;
    }
    let a = &settings.architecture;
    output.tell(&format!(
        "A language model of {} weights ({} layers, {} wide) learns to tell very short stories,\n\
         first from text, then from demonstrations, then from people's preferences. Seed {}, {}.\n",
        a.parameters(),
        a.layers,
        a.width,
        args.seed,
        cpu.isa().name()
    ));
    output.tell(&overrides(&settings));
    let mut shown = Shown::new();
    let outcome =
        run(&settings, cpu, &mut |phase, done, total, figure| shown.tell(phase, done, total, figure))
            .map_err(Failure::failed)?;
    output.tell(&format!("\n{}", show(&outcome)));
    let seconds: f64 = outcome.seconds.iter().sum();
    output.tell(&format!("Training took {seconds:.0} s."));
    if let Some(out) = &args.out {
        save(out, &settings, &outcome).map_err(Failure::failed)?;
        output.tell(&format!("Models, curve and summary.json are in {}.", out.display()));
    }
    output.result(&Summary::new(&settings, &outcome))
}
