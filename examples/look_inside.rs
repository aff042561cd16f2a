//! A look inside a trained network: its weights by name and its logits, as `ndarray` arrays:
//! `cargo run --release -p rlhf-examples --example look_inside`.

use rlhf::prelude::*;
use rlhf_core::Ragged;
use rlhf_cpu::Cpu;

fn main() -> Result<(), Box<dyn core::error::Error>> {
    let network = Architecture::gpt2(257, 32, 32, 2, 4);
    let mut model = LanguageModel::random(&Device::default(), network.clone(), Bytes, 1)?;
    let start = model.model().weights()?.into_owned();
    let demonstrations = ["happy.", "hungry."].map(|answer| ("I am ", answer));
    model.fine_tune(&demonstrations).set(|s| (s.epochs, s.optimizer.learning_rate) = (200, 3e-3)).run()?;

    // The engine's own model gives its weights by the names of `Architecture::tensors`.
    let before = rlhf_cpu::Model::from_weights(&Cpu::default(), network.clone(), start)?;
    let mut after =
        rlhf_cpu::Model::from_weights(&Cpu::default(), network, model.model().weights()?.into_owned())?;
    let name = "embedding";
    let moved = &after.tensor(name)? - &before.tensor(name)?;
    let distance = moved.mapv(|x| x * x).sum_axis(ndarray::Axis(1)).mapv(f32::sqrt);
    let mean = distance.mean().unwrap_or(0.0);
    println!("{name} has shape {:?}; its rows moved by {mean:.2} on average", moved.shape());

    // After "I am h" two letters can follow. Logits are an array with a row for each token.
    let text = Bytes.encode("I am h");
    let logits = after.logits(Ragged::new(&text, &[text.len()])?)?;
    let last = logits.row(text.len() - 1);
    let total: f32 = last.mapv(f32::exp).sum();
    let probability = |byte: u8| last[usize::from(byte)].exp() / total;
    println!(
        "after \"I am h\": 'a' {:.0} %, 'u' {:.0} %",
        100.0 * probability(b'a'),
        100.0 * probability(b'u')
    );
    assert!(mean > 0.1 && probability(b'a') + probability(b'u') > 0.9);
    Ok(())
}
