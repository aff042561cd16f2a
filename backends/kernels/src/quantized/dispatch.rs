//! One call of a kernel of integers that was compiled for each instruction set.

/// Compiles a generic kernel once per instruction set and calls the one that a processor has.
///
/// `integer_kernel!(processor, function(argument: type, …))` calls `function::<I>(argument, …)`.
macro_rules! integer_kernel {
    ($processor:expr, $f:ident($($arg:ident: $t:ty),* $(,)?)) => {{
        use $crate::quantized::integers;
        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
        unsafe fn avx512_vnni($($arg: $t),*) {
            // SAFETY: compiled with the features that the kernel needs.
            unsafe { $f::<integers::Avx512Vnni>($($arg),*) }
        }
        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx2,fma,f16c,avxvnni")]
        unsafe fn avx_vnni($($arg: $t),*) {
            // SAFETY: compiled with the features that the kernel needs.
            unsafe { $f::<integers::AvxVnni>($($arg),*) }
        }
        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx2,fma,f16c")]
        unsafe fn avx2($($arg: $t),*) {
            // SAFETY: compiled with the features that the kernel needs.
            unsafe { $f::<integers::Avx2Integers>($($arg),*) }
        }
        #[cfg(target_arch = "aarch64")]
        #[target_feature(enable = "neon,dotprod")]
        unsafe fn neon_dot($($arg: $t),*) {
            // SAFETY: compiled with the features that the kernel needs.
            unsafe { $f::<integers::NeonDot>($($arg),*) }
        }
        #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
        #[inline(never)]
        unsafe fn simd128($($arg: $t),*) {
            // SAFETY: all of a module is compiled with the feature.
            unsafe { $f::<integers::Simd128Integers>($($arg),*) }
        }
        #[inline(never)]
        unsafe fn plain_rust($($arg: $t),*) {
            // SAFETY: plain Rust needs nothing.
            unsafe { $f::<integers::PortableIntegers>($($arg),*) }
        }
        match $crate::isa::Processor::integers($processor) {
            #[cfg(target_arch = "x86_64")]
            // SAFETY: a `Processor` has its instruction sets.
            $crate::quantized::isa::IntegerIsa::Avx512Vnni => unsafe { avx512_vnni($($arg),*) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: as above.
            $crate::quantized::isa::IntegerIsa::AvxVnni => unsafe { avx_vnni($($arg),*) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: as above.
            $crate::quantized::isa::IntegerIsa::Avx2 => unsafe { avx2($($arg),*) },
            #[cfg(target_arch = "aarch64")]
            // SAFETY: as above.
            $crate::quantized::isa::IntegerIsa::NeonDot => unsafe { neon_dot($($arg),*) },
            #[cfg(target_arch = "aarch64")]
            // SAFETY: as above; the target has NEON.
            $crate::quantized::isa::IntegerIsa::Neon => unsafe { $f::<integers::NeonIntegers>($($arg),*) },
            #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
            // SAFETY: as above.
            $crate::quantized::isa::IntegerIsa::Simd128 => unsafe { simd128($($arg),*) },
            // SAFETY: as above.
            _ => unsafe { plain_rust($($arg),*) },
        }
    }};
}
pub(super) use integer_kernel;
