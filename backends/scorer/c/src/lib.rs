//! The scorer for C: see `include/rlhf_scorer.h`.
//!
//! A handle may move between threads, but only one call at a time may use it. Functions return a code, 0 where all is well;
//! results go where a pointer says. Nothing unwinds: this library aborts where it would panic, and the scorer does not.
// C has neither namespaces nor slices.
#![allow(non_camel_case_types, clippy::too_many_arguments)]
#![deny(missing_docs)]

mod code;
mod text;

pub use code::rlhf_code;
use scorer::{Buffer, ModelFile, Scorer, arena_bytes};
use std::ffi::{c_char, c_int};
use text::{slice, text};

/// A reward model that was opened: free it with `rlhf_scorer_close`.
pub struct rlhf_scorer {
    file: ModelFile,
    arena: Buffer,
    context: usize,
}

impl rlhf_scorer {
    fn open(bytes: &[u8], context: usize) -> Result<Self, scorer::Error> {
        let file = ModelFile::new(Buffer::from(bytes))?;
        let shape = file.model().shape();
        let most = shape.context as usize;
        let context = if context == 0 { most } else { context };
        if context > most {
            return Err(scorer::Error::Context { want: context, context: most });
        }
        let arena = Buffer::zeros(arena_bytes(&shape, context));
        Ok(Self { file, arena, context })
    }

    /// Calls with the scorer.
    fn with<T>(
        &mut self,
        f: impl FnOnce(&mut Scorer<'_, '_>) -> Result<T, scorer::Error>,
    ) -> Result<T, scorer::Error> {
        f(&mut Scorer::of(self.file.model(), self.context, &mut self.arena)?)
    }
}

/// Opens a model file. `path` ends with a 0. `context`: the longest text in tokens, or 0 for the model's. The handle goes
/// to `out`.
///
/// # Safety
/// `path` is a string that ends with a 0, or null; `out` can be written, or is null.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rlhf_scorer_open(
    path: *const c_char,
    context: usize,
    out: *mut *mut rlhf_scorer,
) -> rlhf_code {
    if path.is_null() || out.is_null() {
        return rlhf_code::Null;
    }
    // SAFETY: as the caller's.
    let Ok(path) = (unsafe { std::ffi::CStr::from_ptr(path) }).to_str() else { return rlhf_code::Utf8 };
    let Ok(bytes) = std::fs::read(path) else { return rlhf_code::File };
    // SAFETY: as the caller's.
    unsafe { opened(&bytes, context, out) }
}

/// Opens a model file that is in memory: it is copied.
///
/// # Safety
/// `bytes` has `len` bytes, or is null; `out` can be written, or is null.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rlhf_scorer_open_bytes(
    bytes: *const u8,
    len: usize,
    context: usize,
    out: *mut *mut rlhf_scorer,
) -> rlhf_code {
    // SAFETY: as the caller's.
    match unsafe { slice(bytes, len) } {
        // SAFETY: as the caller's.
        Some(bytes) if !out.is_null() => unsafe { opened(bytes, context, out) },
        _ => rlhf_code::Null,
    }
}

/// # Safety
/// `out` can be written.
unsafe fn opened(bytes: &[u8], context: usize, out: *mut *mut rlhf_scorer) -> rlhf_code {
    match rlhf_scorer::open(bytes, context) {
        Ok(scorer) => {
            // SAFETY: as the caller's.
            unsafe { out.write(Box::into_raw(Box::new(scorer))) };
            rlhf_code::Ok
        }
        Err(error) => error.into(),
    }
}

/// Frees a handle. Null is left alone.
///
/// # Safety
/// `scorer` came from one of the open functions and was not freed, or is null.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rlhf_scorer_close(scorer: *mut rlhf_scorer) {
    if !scorer.is_null() {
        // SAFETY: as the caller's.
        drop(unsafe { Box::from_raw(scorer) });
    }
}

/// Returns the longest text in tokens; 0 of null.
///
/// # Safety
/// `scorer` is a handle, or null.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rlhf_scorer_context(scorer: *const rlhf_scorer) -> usize {
    // SAFETY: as the caller's.
    unsafe { scorer.as_ref() }.map_or(0, |scorer| scorer.context)
}

