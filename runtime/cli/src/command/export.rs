//! `rlhf export`.

use super::exit::Failure;
use super::output::{print, print_line};
use super::tally::Tally;
use clap::{Args, ValueEnum};
use rlhf::RewardModel;
use rlhf::data::{Comparison, Options, comparisons};
use rlhf::engine::Device;
use rlhf::models::write_whole;
use rlhf::scorer::{Buffer, Model, Scorer, Shape, WeightFormat, arena_bytes, growing_arena_bytes};
use serde_json::json;
use std::path::PathBuf;

#[derive(Args)]
pub struct Export {
    /// A reward model: a Hugging Face folder with a scalar head, such as a run's `reward`
    model: PathBuf,
    /// The file to write
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// The kind of file
    #[arg(long, value_enum, default_value_t = Format::Scorer)]
    format: Format,
    /// The numbers that weights are stored in
    #[arg(long, value_enum, default_value_t = Dtype::Int8)]
    dtype: Dtype,
    /// The longest text, in tokens: a shorter one needs less memory [default: the model's]
    #[arg(long, value_name = "N")]
    context: Option<usize>,
    /// Its tokenizer, if the folder has none of its own
    #[arg(long, value_name = "PATH")]
    tokenizer: Option<PathBuf>,
    /// Comparisons in any format that runs take: prints how often both models prefer the preferred answer
    #[arg(long, value_name = "FILE")]
    pairs: Option<PathBuf>,
    /// Print the results as a line of JSON
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// A file of rlhf-scorer, for programs, services and microcontrollers
    Scorer,
}

#[derive(Clone, Copy, ValueEnum)]
enum Dtype {
    F32,
    F16,
    Bf16,
    Int8,
    Int4,
}

impl From<Dtype> for WeightFormat {
    fn from(dtype: Dtype) -> Self {
        match dtype {
            Dtype::F32 => Self::F32,
            Dtype::F16 => Self::F16,
            Dtype::Bf16 => Self::Bf16,
            Dtype::Int8 => Self::Int8,
            Dtype::Int4 => Self::Int4,
        }
    }
}

pub fn main(args: &Export, device: &Device) -> Result<(), Failure> {
    let mut model = RewardModel::open_with(&args.model, args.tokenizer.as_deref(), device)?;
    let Format::Scorer = args.format;
    let bytes = model.to_scorer(args.dtype.into(), args.context)?;
    let file = Buffer::from(&bytes[..]);
    let shape = Model::new(&file).map_err(Failure::failed)?.shape();
    let agreement = match &args.pairs {
        Some(pairs) => {
            let all = comparisons(pairs, Options::default()).map_err(Failure::wrong)?;
            let all = all.collect::<Result<Vec<_>, _>>().map_err(Failure::wrong)?;
            Some(Agreement::of(&mut model, &file, &all)?)
        }
        None => None,
    };
    write_whole(&args.out, &bytes).map_err(Failure::failed)?;
    let context = shape.context as usize;
    let (whole, growing) = (arena_bytes(&shape, context), growing_arena_bytes(&shape, context));
    if args.json {
        let mut line = json!({
            "file": args.out, "bytes": bytes.len(), "arena": whole, "growing_arena": growing, "shape": shape,
        });
        if let Some(agreement) = &agreement {
            line["pairs"] = agreement.json();
        }
        return print_line(&line);
    }
    print(&format!(
        "{}: {} bytes\nmemory for a whole text of {context} tokens: {whole} bytes; for one that grows: {growing}\n\n{}\n",
        args.out.display(),
        bytes.len(),
        source(&shape)
    ))?;
    agreement.map_or(Ok(()), |agreement| agreement.print())
}

/// The sizes, as a program names them.
fn source(shape: &Shape) -> String {
    let Shape { family, weights, vocabulary, context, width, layers, heads, kv_heads, head_width, hidden } =
        shape;
    format!(
        "const SHAPE: Shape = Shape {{\n    family: Family::{family:?}, weights: WeightFormat::{weights:?}, \
         vocabulary: {vocabulary}, context: {context},\n    width: {width}, layers: {layers}, heads: {heads}, \
         kv_heads: {kv_heads}, head_width: {head_width}, hidden: {hidden},\n}};\n\
         const ARENA: usize = arena_bytes(&SHAPE, {context});\n"
    )
}

/// What a file loses, on comparisons.
struct Agreement {
    model: Tally,
    file: Tally,
    /// Comparisons that are longer than the file reads.
    skipped: usize,
    /// Absolute differences of rewards: their sum, the greatest, their number.
    sum: f64,
    greatest: f64,
    answers: usize,
}

impl Agreement {
    fn of(model: &mut RewardModel, file: &[u8], all: &[Comparison]) -> Result<Self, Failure> {
        let opened = Model::new(file).map_err(Failure::failed)?;
        let context = opened.shape().context as usize;
        let mut arena = Buffer::zeros(arena_bytes(&opened.shape(), context));
        let mut scorer = Scorer::of(opened, context, &mut arena).map_err(Failure::failed)?;
        let mut found = Self {
            model: Tally::default(),
            file: Tally::default(),
            skipped: 0,
            sum: 0.0,
            greatest: 0.0,
            answers: 0,
        };
        for comparison in all {
            let answers: Vec<&str> = comparison.answers.iter().map(String::as_str).collect();
            let prompt = &comparison.prompt;
            let rewards: Result<Vec<f32>, _> =
                answers.iter().map(|answer| scorer.score_reply(prompt, answer)).collect();
            let rewards = match rewards {
                Ok(rewards) => rewards,
                Err(rlhf::scorer::Error::Context { .. }) => {
                    found.skipped += 1;
                    continue;
                }
                Err(error) => return Err(Failure::failed(error)),
            };
            let worth = model.judge(prompt, &answers)?;
            let want: Vec<f32> = worth.iter().map(|worth| worth.reward).collect();
            for (got, want) in rewards.iter().zip(&want) {
                let difference = f64::from(got - want).abs();
                found.sum += difference;
                found.greatest = found.greatest.max(difference);
                found.answers += 1;
            }
            found.model.add(comparison, &want, false);
            found.file.add(comparison, &rewards, false);
        }
        Ok(found)
    }

    fn mean(&self) -> f64 {
        self.sum / self.answers.max(1) as f64
    }

    fn json(&self) -> serde_json::Value {
        json!({
            "accuracy": self.model.accuracy(), "accuracy_of_file": self.file.accuracy(),
            "mean_difference": self.mean(), "greatest_difference": self.greatest, "longer_than_context": self.skipped,
        })
    }

    fn print(&self) -> Result<(), Failure> {
        let share =
            |tally: &Tally| tally.accuracy().map_or("none".into(), |share| format!("{:.1} %", 100.0 * share));
        print(&format!(
            "prefers the preferred answer: the model {}, the file {}\nrewards differ by {:.2e} on average, {:.2e} at most\n",
            share(&self.model),
            share(&self.file),
            self.mean(),
            self.greatest
        ))?;
        match self.skipped {
            0 => Ok(()),
            n => print(&format!("{n} comparisons are longer than the file reads, and were left out\n")),
        }
    }
}
