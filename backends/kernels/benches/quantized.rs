//! The speed of products with int8 and 4-bit weights, beside f32's. Bytes are those of the weights, items are
//! multiplications and additions.
//!
//! ```sh
//! cargo bench -p rlhf-kernels --bench quantized              # a minute
//! cargo bench -p rlhf-kernels --bench quantized -- one_row   # what has this in its name
//! ```

use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use rlhf_kernels::product::{Factors, Matrix, Output, Start, WIDE, pack_columns, thin};
use rlhf_kernels::quantized::{
    Activations, FourBitFormat, FourBitWeightsMut, Int8WeightsMut, IntegerIsa, MatrixMut, WeightShape,
};
use rlhf_kernels::{Isa, Processor};

/// Inputs: those of a layer of a hundred million weights.
const INPUTS: usize = 1024;
/// Outputs of a matrix that a cache holds (0.5 to 4 MB) and of one that none does (64 MB and more).
const OUTPUTS: [usize; 2] = [1024, 128 * 1024];

fn main() {
    println!("{:?}", Processor::best());
    divan::main();
}

#[derive(Clone, Copy)]
enum Weights {
    F32,
    Int8,
    FourBits,
    FourBitsWithMinimum,
}

impl core::fmt::Debug for Weights {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::F32 => "f32",
            Self::Int8 => "int8",
            Self::FourBits => "4-bit",
            Self::FourBitsWithMinimum => "4-bit-minimum",
        })
    }
}

const WEIGHTS: [Weights; 4] = [Weights::F32, Weights::Int8, Weights::FourBits, Weights::FourBitsWithMinimum];

/// Numbers between -1 and 1, the same in every run.
fn numbers(n: usize) -> Vec<f32> {
    (0..n as u32).map(|i| i.wrapping_mul(2_654_435_761) as i32 as f32 / i32::MAX as f32).collect()
}

/// Bytes that begin where a line of the caches does.
struct Aligned {
    bytes: Vec<u8>,
    start: usize,
    len: usize,
}

impl Aligned {
    fn new(len: usize) -> Self {
        let bytes = vec![0; len + 64];
        let start = bytes.as_ptr().align_offset(64);
        Self { bytes, start, len }
    }

    fn get(&mut self) -> &mut [u8] {
        &mut self.bytes[self.start..][..self.len]
    }
}

/// Multiplies `rows` rows, quantization of the activations included.
fn multiply(bencher: Bencher<'_, '_>, processor: Processor, weights: Weights, rows: usize, outputs: usize) {
    let shape = WeightShape { outputs, inputs: INPUTS };
    let x = numbers(rows * INPUTS);
    let w = numbers(256 * INPUTS);
    let row = |i: usize| &w[i % 256 * INPUTS..][..INPUTS];
    let mut y = vec![0.0; rows * outputs];
    let mut workspace = vec![0; Activations::bytes(rows, INPUTS)];
    let bencher = bencher.counter(ItemsCount::new(2 * rows * outputs * INPUTS));
    let format = match weights {
        Weights::F32 => {
            let mut panels = Aligned::new(4 * outputs.next_multiple_of(WIDE) * INPUTS);
            // SAFETY: aligned to 64 bytes; every pattern of bits is an f32.
            let (_, panels, _) = unsafe { panels.get().align_to_mut::<f32>() };
            for (i, panel) in panels.chunks_mut(WIDE * INPUTS).enumerate() {
                let b = Matrix::rows(&w[i % 4 * WIDE * INPUTS..], INPUTS).transposed();
                pack_columns(processor, Factors::F32, b, 0..INPUTS, 0..WIDE, panel);
            }
            let a = Matrix::rows(&x, INPUTS);
            return bencher.counter(BytesCount::new(size_of_val(panels))).bench_local(|| {
                let c = Output { start: y.as_mut_ptr(), row: outputs };
                // SAFETY: there are as many, and nobody else has them.
                unsafe {
                    thin(processor, Factors::F32, 0..rows, 0..outputs, a, panels, INPUTS, Start::Zero, c)
                };
                black_box(&mut y);
            });
        }
        Weights::Int8 => {
            let mut bytes = Aligned::new(shape.int8_bytes());
            let bencher = bencher.counter(BytesCount::new(bytes.len));
            let mut to = Int8WeightsMut::new(shape, bytes.get()).unwrap();
            (0..outputs).for_each(|i| to.quantize(i, row(i)).unwrap());
            let weights = to.finish();
            return bencher.bench_local(|| {
                let x = Activations::quantize(processor, rows, INPUTS, &x, &mut workspace).unwrap();
                let mut out = MatrixMut::new(&mut y, rows, outputs).unwrap();
                weights.multiply(processor, x, &mut out).unwrap();
                black_box(&mut y);
            });
        }
        Weights::FourBits => FourBitFormat::Scale,
        Weights::FourBitsWithMinimum => FourBitFormat::ScaleAndMinimum,
    };
    let mut bytes = Aligned::new(shape.four_bit_bytes(format));
    let bencher = bencher.counter(BytesCount::new(bytes.len));
    let mut to = FourBitWeightsMut::new(shape, format, bytes.get()).unwrap();
    (0..outputs).for_each(|i| to.quantize(i, row(i)).unwrap());
    let weights = to.finish();
    bencher.bench_local(|| {
        let x = Activations::quantize(processor, rows, INPUTS, &x, &mut workspace).unwrap();
        let mut out = MatrixMut::new(&mut y, rows, outputs).unwrap();
        weights.multiply(processor, x, &mut out).unwrap();
        black_box(&mut y);
    });
}

