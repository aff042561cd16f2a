//! `rlhf report`.

use super::exit::Failure;
use super::output;
use clap::Args;
use std::path::PathBuf;

/// The runs to report on.
#[derive(Args)]
pub struct Report {
    /// The folder that `rlhf run` or `rlhf quickstart` left, finished or not
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Another run's folder: comparison.html in the first one lays both side by side
    #[arg(value_name = "OTHER")]
    other: Option<PathBuf>,
}

pub fn main(args: &Report) -> Result<(), Failure> {
    let (what, path) = match &args.other {
        None => ("report", crate::report::write(&args.folder)?),
        Some(other) => ("comparison", crate::report::compare(&args.folder, other)?),
    };
    output::print(&format!("The {what} is {}.\n", path.display()))
}
