//! Each operation beside that of single numbers.

use super::*;
use crate::dispatch::kernel;
use crate::testing::{numbers, processors};

/// Every operation on sixteen pairs, in rows of sixteen, then the two reductions.
unsafe fn everything<L: Lanes>(a: &[f32], b: &[f32], n: usize, out: &mut [[f32; WIDTH]; 12]) {
    // SAFETY: `a` and `b` have sixteen elements; the caller has the lanes.
    unsafe {
        let (x, y) = (L::load(a.as_ptr()), L::load(b.as_ptr()));
        let all = [
            L::add(x, y),
            L::sub(x, y),
            L::mul(x, y),
            L::div(x, y),
            L::max(x, y),
            L::min(x, y),
            L::sqrt(L::mul(x, x)),
            L::round(x),
            L::exp2i(L::round(x)),
            L::load_first(a.as_ptr(), n),
        ];
        for (row, v) in out.iter_mut().zip(all) {
            *row = L::array(v);
        }
        L::store_first(out[10].as_mut_ptr(), n, x);
        out[11][..2].copy_from_slice(&[L::sum(x), L::largest(x)]);
    }
}

#[test]
fn lanes_do_what_single_numbers_do() {
    let (mut a, b) = (numbers(WIDTH, 1), numbers(WIDTH, 2));
    // Ties go to the even neighbor.
    a[..4].copy_from_slice(&[0.5, 1.5, -2.5, 126.0]);
    for processor in processors() {
        for n in 0..WIDTH {
            let mut out = [[f32::NAN; WIDTH]; 12];
            let (a, b, o) = (&a[..], &b[..], &mut out);
            kernel!(processor, everything(a: &[f32], b: &[f32], n: usize, o: &mut [[f32; WIDTH]; 12]));
            for i in 0..WIDTH {
                let (x, y) = (a[i], b[i]);
                let first = if i < n { x } else { 0.0 };
                let rounded = libm::rintf(x);
                let want = [x + y, x - y, x * y, x / y, x.max(y), x.min(y), x.abs(), rounded];
                let more = [libm::exp2f(rounded), first];
                for (k, want) in want.into_iter().chain(more).enumerate() {
                    assert_eq!(out[k][i], want, "{processor:?}: operation {k} on {x} and {y}");
                }
                // What lies beyond the first lanes is left alone.
                assert!(if i < n { out[10][i] == x } else { out[10][i].is_nan() }, "{processor:?}");
            }
            assert_eq!(out[11][1], 126.0);
            let sum: f64 = a.iter().map(|&x| f64::from(x)).sum();
            assert!((f64::from(out[11][0]) - sum).abs() < 1e-4);
        }
    }
}

#[test]
fn numbers_are_rounded_to_bf16_and_paired() {
    unsafe fn there_and_back<L: Lanes>(x: &[f32], y: &[f32], out: &mut [[f32; WIDTH]; 4]) {
        // SAFETY: `x` and `y` have sixteen elements; the caller has the lanes.
        unsafe {
            let (x, y) = (L::round_to_bf16(L::load(x.as_ptr())), L::round_to_bf16(L::load(y.as_ptr())));
            let pairs = L::pair(x, y);
            for (row, v) in out.iter_mut().zip([x, y, L::even(pairs), L::odd(pairs)]) {
                *row = L::array(v);
            }
        }
    }
    let ties = [1.0 + 1.0 / 256.0, 1.0 + 3.0 / 256.0, -1.0 - 1.0 / 256.0, f32::MAX, f32::MIN_POSITIVE / 3.0];
    let odd = [f32::NAN, f32::from_bits(0x7f80_0001), f32::INFINITY, f32::NEG_INFINITY, -0.0, 1e-45];
    let mut x: std::vec::Vec<f32> = ties.into_iter().chain(odd).collect();
    x.extend(numbers(64, 1));
    let wanted = |x: &f32| half::bf16::from_f32(*x).to_f32().to_bits();
    for processor in processors() {
        for (x, y) in x.windows(WIDTH).zip(x.windows(WIDTH).skip(5)) {
            let (mut out, expected) = ([[f32::NAN; WIDTH]; 4], [x, y, x, y]);
            let o = &mut out;
            kernel!(processor, there_and_back(x: &[f32], y: &[f32], o: &mut [[f32; WIDTH]; 4]));
            for (got, want) in out.iter().zip(expected) {
                assert!(
                    got.iter().map(|x| x.to_bits()).eq(want.iter().map(wanted)),
                    "{processor:?}: {want:?}"
                );
            }
        }
    }
}

#[test]
fn rows_become_columns() {
    unsafe fn transposed<L: Lanes>(a: &mut [f32]) {
        // SAFETY: `a` has sixteen rows of sixteen; the caller has the lanes.
        unsafe {
            let rows = L::transpose(core::array::from_fn(|i| L::load(a.as_ptr().add(i * WIDTH))));
            for (i, row) in rows.into_iter().enumerate() {
                L::store(a.as_mut_ptr().add(i * WIDTH), row);
            }
        }
    }
    for processor in processors() {
        let mut a: [f32; WIDTH * WIDTH] = core::array::from_fn(|i| i as f32);
        let all = &mut a[..];
        kernel!(processor, transposed(all: &mut [f32]));
        for (i, &x) in a.iter().enumerate() {
            assert_eq!(x, (i % WIDTH * WIDTH + i / WIDTH) as f32, "{processor:?}");
        }
    }
}

#[test]
fn the_second_is_taken_where_one_is_no_number() {
    unsafe fn larger_and_smaller<L: Lanes>(a: f32, b: f32, out: &mut [[f32; WIDTH]; 2]) {
        // SAFETY: the caller has the lanes.
        unsafe {
            let (a, b) = (L::splat(a), L::splat(b));
            *out = [L::array(L::max(a, b)), L::array(L::min(a, b))];
        }
    }
    unsafe fn limit<L: Lanes>(x: &mut [f32]) {
        // SAFETY: `x` has sixteen elements; the caller has the lanes.
        unsafe {
            let v = L::load(x.as_ptr());
            L::store(x.as_mut_ptr(), L::min(L::splat(1.0), L::max(L::splat(-1.0), v)));
        }
    }
    for processor in processors() {
        for (a, b) in [(f32::NAN, 2.0), (2.0, f32::NAN)] {
            let mut out = [[0.0; WIDTH]; 2];
            let o = &mut out;
            kernel!(processor, larger_and_smaller(a: f32, b: f32, o: &mut [[f32; WIDTH]; 2]));
            for got in out.into_iter().flatten() {
                assert!(got == b || got.is_nan() && b.is_nan(), "{processor:?}: {got} of {a} and {b}");
            }
        }
        let mut x = [f32::NAN; WIDTH];
        x[1] = 7.0;
        let v = &mut x[..];
        kernel!(processor, limit(v: &mut [f32]));
        assert!(x[0].is_nan() && x[1] == 1.0, "{processor:?}");
    }
}
