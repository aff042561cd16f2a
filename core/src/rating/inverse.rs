//! The inverse of a positive definite matrix.

/// Inverts a symmetric positive definite `[n, n]` matrix in place (Gauss–Jordan, which needs no pivoting
/// there); `None` where it is not one, to working precision.
pub(super) fn invert(a: &mut [f64], n: usize) -> Option<()> {
    for k in 0..n {
        let pivot = a[k * n + k];
        if !(pivot.is_finite() && pivot > f64::MIN_POSITIVE) {
            return None;
        }
        a[k * n + k] = 1.0;
        a[k * n..(k + 1) * n].iter_mut().for_each(|x| *x /= pivot);
        for i in (0..n).filter(|i| *i != k) {
            let factor = core::mem::replace(&mut a[i * n + k], 0.0);
            for j in 0..n {
                a[i * n + j] -= factor * a[k * n + j];
            }
        }
    }
    Some(())
}

#[cfg(test)]
mod tests;
