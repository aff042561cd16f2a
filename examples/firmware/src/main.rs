//! Scores pairs of replies: the same program, and the same scores to the bit, on a microcontroller and on the host.
#![cfg_attr(target_os = "none", no_std, no_main)]

use rlhf_scorer::{Error, Scorer, Shape, arena_bytes};

#[cfg(target_os = "none")]
mod board;

include!(concat!(env!("OUT_DIR"), "/given.rs"));

/// Tokens of the longest text.
const CONTEXT: usize = if SHAPE.context < 512 { SHAPE.context as usize } else { 512 };
/// Bytes that scoring needs.
const ARENA: usize = arena_bytes(&SHAPE, CONTEXT);

/// Scores all pairs in that memory. `print`: takes a line's parts; `clock`: instructions so far.
fn score_pairs(
    arena: &mut [u8],
    mut print: impl FnMut(core::fmt::Arguments<'_>),
    mut clock: impl FnMut() -> u64,
) -> Result<(), Error> {
    let mut scorer = Scorer::with_context(MODEL, CONTEXT, arena)?;
    let (mut right, before) = (0, clock());
    for [prompt, chosen, rejected] in PAIRS {
        let [a, b] = [scorer.score_reply(prompt, chosen)?, scorer.score_reply(prompt, rejected)?];
        right += usize::from(a > b);
        // In thousandths: to print an f32 takes more flash than to score.
        let thousandths = [a, b].map(|score| (score * 1000.0) as i32);
        print(format_args!("{:08x} {:08x} {:?}", a.to_bits(), b.to_bits(), thousandths));
    }
    print(format_args!("{right} of {} pairs: the chosen reply has the higher score", PAIRS.len()));
    let spent = clock() - before;
    if spent > 0 {
        print(format_args!("{spent} instructions"));
    }
    Ok(())
}

#[cfg(not(target_os = "none"))]
fn main() -> Result<(), Error> {
    score_pairs(&mut vec![0; ARENA], |line| println!("{line}"), || 0)
}
