//! One call of a kernel that was compiled for each instruction set.

/// Compiles a generic kernel once per instruction set and calls the one asked for.
///
/// `kernel!(processor, function(argument: type, …))` calls `function::<L>(argument, …)`. Each instruction set's code is a
/// function of its own: V8 allots the registers of a huge one so badly that products take twice as long.
macro_rules! kernel {
    ($processor:expr, $f:ident($($arg:ident: $t:ty),* $(,)?) $(-> $ret:ty)?) => {{
        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx512f")]
        unsafe fn avx512($($arg: $t),*) $(-> $ret)? {
            // SAFETY: compiled with the features that the lanes need.
            unsafe { $f::<$crate::lanes::Avx512>($($arg),*) }
        }
        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx2,fma")]
        unsafe fn avx2($($arg: $t),*) $(-> $ret)? {
            // SAFETY: compiled with the features that the lanes need.
            unsafe { $f::<$crate::lanes::Avx2>($($arg),*) }
        }
        #[cfg(all(target_arch = "aarch64", target_feature = "neon"))]
        #[target_feature(enable = "neon")]
        unsafe fn neon($($arg: $t),*) $(-> $ret)? {
            // SAFETY: compiled with the feature that the lanes need.
            unsafe { $f::<$crate::lanes::Neon>($($arg),*) }
        }
        #[inline(never)]
        unsafe fn portable($($arg: $t),*) $(-> $ret)? {
            // SAFETY: plain Rust needs nothing.
            unsafe { $f::<$crate::lanes::Portable>($($arg),*) }
        }
        #[cfg(all(target_arch = "wasm32", target_feature = "relaxed-simd"))]
        #[inline(never)]
        unsafe fn relaxed_simd($($arg: $t),*) $(-> $ret)? {
            // SAFETY: all of a module is compiled with the feature.
            unsafe { $f::<$crate::lanes::RelaxedSimd>($($arg),*) }
        }
        #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
        #[inline(never)]
        unsafe fn simd128($($arg: $t),*) $(-> $ret)? {
            // SAFETY: as above.
            unsafe { $f::<$crate::lanes::Simd128>($($arg),*) }
        }
        match $crate::isa::Processor::isa($processor) {
            #[cfg(target_arch = "x86_64")]
            // SAFETY: a `Processor` has its instruction set.
            $crate::isa::Isa::Avx512 => unsafe { avx512($($arg),*) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: as above.
            $crate::isa::Isa::Avx2 => unsafe { avx2($($arg),*) },
            #[cfg(all(target_arch = "aarch64", target_feature = "neon"))]
            // SAFETY: as above.
            $crate::isa::Isa::Neon => unsafe { neon($($arg),*) },
            #[cfg(all(target_arch = "wasm32", target_feature = "relaxed-simd"))]
            // SAFETY: as above.
            $crate::isa::Isa::RelaxedSimd => unsafe { relaxed_simd($($arg),*) },
            #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
            // SAFETY: as above.
            $crate::isa::Isa::Simd128 => unsafe { simd128($($arg),*) },
            // SAFETY: as above.
            _ => unsafe { portable($($arg),*) },
        }
    }};
}
/// Calls a generic kernel with the steps that multiply such factors here: `factors_kernel!(processor, factors,
/// function(argument: type, …))` calls `function::<L, S>(argument, …)`.
macro_rules! factors_kernel {
    ($processor:expr, $factors:expr, $f:ident($($arg:ident: $t:ty),* $(,)?)) => {{
        #[inline(always)]
        unsafe fn single<L: $crate::lanes::Lanes>($($arg: $t),*) {
            // SAFETY: as the caller's.
            unsafe { $f::<L, $crate::product::Single>($($arg),*) }
        }
        #[inline(always)]
        unsafe fn widened<L: $crate::lanes::Lanes>($($arg: $t),*) {
            // SAFETY: as the caller's.
            unsafe { $f::<L, $crate::product::Widened>($($arg),*) }
        }
        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx512f,avx512bf16")]
        unsafe fn native($($arg: $t),*) {
            // SAFETY: compiled with the features that both need.
            unsafe { $f::<$crate::lanes::Avx512, $crate::product::Native>($($arg),*) }
        }
        match $factors {
            $crate::product::Factors::F32 => $crate::dispatch::kernel!($processor, single($($arg: $t),*)),
            #[cfg(target_arch = "x86_64")]
            // SAFETY: the processor has both.
            $crate::product::Factors::Bf16 if $processor.multiplies_bf16() => unsafe { native($($arg),*) },
            $crate::product::Factors::Bf16 => $crate::dispatch::kernel!($processor, widened($($arg: $t),*)),
        }
    }};
}
pub(crate) use factors_kernel;
pub(crate) use kernel;
