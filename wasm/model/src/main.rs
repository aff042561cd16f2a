//! Writes the stories, trains the model on them and leaves both in `wasm/web/model`, or in the folder that is named.

use rlhf_story_model::{Error, files, pretrain};
use std::path::PathBuf;

fn main() -> Result<(), Error> {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../web/model");
    let folder = std::env::args_os().nth(1).map_or_else(|| PathBuf::from(page), PathBuf::from);
    let model = pretrain::pretrain(|step, loss| {
        if step % 100 == 0 {
            println!("step {step}: {loss:.3} nats a token");
        }
    })?;
    files::write(&model, &folder)
}
