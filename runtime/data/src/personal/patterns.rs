//! Personal data that is recognized by its form.

use super::kind::Kind;
use super::names::without_spaces;
use core::net::{Ipv4Addr, Ipv6Addr};
use core::ops::Range;
use regex::Regex;
use std::sync::LazyLock;

/// Expressions of a linear-time engine, each with what has to hold of a match beside.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Patterns;

type Check = fn(&str) -> bool;

/// Returns whether a match touches neither letters nor digits, nor marks that make a number another.
fn alone(text: &str, at: &Range<usize>) -> bool {
    let before = text.get(..at.start).and_then(|t| t.chars().next_back());
    let mut after = text.get(at.end..).unwrap_or_default().chars();
    let (next, over) = (after.next(), after.next());
    // Chinese goes on without a space.
    let joins = |c: char| (c.is_alphanumeric() && !without_spaces(c)) || c == '_';
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

/// Returns whether 13 to 19 digits are a card's: the check digit is right (ISO/IEC 7812, Luhn), and they are not all
/// the same.
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

/// Returns whether an address has a digit: `a::b` is a path of some programming language.
fn ipv6(text: &str) -> bool {
    text.bytes().any(|b| b.is_ascii_digit()) && text.parse::<Ipv6Addr>().is_ok()
}

fn international(text: &str) -> bool {
    (8..=15).contains(&digits(text).count())
}

/// Returns whether a number has the 0 before an area's, and is no date, whose parts are two, two and four digits.
fn national(text: &str) -> bool {
    let parts: Vec<&str> =
        text.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty()).collect();
    let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
    (9..=12).contains(&digits(text).count()) && !lengths.starts_with(&[2, 2, 4])
}

/// The digits of a bank account's number and its country's letters leave 1 by 97 (ISO 13616).
fn iban(text: &str) -> bool {
    let text: Vec<u32> = text.chars().filter_map(|c| c.to_digit(36)).collect();
    let turned = text.iter().skip(4).chain(text.iter().take(4));
    let rest = turned.fold(0, |rest, d| (rest * if *d > 9 { 100 } else { 10 } + d) % 97);
    (15..=34).contains(&text.len()) && rest == 1
}

/// The separators of groups of digits, with the spaces and hyphens that do not break a line.
const GAP: &str = r"[ ./\u{a0}\u{2009}\u{202f}\u{2010}\u{2011}\u{2013}-]";
/// Letters of alphabets beyond ASCII.
const LETTER: &str = r"\u{c0}-\u{1fff}";
/// The letters, also of scripts that need no spaces.
const ANY_LETTER: &str = r"\u{c0}-\u{1fff}\u{3040}-\u{318f}\u{3400}-\u{d7af}";

