//! `rlhf score`.

use super::exit::Failure;
use super::input::{Bad, Row as BadRow, rows};
use super::output::{print, print_line, print_message};
use super::tally::Tally;
use clap::Args;
use rlhf::data::{Comparison, Kind, Options, as_prompt, as_response, comparisons, recognize, trimmed_prompt};
use rlhf::engine::Device;
use rlhf::{RewardModel, Worth};
use serde_json::json;
use std::path::PathBuf;

#[derive(Args)]
pub struct Score {
    /// A reward model: a Hugging Face folder with a scalar head, or several, such as a run's `reward`
    model: PathBuf,
    /// Rows with the fields "prompt" and "response", or comparisons in any format that runs take, whose preferred
    /// answers are to have the higher rewards; by default JSON lines of standard input
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
    let mut model = RewardModel::open_with(&args.model, args.tokenizer.as_deref(), device)?;
    let mut bad = Bad::none(args.json);
    if let (Some(prompt), Some(reply)) = (&args.prompt, &args.reply) {
        args.judge(&mut model, "--reply", prompt, reply).map_err(BadRow::failure)?;
        return Ok(());
    }
    if let Some(file) = &args.file
        && let Some(format) = recognize(file).map_err(Failure::wrong)?
        && format.kind() == Kind::Comparisons
    {
        let mut tally = Tally::default();
        for comparison in comparisons(file, Options::default()).map_err(Failure::wrong)? {
            let done = comparison
                .map_err(BadRow::from)
                .and_then(|comparison| args.compare(&mut model, &comparison, &mut tally));
            bad.note(done)?;
        }
        tally.print(args.json)?;
        return bad.finish();
    }
    let mut cut = 0;
    for row in rows(args.file.as_deref())? {
        let done = row.map_err(BadRow::from).and_then(|row| {
            let response = if row.fields.contains_key("completion") { "completion" } else { "response" };
            args.judge(&mut model, &row.place(), row.text("prompt")?, row.text(response)?)
        });
        cut += usize::from(bad.note(done)? == Some(true));
    }
    if cut > 0 {
        print_message(&format!("{cut} texts were longer than the model reads, and were cut as in training"));
    }
    bad.finish()
}

impl Score {
    /// Prints a response's reward. Returns whether the text was cut.
    fn judge(&self, model: &mut RewardModel, place: &str, prompt: &str, reply: &str) -> Result<bool, BadRow> {
        let worth = if self.transcript {
            model.judge(&as_prompt(prompt), &[&as_response(reply)])
        } else {
            model.judge(trimmed_prompt(prompt), &[reply])
        };
        let worth = worth.map_err(|e| BadRow::of(place, e))?;
        let Some(Worth { reward, disagreement, cut }) = worth.first().copied() else { return Ok(false) };
        if self.json {
            let mut line = json!({ "prompt": prompt, "response": reply, "reward": reward });
            if let Some(disagreement) = disagreement {
                line["disagreement"] = disagreement.into();
            }
            if cut {
                line["cut"] = cut.into();
            }
            print_line(&line)?;
        } else {
            print(&format!("{reward}\n"))?;
        }
        Ok(cut)
    }

    /// Prints the rewards of a comparison's answers.
    fn compare(
        &self,
        model: &mut RewardModel,
        comparison: &Comparison,
        tally: &mut Tally,
    ) -> Result<(), BadRow> {
        let origin = &comparison.origin;
        let place = format!("{}, line {}", origin.path.display(), origin.line);
        let answers: Vec<&str> = comparison.answers.iter().map(String::as_str).collect();
        let worth = model.judge(&comparison.prompt, &answers).map_err(|e| BadRow::of(&place, e))?;
        let rewards: Vec<f32> = worth.iter().map(|worth| worth.reward).collect();
        tally.add(comparison, &rewards, worth.iter().any(|worth| worth.cut));
        if self.json {
            let (prompt, answers) = (&comparison.prompt, &comparison.answers);
            return Ok(print_line(&json!({ "prompt": prompt, "answers": answers, "rewards": rewards }))?);
        }
        let rewards: Vec<String> = rewards.iter().map(f32::to_string).collect();
        Ok(print(&(rewards.join(" ") + "\n"))?)
    }
}
