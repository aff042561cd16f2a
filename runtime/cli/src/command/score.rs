//! `rlhf score`.

use super::exit::Failure;
use super::input::{Bad, Row as BadRow, rows};
use super::output::{print, print_line};
use clap::Args;
use rlhf::engine::Device;
use rlhf::inference::{Loaded, Worth, transcript};
use serde_json::json;
use std::path::PathBuf;

#[derive(Args)]
pub struct Score {
    /// A reward model: a Hugging Face folder with a scalar head, or several, such as a run's `reward`
    model: PathBuf,
    /// JSON lines with the fields "prompt" and "response"; standard input, unless given
    #[arg(conflicts_with = "prompt")]
    file: Option<PathBuf>,
    /// Its tokenizer, if the folder has none of its own
    #[arg(long, value_name = "PATH")]
    tokenizer: Option<PathBuf>,
    /// A prompt
    #[arg(long, value_name = "TEXT", requires = "reply")]
    prompt: Option<String>,
    /// The reply to it
    #[arg(long, value_name = "TEXT", requires = "prompt")]
    reply: Option<String>,
    /// Put both into the form of the transcripts that runs train on: "Human: …", "Assistant: …"
    #[arg(long)]
    transcript: bool,
    /// A line of JSON for each reward; of several models, with how far they disagree
    #[arg(long)]
    json: bool,
}

pub fn main(args: &Score, device: &Device) -> Result<(), Failure> {
    let mut model = Loaded::open(&args.model, args.tokenizer.as_deref(), device)?;
    model.scores()?;
    if let (Some(prompt), Some(reply)) = (&args.prompt, &args.reply) {
        return args.judge(&mut model, "--reply", prompt, reply).map_err(BadRow::failure);
    }
    let mut bad = Bad::none(args.json);
    for row in rows(args.file.as_deref())? {
        let done = row
            .map_err(BadRow::from)
            .and_then(|row| args.judge(&mut model, &row.place(), row.text("prompt")?, row.text("response")?));
        bad.note(done)?;
    }
    bad.finish()
}

impl Score {
    fn judge(&self, model: &mut Loaded, place: &str, prompt: &str, reply: &str) -> Result<(), BadRow> {
        let worth = if self.transcript {
            model.judge(&transcript(prompt), &format!(" {}", reply.trim_start()))
        } else {
            model.judge(prompt, reply)
        };
        let Worth { reward, disagreement } = worth.map_err(|e| BadRow::of(place, e))?;
        if self.json {
            let mut line = json!({ "prompt": prompt, "response": reply, "reward": reward });
            if let Some(disagreement) = disagreement {
                line["disagreement"] = disagreement.into();
            }
            Ok(print_line(&line)?)
        } else {
            Ok(print(&format!("{reward}\n"))?)
        }
    }
}
