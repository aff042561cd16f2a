//! All of the scorer that a firmware calls, and a panic handler that no linker finds the end of.
#![no_std]

use core::ffi::c_char;
use rlhf_scorer::{Error, Growing, Model, Scorer};

unsafe extern "C" {
    /// Defined nowhere: a program that can panic does not link.
    fn rlhf_scorer_can_panic() -> !;
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    // SAFETY: it is never linked, and so never called.
    unsafe { rlhf_scorer_can_panic() }
}

/// Scores a text in every way, one after the other; returns the number of the error where there is one.
///
/// # Safety
/// The pointers have as many bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn score_everything(
    model: *const u8,
    model_len: usize,
    arena: *mut u8,
    arena_len: usize,
    text: *const c_char,
    text_len: usize,
    out: *mut f32,
) -> u32 {
    // SAFETY: as the caller's.
    let (model, arena, text) = unsafe {
        (
            core::slice::from_raw_parts(model, model_len),
            core::slice::from_raw_parts_mut(arena, arena_len),
            core::slice::from_raw_parts(text.cast(), text_len),
        )
    };
    let Ok(text) = core::str::from_utf8(text) else { return 99 };
    match everything(model, arena, text) {
        Ok(score) => {
            // SAFETY: as the caller's.
            unsafe { *out = score };
            0
        }
        Err(error) => error.message().len() as u32,
    }
}

fn everything(model: &[u8], arena: &mut [u8], text: &str) -> Result<f32, Error> {
    let opened = Model::new(model)?;
    let context = opened.shape().context as usize;
    let mut scorer = Scorer::of(opened, context, arena)?;
    let mut sum = scorer.score(text)? + scorer.score_reply(text, text)? + scorer.compare(text, "")?;
    sum += scorer.score_tokens(&[1, 2, 3])?;
    let mut scores = [0.0; 2];
    scorer.scores(&[text, text], &mut scores)?;
    let mut reply = Growing::of(opened, context, arena)?;
    for byte in text.bytes() {
        sum += reply.push(u32::from(byte))?;
    }
    reply.truncate(1);
    reply.extend(&[5])?;
    Ok(sum + scores[0])
}
