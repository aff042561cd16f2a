//! The one form that every conversation is brought into (Bai et al., arXiv:2204.05862).

use core::fmt::Write;

/// What begins a person's turn.
pub const HUMAN: &str = "\n\nHuman:";
/// What begins the assistant's turn, and so ends every prompt.
pub const ASSISTANT: &str = "\n\nAssistant:";

/// A prompt of one turn. What is a transcript already keeps its turns.
pub(super) fn prompt(text: &str) -> String {
    let text = text.trim_end();
    if text.starts_with(HUMAN) {
        let text = text.strip_suffix(ASSISTANT).unwrap_or(text);
        return format!("{text}{ASSISTANT}");
    }
    format!("{HUMAN} {}{ASSISTANT}", text.trim_start())
}

/// A prompt of an instruction and the material that it is about.
pub(super) fn prompt_about(instruction: &str, material: &str) -> String {
    match material.trim() {
        "" => prompt(instruction),
        material => prompt(&format!("{}\n\n{material}", instruction.trim())),
    }
}

/// The assistant's reply.
pub(super) fn response(text: &str) -> String {
    format!(" {}", text.trim())
}

/// A prompt of several turns: whether a person speaks, and what is said.
pub(super) fn conversation<'a>(turns: impl Iterator<Item = (bool, &'a str)>) -> String {
    let mut out = String::new();
    for (human, text) in turns {
        // Writing to a string cannot fail.
        let _ = write!(out, "{} {}", if human { HUMAN } else { ASSISTANT }, text.trim());
    }
    out + ASSISTANT
}

/// Splits two transcripts into the prompt that they share, up to the last [`ASSISTANT`] in it, and
/// what follows in each.
pub(super) fn shared<'a>(a: &'a str, b: &'a str) -> Option<(&'a str, &'a str, &'a str)> {
    let mut common = a.bytes().zip(b.bytes()).take_while(|(x, y)| x == y).count();
    while !a.is_char_boundary(common) {
        common -= 1;
    }
    let end = a[..common].rfind(ASSISTANT)? + ASSISTANT.len();
    Some((&a[..end], &a[end..], &b[end..]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn prompts_end_where_the_assistant_begins() {
        assert_eq!(prompt(" Why? \n"), "\n\nHuman: Why?\n\nAssistant:");
        assert_eq!(prompt(&prompt("Why?")), prompt("Why?"));
        assert_eq!(prompt_about("Sort.", " b a "), "\n\nHuman: Sort.\n\nb a\n\nAssistant:");
        let turns = [(true, "Hi"), (false, "Hello"), (true, "Bye")];
        assert_eq!(
            conversation(turns.into_iter()),
            "\n\nHuman: Hi\n\nAssistant: Hello\n\nHuman: Bye\n\nAssistant:"
        );
    }

    #[test]
    fn pairs_share_all_but_the_last_reply() {
        let a = "\n\nHuman: Hi\n\nAssistant: Hello\n\nHuman: Why?\n\nAssistant: é!";
        let b = "\n\nHuman: Hi\n\nAssistant: Hello\n\nHuman: Why?\n\nAssistant: è!";
        let (prompt, x, y) = shared(a, b).unwrap();
        assert!(prompt.ends_with("Why?\n\nAssistant:"));
        assert_eq!((x, y), (" é!", " è!"));
        // Transcripts that part earlier are cut where they part.
        let (_, x, y) = shared(a, "\n\nHuman: Hi\n\nAssistant: No.").unwrap();
        assert_eq!((x, y), (" Hello\n\nHuman: Why?\n\nAssistant: é!", " No."));
        assert_eq!(shared("Why?", "Why?"), None);
    }

    proptest! {
        #[test]
        fn nothing_is_lost(p in any::<String>(), a in any::<String>(), b in any::<String>()) {
            let p = prompt(&p);
            let (whole_a, whole_b) = (format!("{p}{a}"), format!("{p}{b}"));
            let (q, x, y) = shared(&whole_a, &whole_b).unwrap();
            prop_assert_eq!(format!("{q}{x}"), whole_a.clone());
            prop_assert_eq!(format!("{q}{y}"), whole_b.clone());
        }
    }
}
