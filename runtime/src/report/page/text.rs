//! The one way by which text gets into a page.

use core::fmt::Write;
use maud::{Escaper, Render};
use std::borrow::Cow;
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

/// Text from any source, such as a model. In a page it is text and nothing else: markup is escaped, and characters that
/// a reader would not see are named ([`visible`]).
pub(super) struct Text<'a>(pub &'a str);

impl Render for Text<'_> {
    fn render_to(&self, page: &mut String) {
        // Writing to a string cannot fail.
        let _ = Escaper::new(page).write_str(&visible(self.0));
    }
}

/// `text` with a name such as `‹U+202E›` for each character that is not seen or reorders others: controls
/// but newline and tab, marks of direction, line and paragraph separators, tags. Joiners, of which words
/// and emoji are made, stay.
///
/// ```
/// use rlhf::report::page::visible;
/// assert_eq!(visible("as it is\n"), "as it is\n");
/// assert_eq!(visible("a\0b\u{202e}c"), "a‹U+0000›b‹U+202E›c");
/// ```
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(hidden) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if hidden(c) {
            let _ = write!(out, "‹U+{:04X}›", u32::from(c));
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

fn hidden(c: char) -> bool {
    use GeneralCategory::{Control, Format, LineSeparator, ParagraphSeparator};
    let kept = matches!(c, '\n' | '\t' | '\u{200c}' | '\u{200d}');
    !kept && matches!(c.general_category(), Control | Format | LineSeparator | ParagraphSeparator)
}
