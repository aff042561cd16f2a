//! Features of x86-64.

/// Whether this processor has all of some features; without the `std` feature, whether the target promises them.
#[cfg(all(target_arch = "x86_64", feature = "std"))]
macro_rules! x86 {
    ($($feature:tt),+) => {
        $(std::arch::is_x86_feature_detected!($feature))&&+
    };
}
#[cfg(not(all(target_arch = "x86_64", feature = "std")))]
macro_rules! x86 {
    ($($feature:tt),+) => {
        cfg!(all(target_arch = "x86_64", $(target_feature = $feature),+))
    };
}
pub(crate) use x86;
