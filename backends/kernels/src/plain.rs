//! Plain Rust, compiled for the vectors of a processor.

use crate::isa::Processor;
#[cfg(target_arch = "x86_64")]
use crate::quantized::IntegerIsa;

impl Processor {
    /// Calls a closure of plain Rust that was compiled for the vectors that products of integers use here. That takes less
    /// time and changes no bit: no operation is fused with another. The closure, and what it calls, has to be
    /// `#[inline(always)]`, otherwise it is what it would be without.
    #[inline]
    pub fn run<R>(self, f: impl FnOnce() -> R) -> R {
        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx2")]
        fn avx2<R>(f: impl FnOnce() -> R) -> R {
            f()
        }
        match self.integers() {
            #[cfg(target_arch = "x86_64")]
            // SAFETY: a `Processor` has its instruction sets, and each of these comes with AVX2.
            IntegerIsa::Avx2 | IntegerIsa::AvxVnni | IntegerIsa::Avx512Vnni => unsafe { avx2(f) },
            _ => f(),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{numbers, processors};

    #[test]
    fn the_same_bits_on_every_processor() {
        let (x, y) = (numbers(100, 1), numbers(100, 2));
        let sum = |p: crate::Processor| {
            p.run(
                #[inline(always)]
                || x.iter().zip(&y).map(|(x, y)| x * y + 0.1).fold(0.0f32, |sum, x| sum + x),
            )
        };
        for processor in processors() {
            assert_eq!(sum(processor).to_bits(), sum(crate::Processor::PORTABLE).to_bits());
        }
    }
}
