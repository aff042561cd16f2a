//! The median time of a call of an ONNX model with `TOKENS` ids, in microseconds: `rlhf-tract MODEL TOKENS`.

use std::time::{Duration, Instant};
use tract_onnx::prelude::*;

fn main() -> TractResult<()> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, model, tokens] = &arguments[..] else { panic!("want MODEL TOKENS") };
    let tokens: usize = tokens.parse()?;
    let ids: Vec<i64> = (0..tokens as i64).map(|i| i * 37 % 512).collect();
    let model = tract_onnx::onnx()
        .model_for_path(model)?
        .with_input_fact(0, i64::fact([tokens]).into())?
        .into_optimized()?
        .into_runnable()?;
    let input: Tensor = tract_ndarray::Array1::from(ids).into();
    let (mut times, begin) = (Vec::new(), Instant::now());
    while begin.elapsed() < Duration::from_secs(1) {
        let start = Instant::now();
        model.run(tvec!(input.clone().into()))?;
        times.push(start.elapsed());
    }
    times.sort();
    println!("{}", times[times.len() / 2].as_secs_f64() * 1e6);
    Ok(())
}
