//! The one form that every conversation is brought into (Bai et al., arXiv:2204.05862).

use super::flaws::Flaw;
use super::turn::{Role, Turn};

/// The beginning of a person's turn.
pub const HUMAN: &str = "\n\nHuman:";
/// The beginning of the assistant's turn, which ends every prompt.
pub const ASSISTANT: &str = "\n\nAssistant:";

/// Returns whether a text is a transcript already.
pub(super) fn is_transcript(text: &str) -> bool {
    text.starts_with(HUMAN)
}

/// Returns a prompt of one turn, without white space around the question; a transcript keeps its turns. An answer
/// to it begins with a space, see [`as_response`](crate::as_response).
pub fn prompt(text: &str) -> String {
    let text = text.trim_end();
    if is_transcript(text) {
        let text = text.strip_suffix(ASSISTANT).unwrap_or(text);
        return format!("{text}{ASSISTANT}");
    }
    format!("{HUMAN} {}{ASSISTANT}", text.trim_start())
}

/// Returns a prompt as a run reads it: a transcript without the white space after it, any other text as it is.
pub fn trimmed_prompt(text: &str) -> &str {
    if is_transcript(text) { text.trim_end() } else { text }
}

/// A prompt of an instruction and the material that it is about.
pub(super) fn prompt_about(instruction: &str, material: &str) -> String {
    match material.trim() {
        "" => prompt(instruction),
        material => prompt(&format!("{}\n\n{material}", instruction.trim())),
    }
}

/// Returns the assistant's reply, as it follows a prompt.
pub fn response(text: &str) -> String {
    format!(" {}", text.trim())
}

/// Returns whether a text has only white space and characters without a width.
pub(super) fn is_blank(text: &str) -> bool {
    let no_width = |c: char| matches!(c, '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}');
    text.chars().all(|c| c.is_whitespace() || no_width(c))
}

/// A transcript with a system's text before what the first person says.
pub(super) fn with_system(transcript: &str, system: &str) -> String {
    match (transcript.strip_prefix(HUMAN), system.trim()) {
        (_, "") => transcript.into(),
        (Some(rest), system) => format!("{HUMAN} {system}\n\n{}", rest.trim_start()),
        (None, system) => format!("{HUMAN} {system}{transcript}"),
    }
}

/// The transcript of turns. A system's text is joined before the next turn of a person; what tools return
/// stands where a person would speak.
pub(super) fn transcript(turns: &[Turn]) -> String {
    let (mut out, mut system, mut before) = (String::new(), Vec::new(), None);
    for turn in turns {
        let text = turn.text.trim();
        match turn.role {
            Role::System => {
                system.push(text);
                continue;
            }
            // Several tools answer together.
            Role::Tool if before == Some(Role::Tool) => out.extend(["\n\n", text]),
            Role::Human | Role::Tool => {
                system.push(text);
                out.extend([HUMAN, " ", &system.join("\n\n")]);
                system.clear();
            }
            Role::Assistant => {
                if !system.is_empty() {
                    out.extend([HUMAN, " ", &system.join("\n\n")]);
                    system.clear();
                }
                out.extend([ASSISTANT, " ", text]);
            }
        }
        before = Some(turn.role);
    }
    if !system.is_empty() {
        out.extend([HUMAN, " ", &system.join("\n\n")]);
    }
    out
}

/// Reports the flaws of a prompt's turns.
pub(super) fn flaws(prompt: &str, mut flaw: impl FnMut(Flaw)) {
    let prompt = prompt.strip_suffix(ASSISTANT).unwrap_or(prompt);
    let (mut rest, mut before, mut texts, mut empty) = (prompt, Some(false), 0, 0);
    // Each turn: its mark, then its text up to the next mark.
    while !rest.is_empty() {
        let (human, text) = match (rest.strip_prefix(HUMAN), rest.strip_prefix(ASSISTANT)) {
            (Some(text), _) => (Some(true), text),
            (_, Some(text)) => (Some(false), text),
            _ => (None, rest),
        };
        let mut marks = [HUMAN, ASSISTANT].iter().filter_map(|mark| text.find(mark));
        let end = marks.next().into_iter().chain(marks.next()).min().unwrap_or(text.len());
        texts += 1;
        empty += usize::from(is_blank(&text[..end]));
        if human.is_some() && human == before {
            flaw(Flaw::Order);
        }
        before = human;
        rest = &text[end..];
    }
    if before == Some(false) && texts > 0 {
        flaw(Flaw::Order);
    }
    if empty == texts {
        flaw(Flaw::EmptyPrompt);
    } else if empty > 0 {
        flaw(Flaw::EmptyTurn);
    }
}