/// Products with a matrix that the caches hold: the limit is arithmetic.
#[divan::bench(args = WEIGHTS, max_time = 1)]
fn one_row_in_cache(bencher: Bencher<'_, '_>, weights: Weights) {
    multiply(bencher, Processor::best(), weights, 1, OUTPUTS[0]);
}

/// Products with a matrix beyond the caches: the limit is memory, see `memory`.
#[divan::bench(args = WEIGHTS, max_time = 2)]
fn one_row_in_memory(bencher: Bencher<'_, '_>, weights: Weights) {
    multiply(bencher, Processor::best(), weights, 1, OUTPUTS[1]);
}

#[divan::bench(args = WEIGHTS, max_time = 1)]
fn sixteen_rows(bencher: Bencher<'_, '_>, weights: Weights) {
    multiply(bencher, Processor::best(), weights, 16, OUTPUTS[0]);
}

#[divan::bench(args = WEIGHTS, max_time = 1)]
fn many_rows(bencher: Bencher<'_, '_>, weights: Weights) {
    multiply(bencher, Processor::best(), weights, 512, OUTPUTS[0]);
}

/// Plain Rust, as on a processor without any of the instruction sets.
#[divan::bench(args = [Weights::Int8, Weights::FourBits], max_time = 1)]
fn many_rows_in_plain_rust(bencher: Bencher<'_, '_>, weights: Weights) {
    let processor = Processor::best().with_integers(IntegerIsa::Portable).unwrap();
    multiply(bencher, processor, weights, 128, OUTPUTS[0]);
}

/// Every byte of a buffer beyond the caches is read once: what one thread gets at best.
#[divan::bench(max_time = 2)]
fn memory(bencher: Bencher<'_, '_>) {
    let words = vec![1u64; 16 << 20];
    bencher.counter(BytesCount::new(size_of_val(&words[..]))).bench_local(|| {
        words.chunks_exact(64).fold([0u64; 64], |sums, words| core::array::from_fn(|i| sums[i] ^ words[i]))
    });
}

/// Activations alone. Items are numbers.
#[divan::bench(args = Isa::ALL, max_time = 1)]
fn quantize(bencher: Bencher<'_, '_>, isa: Isa) {
    let Some(processor) = Processor::new(isa) else {
        return eprintln!("skipped: this processor has no {}", isa.name());
    };
    let x = numbers(64 * INPUTS);
    let mut workspace = vec![0; Activations::bytes(64, INPUTS)];
    bencher.counter(ItemsCount::new(x.len())).bench_local(|| {
        Activations::quantize(processor, 64, INPUTS, black_box(&x), &mut workspace).unwrap().rows()
    });
}
