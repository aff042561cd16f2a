//! One result, whatever computes it and beside what.

use super::*;
use crate::lanes::Lanes;
use crate::quantized::dispatch::integer_kernel;
use crate::quantized::integers::Integers;
use half::f16;

#[test]
fn products_are_those_of_the_numbers_that_are_stood_for() {
    for (sample, &(rows, outputs, inputs)) in (1..).zip(SHAPES) {
        let shape = WeightShape { outputs, inputs };
        let (x, w) = (numbers(rows * inputs, sample), numbers(outputs * inputs, 100 + sample));
        for format in FORMATS {
            let mut bytes = format.bytes(shape);
            let weights = format.quantize(shape, &w, &mut bytes);
            for processor in processors() {
                let mut workspace = vec![0xaa; Activations::bytes(rows, inputs)];
                let activations = Activations::quantize(processor, rows, inputs, &x, &mut workspace).unwrap();
                let want = oracle(&numbers_of(activations), &weights.numbers(), rows, shape);
                let out = weights.product(processor, activations);
                crate::testing::close(processor, "product", &out, &want, 2e-5);
            }
        }
    }
}

/// Shapes that the seed draws.
fn drawn(seed: u32) -> impl Iterator<Item = (u32, usize, usize, usize)> {
    let sizes = numbers(3 * 12, seed);
    (0..if cfg!(miri) { 1 } else { 12 }).map(move |i| {
        let size = |j: usize, largest: f32| (sizes[3 * i + j].abs() * largest / 3.0) as usize;
        (seed + 1 + i as u32, size(0, 40.0), size(1, 90.0), size(2, 400.0))
    })
}

#[test]
fn bits_depend_on_no_instruction_set_company_or_thread() {
    for (sample, rows, outputs, inputs) in drawn(7000) {
        let shape = WeightShape { outputs, inputs };
        // Rows and columns of very different sizes.
        let mut x = numbers(rows * inputs, sample);
        x.iter_mut().enumerate().for_each(|(i, x)| *x *= 10f32.powi((i / 7) as i32 % 9 - 4));
        let mut w = numbers(outputs * inputs, 100 + sample);
        w.iter_mut().enumerate().for_each(|(i, w)| *w *= 10f32.powi((i / 11) as i32 % 5 - 3));
        for format in FORMATS {
            let mut bytes = format.bytes(shape);
            let weights = format.quantize(shape, &w, &mut bytes);
            let portable = Processor::PORTABLE;
            let mut plain = vec![0; Activations::bytes(rows, inputs)];
            Activations::quantize(portable, rows, inputs, &x, &mut plain).unwrap();
            let activations = Activations::from_bytes(rows, inputs, &plain).unwrap();
            let want = bits(&weights.product(portable, activations));
            for isa in crate::testing::processors() {
                let mut workspace = vec![0xaa; plain.len()];
                Activations::quantize(isa, rows, inputs, &x, &mut workspace).unwrap();
                assert_eq!(workspace, plain, "{isa:?}");
                assert_eq!(bits(&weights.product(isa, activations)), want, "{isa:?} {format:?}");
            }
            for processor in processors() {
                assert_eq!(bits(&weights.product(processor, activations)), want, "{processor:?} {format:?}");
                for row in 0..rows {
                    let alone = weights.product(processor, activations.part(row..row + 1));
                    assert_eq!(
                        bits(&alone),
                        want[row * outputs..][..outputs],
                        "{processor:?} {format:?} row {row}"
                    );
                }
                let threads = bits(&on_threads(processor, weights, activations));
                assert_eq!(threads, want, "{processor:?} {format:?}");
            }
        }
    }
}

/// The product in ranges of panels, each on a thread of its own.
fn on_threads(processor: Processor, weights: Weights<'_>, activations: Activations<'_>) -> Vec<f32> {
    let (rows, outputs) = (activations.rows(), weights.shape().outputs);
    // Three columns more than there are outputs, which nobody may touch.
    let mut out = vec![-1.0; rows * (outputs + 3)];
    let mut rest = MatrixMut::strided(&mut out, rows, outputs, outputs + 3).unwrap();
    let work = |panels: core::ops::Range<usize>, mut part: MatrixMut<'_>| {
        weights.panels(panels).multiply(processor, activations, &mut part).unwrap();
    };
    let panels = weights.shape().panels();
    let cuts = [0, panels / 3, panels / 2, panels];
    let mut parts = Vec::new();
    for cut in cuts.windows(2) {
        let (part, right) = rest.split_at_column((cut[1] - cut[0]) * super::super::PANEL);
        parts.push((cut[0]..cut[1], part));
        rest = right;
    }
    // WebAssembly's system interface has no threads.
    if cfg!(target_arch = "wasm32") {
        parts.into_iter().for_each(|(panels, part)| work(panels, part));
    } else {
        std::thread::scope(|scope| {
            for (panels, part) in parts {
                scope.spawn(|| work(panels, part));
            }
        });
    }
    out.chunks(outputs + 3).for_each(|row| assert_eq!(row[outputs..], [-1.0; 3]));
    out.chunks(outputs + 3).flat_map(|row| row[..outputs].to_vec()).collect()
}

/// # Safety
/// As [`Integers`].
unsafe fn widen<I: Integers>(from: &[u16; 16], to: &mut [f32; 16]) {
    // SAFETY: there are sixteen on both sides.
    unsafe { I::Lanes::store(to.as_mut_ptr(), I::halves(from.as_ptr().cast())) }
}

#[test]
fn every_finite_half_is_widened_exactly() {
    let some = if cfg!(miri) { 61 } else { 1 };
    let finite: Vec<u16> =
        (0..=u16::MAX).step_by(some).filter(|&bits| f16::from_bits(bits).is_finite()).collect();
    for processor in processors() {
        for halves in finite.chunks(16) {
            let halves: &[u16; 16] = &core::array::from_fn(|i| halves.get(i).copied().unwrap_or(0));
            let mut wide = [f32::NAN; 16];
            let to = &mut wide;
            integer_kernel!(processor, widen(halves: &[u16; 16], to: &mut [f32; 16]));
            let want = halves.map(|bits| f16::from_bits(bits).to_f32_const().to_bits());
            assert_eq!(wide.map(f32::to_bits), want, "{processor:?}");
        }
    }
}
