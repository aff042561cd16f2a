//! Sums and products of whole vectors.

use crate::dispatch::kernel;
use crate::isa::Processor;
use crate::slices;

/// Returns Σ a·b as sixteen partial sums in rising order.
///
/// # Panics
/// If the slices are not as long.
pub fn dot(processor: Processor, a: &[f32], b: &[f32]) -> f32 {
    use slices::dot;
    assert_eq!(a.len(), b.len());
    kernel!(processor, dot(a: &[f32], b: &[f32]) -> f32)
}

/// `a += x·b`.
///
/// # Panics
/// If the slices are not as long.
pub fn add_scaled(processor: Processor, a: &mut [f32], x: f32, b: &[f32]) {
    use slices::add_scaled;
    assert_eq!(a.len(), b.len());
    kernel!(processor, add_scaled(a: &mut [f32], x: f32, b: &[f32]));
}
