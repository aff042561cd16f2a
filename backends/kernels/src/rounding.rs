//! How a processor rounds `a·b + c`.

use crate::dispatch::kernel;
use crate::isa::{Isa, Processor};
use crate::lanes::Lanes;

impl Processor {
    /// Returns whether `a·b + c` rounds once, as a fused operation does, or the product and the sum both. Relaxed-simd
    /// leaves that to the processor below, which is asked.
    pub fn rounds_once(self) -> bool {
        match self.isa() {
            Isa::Avx512 | Isa::Avx2 | Isa::Neon => true,
            Isa::Simd128 | Isa::Portable => false,
            Isa::RelaxedSimd => self.lost_bits() != 0.0,
        }
    }

    /// (1 + ε)² − (1 + 2ε): ε² where the product is not rounded, else 0.
    fn lost_bits(self) -> f32 {
        #[inline(always)]
        unsafe fn lost<L: Lanes>(x: f32, square: f32) -> f32 {
            // SAFETY: the caller has the lanes.
            unsafe { L::array(L::fma(L::splat(x), L::splat(x), L::splat(-square)))[0] }
        }
        // The compiler must not multiply in the processor's place.
        let x = core::hint::black_box(1.0 + f32::EPSILON);
        let square = core::hint::black_box(1.0 + 2.0 * f32::EPSILON);
        kernel!(self, lost(x: f32, square: f32) -> f32)
    }

    /// Returns the name of what bits depend on, as runs record it: the instruction set's, and of relaxed-simd how it
    /// rounds.
    pub fn name(self) -> &'static str {
        match self.isa() {
            Isa::RelaxedSimd if self.rounds_once() => "relaxed-simd-fused",
            isa => isa.name(),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::processors;

    #[test]
    fn a_processor_rounds_as_it_says() {
        for processor in processors() {
            let lost = if processor.rounds_once() { f32::EPSILON * f32::EPSILON } else { 0.0 };
            assert_eq!(processor.lost_bits(), lost, "{processor:?}");
            assert!(processor.name().starts_with(processor.isa().name()));
        }
    }
}
