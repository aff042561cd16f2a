//! Lists of names, joined when the crate is compiled.

const SEPARATOR: &str = ", ";

/// The length of [`join`]'s result.
pub(super) const fn joined_len(names: &[&str]) -> usize {
    let (mut len, mut i) = (0, 0);
    while i < names.len() {
        len += names[i].len() + if i > 0 { SEPARATOR.len() } else { 0 };
        i += 1;
    }
    len
}

/// Joins names, or lists of them, by commas. `LEN` is [`joined_len`] of the same names.
pub(super) const fn join<const LEN: usize>(names: &[&str]) -> [u8; LEN] {
    let (mut out, mut at, mut i) = ([0; LEN], 0, 0);
    while i < names.len() {
        if i > 0 {
            at = copy(SEPARATOR, &mut out, at);
        }
        at = copy(names[i], &mut out, at);
        i += 1;
    }
    out
}

const fn copy(text: &str, out: &mut [u8], at: usize) -> usize {
    let (bytes, mut i) = (text.as_bytes(), 0);
    while i < bytes.len() {
        out[at + i] = bytes[i];
        i += 1;
    }
    at + bytes.len()
}

/// The text of what [`join`] made.
pub(super) const fn text(joined: &[u8]) -> &str {
    match core::str::from_utf8(joined) {
        Ok(text) => text,
        Err(_) => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_joined_by_commas() {
        const ALL: [&str; 3] = ["ppo", "dpo, ipo", "kto"];
        const JOINED: [u8; joined_len(&ALL)] = join(&ALL);
        assert_eq!(text(&JOINED), "ppo, dpo, ipo, kto");
        assert_eq!(joined_len(&[]), 0);
    }
}
