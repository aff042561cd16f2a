//! Tolerances for differences between two backends in f32, relative to numbers of the size of 1.

/// Logits of one network: sums as wide as the network, in another order.
pub const LOGITS: f32 = 2e-5;
/// Losses of fifty steps of one seed: AdamW divides a gradient by its size, so that small ones keep their
/// relative error, and each step starts where the one before ended.
pub const LOSS_CURVE: f64 = 2e-4;
/// Products in 16 bits beside f32: a bf16 keeps eight bits; what two layers of products lose adds up.
pub const HALVED: f32 = 0.03;

/// The greatest distance between two lists, which are as long as each other.
pub fn distance(got: &[f32], want: &[f32]) -> f32 {
    assert_eq!(got.len(), want.len());
    let far = |(a, b): (&f32, &f32)| (a - b).abs() / b.abs().max(1.0);
    let all = got.iter().zip(want).map(far);
    all.fold(0.0, |worst, d| if d > worst || d.is_nan() { d } else { worst })
}
