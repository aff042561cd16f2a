//! Attention of one token that follows cached ones: of all its heads side by side, since one head alone would wait
//! for each of its sums' last addition.

use super::{Cache, Caches, Heads, softmax};
use crate::dispatch::kernel;
use crate::isa::Processor;
use crate::lanes::{Lanes, WIDTH};
use crate::product::{Output, Shape, Strided, small};

/// Attends with all heads of one token, whose own keys and values are the last of `caches`. `queries` and `out`:
/// `[heads · width]`. `weights`: `[heads][keys]`, keys in whole vectors. `room`: `[heads][width]`, in whole vectors.
///
/// # Panics
/// If a slice has another length, or a cache other keys than the first.
pub fn token(
    processor: Processor,
    heads: Heads,
    caches: &Caches<'_>,
    queries: &[f32],
    weights: &mut [f32],
    room: &mut [f32],
    out: &mut [f32],
) {
    let (keys, padded) = (caches(0).len(), heads.vectors() * WIDTH);
    assert!((1..heads.kv_heads).all(|kv| caches(kv).len() == keys));
    assert!(queries.len() == heads.out() && out.len() == heads.out());
    assert!(
        weights.len() == heads.heads * keys.next_multiple_of(WIDTH) && room.len() == heads.heads * padded
    );
    let rows = &mut *room;
    kernel!(processor, attend(heads: Heads, caches: &Caches<'_>, queries: &[f32], weights: &mut [f32], rows: &mut [f32]));
    for (out, row) in out.chunks_exact_mut(heads.width).zip(room.chunks_exact(padded)) {
        out.copy_from_slice(&row[..heads.width]);
    }
}

/// Computes all heads' weights, then their outputs.
#[inline(always)]
unsafe fn attend<L: Lanes>(
    heads: Heads,
    caches: &Caches<'_>,
    queries: &[f32],
    weights: &mut [f32],
    out: &mut [f32],
) {
    // SAFETY: caches hold as many keys in whole tiles, and values in whole rows, as there are weights; `token`
    // looked for room.
    unsafe {
        let stride = weights.len() / heads.heads;
        for (head, weights) in weights.chunks_exact_mut(stride).enumerate() {
            let cache = caches(head / heads.group());
            small::<L>(
                Shape { m: 1, k: heads.width, n: stride / WIDTH },
                Strided { data: queries.as_ptr().add(head * heads.width), line: 0, step: 1 },
                Strided { data: cache.keys().as_ptr(), line: heads.width * WIDTH, step: WIDTH },
                false,
                Output { start: weights.as_mut_ptr(), row: 0 },
            );
            softmax::<L>(weights, cache.len(), heads.scale);
        }
        let mut head = 0;
        while head < heads.heads {
            match heads.heads - head {
                // Four vectors of each are sums enough to hide that each waits for its last addition.
                2.. if const { L::AT_ONCE == 4 } && heads.vectors() >= 4 => {
                    outputs::<L, 2>(heads, caches, head, weights, out);
                    head += 2;
                }
                4.. => {
                    outputs::<L, 4>(heads, caches, head, weights, out);
                    head += 4;
                }
                _ => {
                    outputs::<L, 1>(heads, caches, head, weights, out);
                    head += 1;
                }
            }
        }
    }
}

/// The outputs of `H` heads.
///
/// # Safety
/// As [`attend`]'s; there are so many heads from `first` on.
#[inline(always)]
unsafe fn outputs<L: Lanes, const H: usize>(
    heads: Heads,
    caches: &Caches<'_>,
    first: usize,
    weights: &[f32],
    out: &mut [f32],
) {
    let (vectors, stride) = (heads.vectors(), weights.len() / heads.heads);
    let held: [Cache<'_>; H] = core::array::from_fn(|i| caches((first + i) / heads.group()));
    let mut v = 0;
    while v < vectors {
        // SAFETY: as the caller's.
        unsafe {
            let weights: [*const f32; H] = core::array::from_fn(
                #[inline(always)]
                |i| weights.as_ptr().add((first + i) * stride),
            );
            let values: [*const f32; H] = core::array::from_fn(
                #[inline(always)]
                |i| held[i].values().as_ptr().add(v * WIDTH),
            );
            let (keys, row) = (held[0].len(), vectors * WIDTH);
            let out = out.as_mut_ptr().add(first * row + v * WIDTH);
            if const { L::AT_ONCE == 4 } && vectors - v >= 4 {
                weighted::<L, H, 4>(keys, weights, values, row, out);
                v += 4;
            } else if const { L::AT_ONCE == 4 } && vectors - v >= 2 {
                weighted::<L, H, 2>(keys, weights, values, row, out);
                v += 2;
            } else {
                weighted::<L, H, 1>(keys, weights, values, row, out);
                v += 1;
            }
        }
    }
}

/// `out[h] = Σ_key weights[h][key] · values[h][key]` in rising order, `N` vectors of each.
///
/// # Safety
/// As [`Lanes`]; all of it exists.
#[inline(always)]
unsafe fn weighted<L: Lanes, const H: usize, const N: usize>(
    keys: usize,
    weights: [*const f32; H],
    values: [*const f32; H],
    row: usize,
    out: *mut f32,
) {
    // SAFETY: as the caller's.
    unsafe {
        let mut sums = [[L::splat(0.0); N]; H];
        for key in 0..keys {
            for (h, sums) in sums.iter_mut().enumerate() {
                let weight = L::splat(*weights[h].add(key));
                for (n, sum) in sums.iter_mut().enumerate() {
                    *sum = L::fma(weight, L::load(values[h].add(key * row + n * WIDTH)), *sum);
                }
            }
        }
        for (h, sums) in sums.into_iter().enumerate() {
            for (n, sum) in sums.into_iter().enumerate() {
                L::store(out.add(h * row + n * WIDTH), sum);
            }
        }
    }
}
