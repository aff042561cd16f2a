//! One number of a sequence on each of its tokens.

use crate::batch::spans;
use crate::error::{check, rising};
use crate::{Error, Real};

/// Gives each loss token its sequence's number; other tokens get 0. `values`, `ends`:
/// `[sequences]`; `loss_mask`, `out`: `[tokens]`.
///
/// # Errors
/// [`Error::Shape`], [`Error::Ends`].
pub fn broadcast<R: Real>(
    values: &[R],
    ends: &[usize],
    loss_mask: &[bool],
    out: &mut [R],
) -> Result<(), Error> {
    rising(ends, loss_mask.len())?;
    check("values", values.len(), ends.len())?;
    check("out", out.len(), loss_mask.len())?;
    for (&value, span) in values.iter().zip(spans(ends)) {
        for (out, &loss_mask) in out[span.clone()].iter_mut().zip(&loss_mask[span]) {
            *out = if loss_mask { value } else { R::ZERO };
        }
    }
    Ok(())
}
