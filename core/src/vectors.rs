//! Loops in the widest vectors that the processor has.

/// Runs `body`, compiled once for each set of vector instructions, in the widest that this processor
/// has: what is compiled for all x86 processors may only use four lanes. The bits are the same, since no
/// operation is fused or reordered. All that `body` calls must be `#[inline(always)]`, or it stays as it is.
///
/// Other processors' widest vectors are known when the program is compiled.
#[cfg(all(feature = "simd", any(target_arch = "x86", target_arch = "x86_64"), not(target_os = "none")))]
#[inline(always)]
pub(crate) fn widest<T>(body: impl FnOnce() -> T) -> T {
    use fearless_simd::{Level, Simd, dispatch};
    dispatch!(Level::new(), simd => simd.vectorize(body))
}

/// Runs `body`: its vectors are those of the target.
#[cfg(not(all(
    feature = "simd",
    any(target_arch = "x86", target_arch = "x86_64"),
    not(target_os = "none")
)))]
#[inline(always)]
pub(crate) fn widest<T>(body: impl FnOnce() -> T) -> T {
    body()
}