/// Scores a whole text of `len` bytes of UTF-8. The reward goes to `out`.
///
/// # Safety
/// `scorer` is a handle that no other call uses, or null; `text` has `len` bytes; `out` can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rlhf_scorer_score(
    scorer: *mut rlhf_scorer,
    text: *const c_char,
    len: usize,
    out: *mut f32,
) -> rlhf_code {
    // SAFETY: as the caller's.
    unsafe { scored(scorer, out, [(text, len)], |scorer, [text]| scorer.score(text)) }
}

/// Scores a reply to a prompt, put together as in training. The reward goes to `out`.
///
/// # Safety
/// As `rlhf_scorer_score`, of both texts.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rlhf_scorer_score_reply(
    scorer: *mut rlhf_scorer,
    prompt: *const c_char,
    prompt_len: usize,
    reply: *const c_char,
    reply_len: usize,
    out: *mut f32,
) -> rlhf_code {
    let texts = [(prompt, prompt_len), (reply, reply_len)];
    // SAFETY: as the caller's.
    unsafe { scored(scorer, out, texts, |scorer, [prompt, reply]| scorer.score_reply(prompt, reply)) }
}

/// Writes the probability that people prefer text `a` to text `b` to `out`.
///
/// # Safety
/// As `rlhf_scorer_score`, of both texts.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rlhf_scorer_compare(
    scorer: *mut rlhf_scorer,
    a: *const c_char,
    a_len: usize,
    b: *const c_char,
    b_len: usize,
    out: *mut f32,
) -> rlhf_code {
    // SAFETY: as the caller's.
    unsafe { scored(scorer, out, [(a, a_len), (b, b_len)], |scorer, [a, b]| scorer.compare(a, b)) }
}

/// Writes the probability that people prefer reply `a` to reply `b`, both to one prompt, to `out`.
///
/// # Safety
/// As `rlhf_scorer_score`, of all three texts.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rlhf_scorer_compare_replies(
    scorer: *mut rlhf_scorer,
    prompt: *const c_char,
    prompt_len: usize,
    a: *const c_char,
    a_len: usize,
    b: *const c_char,
    b_len: usize,
    out: *mut f32,
) -> rlhf_code {
    let texts = [(prompt, prompt_len), (a, a_len), (b, b_len)];
    // SAFETY: as the caller's.
    unsafe { scored(scorer, out, texts, |scorer, [prompt, a, b]| scorer.compare_replies(prompt, a, b)) }
}

/// Scores token ids. The reward goes to `out`.
///
/// # Safety
/// As `rlhf_scorer_score`, of `len` ids.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rlhf_scorer_score_tokens(
    scorer: *mut rlhf_scorer,
    tokens: *const u32,
    len: usize,
    out: *mut f32,
) -> rlhf_code {
    // SAFETY: as the caller's.
    let Some(tokens) = (unsafe { slice(tokens, len) }) else { return rlhf_code::Null };
    // SAFETY: as the caller's.
    unsafe { scored(scorer, out, [], |scorer, []| scorer.score_tokens(tokens)) }
}

/// Returns what a code means and what to do, as a string that ends with a 0 and is never freed; of a number that is no
/// code, what `RLHF_CODE_OTHER` means.
#[unsafe(no_mangle)]
pub extern "C" fn rlhf_scorer_message(code: c_int) -> *const c_char {
    let found = rlhf_code::ALL.into_iter().find(|known| *known as c_int == code);
    found.unwrap_or(rlhf_code::Other).message().as_ptr()
}

/// Calls with the scorer and the texts, and writes the result.
///
/// # Safety
/// As `rlhf_scorer_score`, of all texts.
unsafe fn scored<const N: usize>(
    scorer: *mut rlhf_scorer,
    out: *mut f32,
    texts: [(*const c_char, usize); N],
    f: impl FnOnce(&mut Scorer<'_, '_>, [&str; N]) -> Result<f32, scorer::Error>,
) -> rlhf_code {
    // SAFETY: as the caller's.
    let (Some(scorer), false) = (unsafe { scorer.as_mut() }, out.is_null()) else { return rlhf_code::Null };
    let mut read = [""; N];
    for (to, (start, len)) in read.iter_mut().zip(texts) {
        // SAFETY: as the caller's.
        match unsafe { text(start, len) } {
            Ok(text) => *to = text,
            Err(code) => return code,
        }
    }
    match scorer.with(|scorer| f(scorer, read)) {
        Ok(score) => {
            // SAFETY: as the caller's.
            unsafe { out.write(score) };
            rlhf_code::Ok
        }
        Err(error) => error.into(),
    }
}
