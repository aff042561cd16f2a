//! Identity of prompts, for splits and duplicates.

/// The text that identifies a prompt: in lower case, with single spaces, and without the punctuation
/// of sentences where words end. Signs, digits, symbols and emoji stay: `1+2` is not `1-2`, nor `1.5` `15`.
pub(super) fn normalized(text: &str) -> impl Iterator<Item = char> {
    // `kept` bytes of punctuation are known to stay.
    let (mut rest, mut begun, mut space, mut digit, mut kept) = (text, false, false, false, 0);
    core::iter::from_fn(move || {
        loop {
            let c = rest.chars().next()?;
            if c.is_whitespace() {
                rest = &rest[c.len_utf8()..];
                (space, digit) = (begun, false);
                continue;
            }
            // After a digit it is a factorial.
            if kept == 0 && ends_sentences(c) && !(digit && c == '!') {
                match punctuation(rest) {
                    (length, true) => {
                        rest = &rest[length..];
                        digit = false;
                        continue;
                    }
                    (length, false) => kept = length,
                }
            }
            if core::mem::take(&mut space) {
                return Some(' ');
            }
            (begun, digit) = (true, c.is_numeric());
            kept = kept.saturating_sub(c.len_utf8());
            rest = &rest[c.len_utf8()..];
            return Some(c);
        }
    })
    .flat_map(char::to_lowercase)
}

/// Returns the number of bytes of punctuation that a text begins with, and whether that ends a word or stands alone.
fn punctuation(text: &str) -> (usize, bool) {
    let run = |text: &str, of: fn(char) -> bool| text.find(|c| !of(c)).unwrap_or(text.len());
    let length = run(text, ends_sentences);
    let rest = &text[length..];
    let after = rest[run(rest, closes)..].chars().next();
    // A single hyphen is a sign; several are a dash.
    (length, &text[..length] != "-" && after.is_none_or(char::is_whitespace))
}

fn ends_sentences(c: char) -> bool {
    matches!(c, '.' | ',' | ';' | ':' | '!' | '?' | '…' | '-' | '–' | '—')
        || matches!(
            c,
            '。' | '、'
                | '，'
                | '；'
                | '：'
                | '！'
                | '？'
                | '．'
                | '｡'
                | '؟'
                | '،'
                | '؛'
                | '।'
                | '‼'
                | '⁇'
        )
}

fn closes(c: char) -> bool {
    matches!(c, '"' | '\'' | ')' | ']' | '}' | '”' | '’' | '»' | '」' | '』' | '）')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(text: &str) -> String {
        normalized(text).collect()
    }

    #[test]
    fn spelling_does_not_matter() {
        for (a, b) in [
            ("Why is it so?", "why IS it -- so"),
            ("Why is it so", " why  is\n\nit so ?!  "),
            ("Yes, it is.", "yes it is"),
            ("He said \"why?\"", "he said \"WHY\""),
            ("為什麼？", "為什麼"),
            ("Sort: 3, 1", "sort 3 1"),
        ] {
            assert_eq!(of(a), of(b));
        }
    }

    #[test]
    fn meaning_does() {
        for (a, b) in [
            ("1+2", "1-2"),
            ("1 + 2", "1 - 2"),
            ("5 - 3", "5 3"),
            ("1.5", "15"),
            ("1,5", "15"),
            ("-1", "1"),
            ("What is -1?", "What is 1?"),
            (".5", "5"),
            ("5!", "5"),
            ("a != b", "a = b"),
            ("a == b", "a = b"),
            ("a < b", "a > b"),
            ("I feel 🙂", "I feel 🙁"),
            ("🙂", "🙁"),
            (":)", ":("),
            ("C++", "C#"),
            ("C", "C++"),
            ("50%", "50"),
            ("$5", "€5"),
            ("x^2", "x2"),
            ("a.b", "ab"),
            ("it's", "its"),
            ("ab", "a b"),
            ("@ann", "#ann"),
            ("~", "^"),
            ("2*3", "2/3"),
            ("½", "¼"),
            ("北", "京"),
        ] {
            assert_ne!(of(a), of(b), "{a}, {b}");
        }
    }

    proptest! {
        #[test]
        fn case_space_and_the_ends_of_sentences_do_not_matter(
            words in prop::collection::vec("[a-z0-9+*/=<>%$-]{0,4}[a-z0-9]", 1..8),
            ends in prop::collection::vec("[ \n\t]{1,3}|[.,;:?…]{1,3} ", 8),
            upper: bool,
        ) {
            let plain = words.join(" ");
            let mut spelled = String::from(" ");
            for (word, end) in words.iter().zip(&ends) {
                spelled += &format!("{word}{end}");
            }
            let spelled = if upper { spelled.to_uppercase() } else { spelled };
            prop_assert_eq!(of(&plain), of(&spelled));
        }

        #[test]
        fn signs_are_kept(a in "[a-z0-9]{1,5}", b in "[a-z0-9]{1,5}", x in "[+*/=<>%^&|~#@$-]", y in "[+*/=<>%^&|~#@$-]") {
            for gap in ["", " "] {
                let with = |sign: &str| of(&format!("{a}{gap}{sign}{gap}{b}"));
                prop_assert_eq!(with(&x) == with(&y), x == y);
                prop_assert_ne!(with(&x), with(""));
                prop_assert_ne!(of(&format!("{x}{b}")), of(&b));
            }
        }
    }
}
