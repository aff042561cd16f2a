//! `rlhf report`.

use super::exit::Failure;
use super::output;
use clap::Args;
use std::path::PathBuf;

/// The run to report on.
#[derive(Args)]
pub struct Report {
    /// The folder that `rlhf run` or `rlhf quickstart` left, finished or not
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

pub fn main(args: &Report) -> Result<(), Failure> {
    let path = crate::report::write(&args.folder)?;
    output::print(&format!("The report is {}.\n", path.display()))
}
