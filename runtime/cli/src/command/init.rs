//! `rlhf init`.

use super::exit::Failure;
use super::output::Output;
use clap::Args;
use rlhf::draft::draft;
use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::PathBuf;

#[derive(Args)]
pub struct Init {
    /// The folder with data and base model: files of public formats, recognized by their content
    folder: PathBuf,
    /// The configuration to write; one that is there stays as it is
    #[arg(long, value_name = "FILE", default_value = "run.toml")]
    out: PathBuf,
}

pub fn main(args: &Init) -> Result<(), Failure> {
    let draft = draft(&args.folder).map_err(Failure::wrong)?;
    let out = args.out.display();
    let taken = |error: std::io::Error| match error.kind() {
        ErrorKind::AlreadyExists => {
            Failure::wrong(format!("{out}: it is there already; name another with --out"))
        }
        _ => Failure::failed(format!("{out}: {error}")),
    };
    let mut file = OpenOptions::new().write(true).create_new(true).open(&args.out).map_err(taken)?;
    file.write_all(draft.text.as_bytes()).map_err(taken)?;
    let data = args.folder.display();
    Output { json: false }.message(&format!(
        "Found {}.\n{out} has the five settings that matter. Next:\n  \
         rlhf config check {out} --data {data}\n  rlhf run {out} --data {data}",
        draft.found
    ));
    Ok(())
}