/// Splits two transcripts into the prompt that they share, up to the last [`ASSISTANT`] in it, and
/// what follows in each.
pub(super) fn shared<'a>(a: &'a str, b: &'a str) -> Option<(&'a str, &'a str, &'a str)> {
    let common = common(a, b);
    let end = a[..common].rfind(ASSISTANT)? + ASSISTANT.len();
    Some((&a[..end], &a[end..], &b[end..]))
}

/// Splits two texts into the words that they begin with, and what follows in each.
pub(super) fn shared_words<'a>(a: &'a str, b: &'a str) -> Option<(&'a str, &'a str, &'a str)> {
    let common = common(a, b);
    let end = a[..common].rfind(char::is_whitespace)?;
    (!a[..end].trim().is_empty()).then(|| (&a[..end], &a[end..], &b[end..]))
}

/// Returns the number of bytes that two texts share at their beginning.
fn common(a: &str, b: &str) -> usize {
    let mut common = a.bytes().zip(b.bytes()).take_while(|(x, y)| x == y).count();
    while !a.is_char_boundary(common) {
        common -= 1;
    }
    common
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn turns(all: &[(Role, &str)]) -> Vec<Turn> {
        all.iter().map(|(role, text)| Turn { role: *role, text: (*text).into() }).collect()
    }

    fn flaws_of(prompt: &str) -> Vec<Flaw> {
        let mut all = Vec::new();
        flaws(prompt, |flaw| all.push(flaw));
        all
    }

    #[test]
    fn prompts_end_where_the_assistant_begins() {
        assert_eq!(prompt(" Why? \n"), "\n\nHuman: Why?\n\nAssistant:");
        assert_eq!(prompt(&prompt("Why?")), prompt("Why?"));
        assert_eq!(prompt_about("Sort.", " b a "), "\n\nHuman: Sort.\n\nb a\n\nAssistant:");
        let messages = turns(&[(Role::Human, "Hi"), (Role::Assistant, " Hello"), (Role::Human, "Bye\n")]);
        assert_eq!(transcript(&messages), "\n\nHuman: Hi\n\nAssistant: Hello\n\nHuman: Bye");
    }

    #[test]
    fn a_system_and_tools_keep_their_place() {
        use Role::{Assistant, Human, System, Tool};
        let messages =
            turns(&[(System, "Be brief."), (Human, "Hi"), (Assistant, "[call]"), (Tool, "1"), (Tool, "2")]);
        assert_eq!(transcript(&messages), "\n\nHuman: Be brief.\n\nHi\n\nAssistant: [call]\n\nHuman: 1\n\n2");
        let late = turns(&[(System, "Be brief."), (Assistant, "Hi")]);
        assert_eq!(transcript(&late), "\n\nHuman: Be brief.\n\nAssistant: Hi");
        assert_eq!(with_system(&prompt("Hi"), "Be brief."), "\n\nHuman: Be brief.\n\nHi\n\nAssistant:");
    }

    #[test]
    fn flaws_of_prompts_are_seen() {
        assert_eq!(flaws_of(&prompt("Hi")), []);
        assert_eq!(flaws_of("\n\nHuman: a\n\nAssistant: b\n\nHuman: c\n\nAssistant:"), []);
        assert_eq!(flaws_of(&prompt(" ")), [Flaw::EmptyPrompt]);
        assert_eq!(flaws_of("\n\nHuman: a\n\nHuman: b\n\nAssistant:"), [Flaw::Order]);
        assert_eq!(flaws_of("\n\nHuman: a\n\nAssistant: b\n\nAssistant:"), [Flaw::Order]);
        assert_eq!(flaws_of("\n\nAssistant: a\n\nHuman: b\n\nAssistant:"), [Flaw::Order]);
        assert_eq!(flaws_of("\n\nHuman: a\n\nAssistant: \n\nHuman: b\n\nAssistant:"), [Flaw::EmptyTurn]);
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
        assert_eq!(
            shared_words("The sky is blue.", "The sky is black."),
            Some(("The sky is", " blue.", " black."))
        );
        assert_eq!(shared_words("Yes", "No"), None);
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

        #[test]
        fn flaws_of_any_text_are_looked_for(p in any::<String>()) {
            flaws_of(&p);
        }
    }
}
