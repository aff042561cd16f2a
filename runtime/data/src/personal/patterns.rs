//! What goes by its form.

use super::kind::Kind;
use core::net::{Ipv4Addr, Ipv6Addr};
use core::ops::Range;
use regex::Regex;
use std::sync::LazyLock;

/// Expressions of a linear-time engine, each with what has to hold of a match beside.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Patterns;

type Holds = fn(&str) -> bool;

/// What a match may not touch on either side: letters, digits, and marks that make a number another.
fn alone(text: &str, at: &Range<usize>) -> bool {
    let before = text.get(..at.start).and_then(|t| t.chars().next_back());
    let mut after = text.get(at.end..).unwrap_or_default().chars();
    let (next, over) = (after.next(), after.next());
    let joins = |c: char| c.is_alphanumeric() || c == '_';
    // A full stop or a comma ends a sentence, unless a digit follows it.
    let goes_on = match next {
        Some(c) if joins(c) => true,
        Some('.' | ',' | '-' | '/') => over.is_some_and(|c| c.is_ascii_digit()),
        _ => false,
    };
    !goes_on
        && !before.is_some_and(|c| joins(c) || matches!(c, '.' | '-' | '/' | '+' | '$' | '€' | '£' | '#'))
}

fn digits(text: &str) -> impl DoubleEndedIterator<Item = u32> {
    text.chars().filter_map(|c| c.to_digit(10))
}

/// 13 to 19 digits whose check digit is right (ISO/IEC 7812, Luhn), not all the same.
fn card(text: &str) -> bool {
    let count = digits(text).count();
    let sum: u32 = digits(text)
        .rev()
        .enumerate()
        .map(|(i, d)| match d * (1 + i as u32 % 2) {
            d if d > 9 => d - 9,
            d => d,
        })
        .sum();
    let first = digits(text).next();
    (13..=19).contains(&count) && sum.is_multiple_of(10) && digits(text).any(|d| Some(d) != first)
}

/// With a digit: `a::b` is a path of some programming language.
fn ipv6(text: &str) -> bool {
    text.bytes().any(|b| b.is_ascii_digit()) && text.parse::<Ipv6Addr>().is_ok()
}

fn international(text: &str) -> bool {
    (8..=15).contains(&digits(text).count())
}

static PATTERNS: LazyLock<Vec<(Kind, Regex, Holds)>> = LazyLock::new(|| {
    let all: [(Kind, &str, Holds); 6] = [
        (
            Kind::Email,
            r"[A-Za-z0-9][A-Za-z0-9._%+-]{0,63}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){0,8}\.[A-Za-z]{2,24}",
            |_| true,
        ),
        (Kind::Card, r"[0-9](?:[ -]?[0-9]){12,18}", card),
        (Kind::Ip, r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}", |t| t.parse::<Ipv4Addr>().is_ok()),
        (Kind::Ip, r"[0-9A-Fa-f:]{0,35}::?[0-9A-Fa-f]{1,4}", ipv6),
        // +44 20 7946 0018
        (Kind::Phone, r"\+[0-9]{1,3}(?:[ .-]?\(?[0-9]{1,4}\)?){1,6}", international),
        // (212) 555-0199, 212-555-0199, 1-212-555-0199
        (
            Kind::Phone,
            r"(?:1[ .-])?(?:\([2-9][0-9]{2}\) ?|[2-9][0-9]{2}[ .-])[2-9][0-9]{2}[ .-][0-9]{4}",
            |_| true,
        ),
    ];
    all.into_iter().filter_map(|(kind, form, holds)| Some((kind, Regex::new(form).ok()?, holds))).collect()
});

impl Patterns {
    pub fn find(self, text: &str) -> Vec<(Kind, Range<usize>)> {
        // Each kind has one of these; most texts have none.
        if !text.bytes().any(|b| b.is_ascii_digit() || b == b'@' || b == b':') {
            return Vec::new();
        }
        let mut found = Vec::new();
        for (kind, form, holds) in PATTERNS.iter() {
            for part in form.find_iter(text) {
                let at = part.range();
                if alone(text, &at) && holds(part.as_str()) && !(*kind == Kind::Ip && version(text, at.start))
                {
                    found.push((*kind, at));
                }
            }
        }
        found
    }
}

/// Whether a version's number begins here: after the word.
fn version(text: &str, at: usize) -> bool {
    let before = text.get(..at).unwrap_or_default().trim_end();
    let word = before.rsplit(|c: char| !c.is_alphabetic()).next().unwrap_or_default();
    ["version", "release", "build"].iter().any(|known| word.eq_ignore_ascii_case(known))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_compiles() {
        assert_eq!(PATTERNS.len(), 6);
    }
}
