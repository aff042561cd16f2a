//! `rlhf report`.

use clap::Args;
use core::error::Error;
use std::path::PathBuf;

/// What to report on.
#[derive(Args)]
pub struct Report {
    /// The folder that `rlhf run` or `rlhf quickstart` left, finished or not
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

pub fn main(args: &Report) -> Result<(), Box<dyn Error>> {
    let path = crate::report::write(&args.folder)?;
    println!("The report is {}.", path.display());
    Ok(())
}
