//! The error that the documentation of each format states.

use super::*;

/// Returns the root mean square error of products over that of the products.
fn error(format: Option<Format>, inputs: usize) -> f64 {
    let (rows, shape) = (64, WeightShape { outputs: 256, inputs });
    let (x, w) = (numbers(rows * inputs, 1), numbers(shape.outputs * inputs, 2));
    let want = oracle(&x, &w, rows, shape);
    let processor = Processor::best();
    let mut workspace = vec![0; Activations::bytes(rows, inputs)];
    let activations = Activations::quantize(processor, rows, inputs, &x, &mut workspace).unwrap();
    let got: Vec<f64> = match format {
        Some(format) => {
            let mut bytes = format.bytes(shape);
            let weights = format.quantize(shape, &w, &mut bytes);
            weights.product(processor, activations).iter().map(|&y| f64::from(y)).collect()
        }
        None => oracle(&numbers_of(activations), &w, rows, shape),
    };
    let square = |x: f64| x * x;
    let error: f64 = got.iter().zip(&want).map(|(got, want)| square(got - want)).sum();
    (error / want.iter().map(|&x| square(x)).sum::<f64>()).sqrt()
}

#[test]
#[cfg_attr(miri, ignore = "millions of products")]
fn formats_have_the_error_they_state() {
    let [int8, four_bits, minimum] = FORMATS;
    for (format, stated) in
        [(None, 0.0054), (Some(int8), 0.0092), (Some(four_bits), 0.0862), (Some(minimum), 0.0775)]
    {
        let found = error(format, 576);
        std::eprintln!("{format:?}: {found:.5}");
        assert!((found - stated).abs() < 0.0006, "{format:?}: {found:.5}, stated {stated}");
    }
}
