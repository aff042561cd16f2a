//! One text of 64 tokens on one thread, by the benchmark's tiny GPT-2 in every format; and from the file to its first
//! score: `cargo bench -p rlhf-scorer`.

use rlhf_core::model::Architecture;
use rlhf_core::rewards::RewardScale;
use rlhf_scorer::{Buffer, Model, NewModel, Scorer, WeightFormat, arena_bytes_with_rows, write};

/// The text's length in tokens.
const TOKENS: usize = 64;
/// Rows side by side: what a large processor is given.
const ROWS: usize = 48;

fn main() {
    divan::main();
}

fn architecture() -> Architecture {
    Architecture::gpt2(512, 128, 128, 4, 4).with_scalar()
}

fn file(format: WeightFormat) -> Buffer {
    let architecture = architecture();
    let mut weights = rlhf_core::model::random(&architecture, 1).unwrap();
    // A head that is not 0.
    let head = weights.len() - architecture.width - 1;
    weights[head..].iter_mut().zip(0..).for_each(|(w, i)| *w = 0.01 * (i % 7) as f32);
    let model = NewModel {
        architecture: &architecture,
        weights: &weights,
        tokenizer: None,
        scale: RewardScale::default(),
    };
    Buffer::from(&write(&model, format, TOKENS).unwrap()[..])
}

fn tokens() -> Vec<u32> {
    (0..TOKENS as u32).map(|i| i * 37 % 512).collect()
}

fn arena(file: &Buffer) -> Buffer {
    Buffer::zeros(arena_bytes_with_rows(&Model::new(file).unwrap().shape(), TOKENS, ROWS))
}

#[divan::bench(args = ["f32", "f16", "bf16", "int8", "int4"], min_time = 1)]
fn score(bencher: divan::Bencher<'_, '_>, format: &str) {
    let format = WeightFormat::ALL.into_iter().find(|f| f.name() == format).unwrap();
    let file = file(format);
    let (tokens, mut arena) = (tokens(), arena(&file));
    let mut scorer = Scorer::new(&file, &mut arena).unwrap();
    bencher.bench_local(|| scorer.score_tokens(&tokens).unwrap());
}

#[divan::bench(args = ["f32", "int8"], min_time = 1)]
fn first_score(bencher: divan::Bencher<'_, '_>, format: &str) {
    let format = WeightFormat::ALL.into_iter().find(|f| f.name() == format).unwrap();
    let file = file(format);
    let (tokens, mut arena) = (tokens(), arena(&file));
    bencher.bench_local(|| Scorer::new(&file, &mut arena).unwrap().score_tokens(&tokens[..1]).unwrap());
}
