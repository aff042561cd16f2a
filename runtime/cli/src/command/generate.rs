//! `rlhf generate`.

use super::exit::Failure;
use super::input::{Bad, Row as BadRow, lines, rows};
use super::output::{harmless, print, print_line};
use clap::Args;
use rlhf::data::{as_prompt, trimmed_prompt};
use rlhf::engine::Device;
use rlhf::{LanguageModel, Response, Writing};
use rlhf_core::sampling::{Filters, SamplingParams};
use serde::Serialize;
use std::path::PathBuf;

#[derive(Args)]
pub struct Generate {
    /// A Hugging Face folder, such as a run's `policy` or `sft`, or llama2.c's .bin
    model: PathBuf,
    /// Its tokenizer, if the folder has none of its own
    #[arg(long, value_name = "PATH")]
    tokenizer: Option<PathBuf>,
    /// Prompt to continue; without it and --prompts, every line of standard input
    #[arg(long, value_name = "TEXT", conflicts_with = "prompts")]
    prompt: Option<String>,
    /// A file whose rows have a field "prompt": JSON lines, an array, a table or Parquet
    #[arg(long, value_name = "FILE")]
    prompts: Option<PathBuf>,
    /// Put prompts into the form of the transcripts that runs train on: "Human: …", "Assistant:", without white space
    /// around the question
    #[arg(long)]
    transcript: bool,
    /// Divisor of logits; 0 takes the most probable token
    #[arg(long, value_name = "X", default_value_t = 1.0)]
    temperature: f32,
    /// Keep the K most probable tokens; 0 keeps all
    #[arg(long, value_name = "K", default_value_t = 0)]
    top_k: u32,
    /// Keep the fewest most probable tokens whose mass reaches P
    #[arg(long, value_name = "P", default_value_t = 1.0)]
    top_p: f32,
    /// Keep tokens at least P times as probable as the best
    #[arg(long, value_name = "P", default_value_t = 0.0)]
    min_p: f32,
    /// The longest response, in tokens
    #[arg(long, value_name = "N", default_value_t = 128, value_parser = clap::value_parser!(u32).range(1..))]
    max_new_tokens: u32,
    /// Seed of every draw: the same prompt and seed give the same text, whatever else is generated
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// Number of responses to each prompt
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=65_536))]
    n: u32,
    /// A line of JSON for each response, with the prompt as the model read it: `rlhf score` reads these lines
    #[arg(long)]
    json: bool,
}

/// The place of the prompt on the command line.
const PROMPT: &str = "--prompt";

/// A response as a script, and `rlhf score`, reads it.
#[derive(Serialize)]
struct Row<'a> {
    /// The prompt as the model read it.
    prompt: &'a str,
    response: &'a str,
    #[serde(rename = "n")]
    index: usize,
    tokens: usize,
    finish: &'static str,
    log_prob: f64,
}

pub fn main(args: &Generate, device: &Device) -> Result<(), Failure> {
    let writing = args.writing()?;
    let mut model = LanguageModel::open_with(&args.model, args.tokenizer.as_deref(), device)?;
    let mut printed = 0;
    if let Some(prompt) = &args.prompt {
        let done = args.answer(&mut model, &writing, PROMPT, prompt, &mut printed);
        return done.map_err(BadRow::failure);
    }
    let mut bad = Bad::none(args.json);
    if let Some(path) = &args.prompts {
        for row in rows(Some(path))? {
            let done = row.map_err(BadRow::from).and_then(|row| {
                let prompt = row.text("prompt")?;
                args.answer(&mut model, &writing, &row.place(), prompt, &mut printed)
            });
            bad.note(done)?;
        }
    } else {
        for (place, text) in lines() {
            let text = text.map_err(|reason| BadRow::Bad(format!("{place}: {reason}")));
            bad.note(text.and_then(|text| args.answer(&mut model, &writing, &place, &text, &mut printed)))?;
        }
    }
    bad.finish()
}

impl Generate {
    fn writing(&self) -> Result<Writing, Failure> {
        let filters = Filters {
            temperature: self.temperature,
            top_k: self.top_k,
            top_p: self.top_p,
            min_p: self.min_p,
            ..Filters::default()
        };
        let greedy = self.temperature == 0.0;
        let sampling = if greedy { SamplingParams::Greedy } else { SamplingParams::Draw(filters) };
        sampling.validate().map_err(Failure::wrong)?;
        let (longest, count) = (self.max_new_tokens as usize, self.n as usize);
        Ok(Writing { sampling, longest, count, seed: self.seed })
    }

    /// Prints the responses to a prompt, after `printed` others. Several are set apart by headings.
    fn answer(
        &self,
        model: &mut LanguageModel,
        how: &Writing,
        place: &str,
        prompt: &str,
        printed: &mut usize,
    ) -> Result<(), BadRow> {
        let text = if self.transcript { as_prompt(prompt) } else { trimmed_prompt(prompt).to_owned() };
        let responses = model.generate(&text, how).map_err(|e| BadRow::of(place, e))?;
        for (index, response) in responses.iter().enumerate() {
            let Response { text: answer, tokens, finish, log_prob } = response;
            if self.json {
                let (tokens, log_prob) = (*tokens, *log_prob);
                print_line(&Row { prompt: &text, response: answer, index, tokens, finish, log_prob })?;
                continue;
            }
            if how.count > 1 || *printed > 0 {
                let before = if *printed > 0 { "\n" } else { "" };
                let number = format!("answer {} of {}", index + 1, how.count);
                let heading = match (place, how.count) {
                    (PROMPT, _) => number,
                    (place, 1) => place.to_owned(),
                    (place, _) => format!("{place}, {number}"),
                };
                print(&format!("{before}--- {heading} ---\n"))?;
            }
            print(&(harmless(answer) + "\n"))?;
            *printed += 1;
        }
        Ok(())
    }
}
