//! A model file within a program.

/// Bytes that begin at a multiple of 16.
#[derive(Debug)]
#[repr(C, align(16))]
pub struct Aligned<B: ?Sized>(pub B);

/// Includes a model file in the program, at a multiple of 16 bytes: in flash, on a microcontroller. The path is that of
/// [`include_bytes!`]. The result is a `&'static [u8]`.
#[macro_export]
macro_rules! include_model {
    ($path:expr $(,)?) => {{
        static MODEL: &$crate::Aligned<[u8]> = &$crate::Aligned(*include_bytes!($path));
        &MODEL.0
    }};
}