static PATTERNS: LazyLock<Vec<(Kind, Regex, Check)>> = LazyLock::new(|| {
    let all: [(Kind, String, Check); 23] = [
        (
            Kind::Email,
            format!(
                "[A-Za-z0-9{LETTER}][A-Za-z0-9{LETTER}._%+'-]{{0,63}}@[A-Za-z0-9{ANY_LETTER}-]{{1,63}}\
                 (?:\\.[A-Za-z0-9{ANY_LETTER}-]{{1,63}}){{0,8}}\\.(?:[A-Za-z{LETTER}]{{2,24}}|xn--[A-Za-z0-9-]{{2,59}}|[{ANY_LETTER}]{{2,8}})"
            ),
            |_| true,
        ),
        (Kind::Email, format!("[{ANY_LETTER}]{{1,16}}@[{ANY_LETTER}-]{{1,63}}\\.[{ANY_LETTER}]{{2,8}}"), |_| true),
        // ann [at] example [dot] org
        (
            Kind::Email,
            r"[A-Za-z0-9][A-Za-z0-9._%+-]{0,63} ?[\[({] ?at ?[\])}] ?[A-Za-z0-9-]{1,63}(?:(?: ?[\[({] ?dot ?[\])}] ?|\.)[A-Za-z0-9-]{1,63}){0,4}(?: ?[\[({] ?dot ?[\])}] ?|\.)[A-Za-z]{2,24}".into(),
            |_| true,
        ),
        (Kind::Card, r"[0-9](?:[ -]?[0-9]){12,18}".into(), card),
        (Kind::Iban, r"[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?".into(), iban),
        (Kind::Ip, r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}".into(), |t| t.parse::<Ipv4Addr>().is_ok()),
        (Kind::Ip, r"[0-9A-Fa-f:]{0,35}::?[0-9A-Fa-f]{1,4}".into(), ipv6),
        // +44 (0)20 7946 0018, 0049 30 905820
        (Kind::Phone, format!(r"(?:\+|00)[1-9][0-9]{{0,2}}(?:{GAP}?\(?[0-9]{{1,4}}\)?){{1,8}}"), international),
        // (212) 555-0199, 212-555-0199, 1-212-555-0199
        (
            Kind::Phone,
            r"(?:1[ .-])?(?:\([2-9][0-9]{2}\) ?|[2-9][0-9]{2}[ .-])[2-9][0-9]{2}[ .-][0-9]{4}".into(),
            |_| true,
        ),
        // 020 7946 0018, (030) 90582-00, 030/9058200, 01 23 45 67 89
        (
            Kind::Phone,
            format!(r"\(?0[1-9][0-9]{{0,4}}\)?{GAP}{{1,2}}[0-9]{{2,8}}(?:{GAP}[0-9]{{2,4}}){{0,4}}"),
            national,
        ),
        // 07700900123
        (Kind::Phone, r"0[1-9][0-9]{8,9}".into(), |_| true),
        // (11) 91234-5678, 8 (495) 123-45-67
        (
            Kind::Phone,
            format!(r"(?:8 ?)?\([1-9][0-9]{{1,2}}\) ?[0-9]{{3,5}}[ -][0-9]{{2,4}}(?:{GAP}[0-9]{{2}})?"),
            international,
        ),
        // 138 1234 5678, 98765 43210
        (Kind::Phone, r"1[3-9][0-9][ -][0-9]{4}[ -][0-9]{4}|[6-9][0-9]{4}[ -][0-9]{5}".into(), |_| true),
        // 221B Baker Street
        (
            Kind::Address,
            format!(
                "[1-9][0-9]{{0,4}}[A-Za-z]?,? (?:[A-Z{LETTER}][A-Za-z{LETTER}.'-]{{0,30}} ){{1,3}}(?:Street|St|Road|Rd|Avenue|Ave\
                 |Boulevard|Blvd|Lane|Ln|Drive|Dr|Court|Ct|Square|Terrace|Close|Crescent|Highway|Way|Place|Mews|Parkway)"
            ),
            |_| true,
        ),
        // Hauptstraße 12, Keizersgracht 174
        (
            Kind::Address,
            format!(
                "[A-Z{LETTER}][A-Za-z{LETTER}-]{{1,40}}(?:stra(?:ß|ss)e|str\\.|weg|gasse|allee|platz|ufer|damm|straat|laan|gracht|plein\
                 |gatan|vägen|gade|vej|gata|veien|katu|tie|utca) [1-9][0-9]{{0,3}} ?[a-z]?"
            ),
            |_| true,
        ),
        // Am Alten Markt 5
        (
            Kind::Address,
            format!(
                "(?:[A-Z{LETTER}][A-Za-z{LETTER}-]{{0,30}} ){{1,3}}(?:Straße|Strasse|Str\\.|Weg|Gasse|Allee|Platz|Markt|Ufer|Damm) [1-9][0-9]{{0,3}} ?[a-z]?"
            ),
            |_| true,
        ),
        // 12, rue de la Paix
        (
            Kind::Address,
            format!(
                "[1-9][0-9]{{0,3}}(?: (?:bis|ter))?,? (?:rue|avenue|boulevard|place|chemin|impasse|allée|quai|cours|route) \
                 (?:(?:de|du|des|la|le|les|l'|d') ?){{0,3}}[A-Z{LETTER}][A-Za-z{LETTER}'-]{{1,40}}"
            ),
            |_| true,
        ),
        // Calle Mayor 15, Via Garibaldi 3, Rua Augusta, 1500
        (
            Kind::Address,
            format!(
                "(?:Calle|Avenida|Av\\.|Paseo|Plaza|Carrer|Carretera|Via|Viale|Piazza|Corso|Vicolo|Rua|Travessa|Praça|Alameda|ulica|ul\\.) \
                 (?:[A-Za-z{LETTER}.'-]{{1,30}} ){{0,4}}[A-Z{LETTER}][A-Za-z{LETTER}.'-]{{1,30}},? (?:n[.º°]* ?)?[1-9][0-9]{{0,4}}[a-z]?"
            ),
            |_| true,
        ),
        // ул. Ленина, 10
        (
            Kind::Address,
            "(?:ул\\.|улица|просп\\.|проспект|пр-т|пер\\.|переулок|вул\\.|вулиця) (?:[А-Яа-яЁёІіЇїЄє-]{1,30} ){0,2}[А-Яа-яЁёІіЇїЄє-]{1,30},? (?:д\\. ?)?[1-9][0-9]{0,3}".into(),
            |_| true,
        ),
        // 東京都千代田区千代田1-1
        (
            Kind::Address,
            "[\u{3400}-\u{9fff}]{1,8}[都道府県省市][\u{3040}-\u{30ff}\u{3400}-\u{9fff}]{1,24}[0-9]{1,4}(?:[-号號丁目番地之−]{1,2}[0-9]{0,4}){1,3}".into(),
            |_| true,
        ),
        // 서울특별시 강남구 테헤란로 12
        (
            Kind::Address,
            "(?:[\u{ac00}-\u{d7af}]{1,8}[시도군구] ){1,3}[\u{ac00}-\u{d7af}0-9]{1,16}[로길] ?[1-9][0-9]{0,3}".into(),
            |_| true,
        ),
        // P.O. Box 12
        (Kind::Address, r"(?:P\.? ?O\.? ?Box|Postfach|Apartado|Boîte postale) [1-9][0-9 ]{0,6}[0-9]".into(), |_| true),
        // SW1A 2AA, of Britain
        (Kind::Address, r"[A-Z]{1,2}[0-9][A-Z0-9]? [0-9][ABD-HJLNP-UW-Z]{2}".into(), |_| true),
    ];
    all.into_iter().filter_map(|(kind, form, holds)| Some((kind, Regex::new(&form).ok()?, holds))).collect()
});

impl Patterns {
    pub fn find(self, text: &str) -> Vec<(Kind, Range<usize>)> {
        // Each kind has one of these; most texts have none.
        if !text.bytes().any(|b| b.is_ascii_digit() || matches!(b, b'@' | b':' | b'[' | b'(')) {
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

/// Returns whether a version's number begins here, after the word.
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
        assert_eq!(PATTERNS.len(), 23);
    }
}
