//! Conversations in one text, whose turns chat templates have marked.

use super::turn::{Role, Turn};

/// The way in which a template marks turns.
enum Style {
    /// A mark, the role's name, a mark; then the text up to a mark of its end.
    Named { begin: &'static str, named: &'static str, end: &'static str },
    /// A mark for each role, which begins at a place given by [`At`].
    Marks(&'static [(&'static str, Role)], At),
    /// `[INST] <<SYS>> system <</SYS>> question [/INST] answer`.
    Instructions,
}

/// The places where a mark can stand.
#[derive(Clone, Copy, PartialEq)]
enum At {
    Anywhere,
    Line,
    Paragraph,
    Word,
}

use Role::{Assistant, Human, System};

const STYLES: &[Style] = &[
    // ChatML, Llama 3, Gemma.
    Style::Named { begin: "<|im_start|>", named: "\n", end: "<|im_end|>" },
    Style::Named { begin: "<|start_header_id|>", named: "<|end_header_id|>", end: "<|eot_id|>" },
    Style::Named { begin: "<start_of_turn>", named: "\n", end: "<end_of_turn>" },
    // Llama 2, Mistral.
    Style::Instructions,
    // Zephyr, Phi.
    Style::Marks(&[("<|system|>", System), ("<|user|>", Human), ("<|assistant|>", Assistant)], At::Anywhere),
    // Guanaco.
    Style::Marks(
        &[
            ("### System:", System),
            ("### Human:", Human),
            ("### User:", Human),
            ("### Assistant:", Assistant),
        ],
        At::Anywhere,
    ),
    // Alpaca.
    Style::Marks(
        &[("### Instruction:", Human), ("### Input:", Human), ("### Response:", Assistant)],
        At::Line,
    ),
    // HH-RLHF.
    Style::Marks(&[("Human:", Human), ("Assistant:", Assistant)], At::Paragraph),
    // Vicuna.
    Style::Marks(&[("USER:", Human), ("ASSISTANT:", Assistant)], At::Word),
];

/// Marks around a text that are no part of it.
const BOUNDS: &[&str] = &[
    "<s>",
    "</s>",
    "<bos>",
    "<eos>",
    "<|begin_of_text|>",
    "<|end_of_text|>",
    "<|startoftext|>",
    "<|endoftext|>",
    "<|end|>",
];

/// The forms that are understood, for messages.
pub(super) const UNDERSTOOD: &str = "### Human: and ### Assistant:, ### Instruction: and ### Response:, <|im_start|>, [INST], <|user|> or the like";

/// The turns of a text, a system's among them; `None` where a person's and the assistant's are not both marked.
/// Text before the first turn is the system's.
///
/// # Errors
/// A role is unknown, or a text is in no turn.
pub(super) fn turns_in_template(text: &str) -> Option<Result<Vec<Turn>, String>> {
    let all = STYLES.iter().filter_map(|style| {
        let turns = style.turns(text)?;
        // A wrong mark is of this style all the same.
        let has = |role| turns.1.as_ref().map_or(true, |turns| turns.iter().any(|turn| turn.role == role));
        (has(Human) && has(Assistant)).then_some(turns)
    });
    // Marks of another style within a turn are part of its text.
    all.min_by_key(|(at, _)| *at).map(|(_, turns)| turns)
}

type Turns = Result<Vec<Turn>, String>;

impl Style {
    /// Returns the place of the first mark, and the turns.
    fn turns(&self, text: &str) -> Option<(usize, Turns)> {
        match self {
            Self::Named { begin, named, end } => {
                let (before, rest) = text.split_once(begin)?;
                let turns = rest.split(begin).map(|part| named_turn(part, named, end));
                Some((before.len(), core::iter::once(Ok(preamble(before))).chain(turns).collect()))
            }
            Self::Marks(marks, place) => {
                let mut found = next_mark(text, 0, marks, *place)?;
                let first = found.0;
                let mut turns = vec![preamble(&text[..first])];
                loop {
                    let (_, begin, role) = found;
                    let next = next_mark(text, begin, marks, *place);
                    let end = next.map_or(text.len(), |(at, ..)| at);
                    let part = bare(&text[begin..end]);
                    match turns.last_mut() {
                        // An instruction and its input.
                        Some(Turn { role: Human, text }) if *place == At::Line && role == Human => {
                            *text = format!("{text}\n\n{part}").trim().into();
                        }
                        _ => turns.push(Turn { role, text: part.into() }),
                    }
                    match next {
                        Some(next) => found = next,
                        None => break Some((first, Ok(turns))),
                    }
                }
            }
            Self::Instructions => {
                let (before, rest) = text.split_once("[INST]")?;
                let turns = rest.split("[INST]").map(instruction).collect::<Result<Vec<_>, _>>();
                let turns = turns.map(|turns| turns.into_iter().flatten());
                Some((
                    before.len(),
                    turns.map(|turns| core::iter::once(preamble(before)).chain(turns).collect()),
                ))
            }
        }
        .map(|(at, turns): (usize, Turns)| {
            let spoken = |turn: &Turn| turn.role != System || !turn.text.is_empty();
            (at, turns.map(|turns| turns.into_iter().filter(spoken).collect()))
        })
    }
}

fn preamble(text: &str) -> Turn {
    Turn { role: System, text: bare(text).into() }
}

/// `role`, a mark, the text, and the mark of its end, which the last turn may lack.
fn named_turn(part: &str, named: &str, end: &str) -> Result<Turn, String> {
    let (name, text) = part.split_once(named).unwrap_or((part, ""));
    let role = Role::of(name)
        .ok_or_else(|| format!("want a role of user, assistant, system or tool, found {:?}", name.trim()))?;
    let (text, after) = text.split_once(end).unwrap_or((text, ""));
    match bare(after) {
        "" => Ok(Turn { role, text: bare(text).into() }),
        after => {
            let shown: String = after.chars().take(20).collect();
            Err(format!("want the next turn after {end}, found {shown:?}"))
        }
    }
}

/// Reads the text between two `[INST]`: a system's text, a question and its answer.
fn instruction(part: &str) -> Result<Vec<Turn>, String> {
    let (question, answer) =
        part.split_once("[/INST]").ok_or("want [/INST] after [INST]: the text is cut off or damaged")?;
    let mut turns = Vec::new();
    let mut question = bare(question);
    if let Some(rest) = question.strip_prefix("<<SYS>>") {
        let (system, rest) = rest.split_once("<</SYS>>").ok_or("want <</SYS>> after <<SYS>>")?;
        turns.push(Turn { role: System, text: bare(system).into() });
        question = bare(rest);
    }
    turns.push(Turn { role: Human, text: question.into() });
    turns.push(Turn { role: Assistant, text: bare(answer).into() });
    Ok(turns)
}

/// Returns the beginning and the end of the next mark from a byte on, and its role.
fn next_mark(text: &str, from: usize, marks: &[(&str, Role)], place: At) -> Option<(usize, usize, Role)> {
    let here = |at: usize| {
        let before = &text[..at];
        match place {
            At::Anywhere => true,
            At::Line => before.trim_end_matches(' ').is_empty() || before.ends_with('\n'),
            At::Paragraph => before.trim().is_empty() || before.ends_with("\n\n"),
            At::Word => before.is_empty() || before.ends_with(|c: char| c.is_whitespace() || c == '>'),
        }
    };
    let first = |mark: &str| text[from..].match_indices(mark).map(|(at, _)| from + at).find(|at| here(*at));
    let all = marks.iter().filter_map(|(mark, role)| first(mark).map(|at| (at, at + mark.len(), *role)));
    all.min_by_key(|(at, ..)| *at)
}

/// A text without white space and the tokens that bound it.
fn bare(text: &str) -> &str {
    let mut text = text.trim();
    loop {
        let shorter =
            BOUNDS.iter().find_map(|mark| text.strip_prefix(mark).or_else(|| text.strip_suffix(mark)));
        match shorter {
            Some(shorter) => text = shorter.trim(),
            None => return text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(text: &str) -> Vec<(Role, String)> {
        turns_in_template(text).unwrap().unwrap().into_iter().map(|turn| (turn.role, turn.text)).collect()
    }

    fn turns(all: &[(Role, &str)]) -> Vec<(Role, String)> {
        all.iter().map(|(role, text)| (*role, (*text).into())).collect()
    }

    /// A conversation in every style.
    fn written(system: &str, a: &str, b: &str, c: &str, d: &str) -> Vec<String> {
        vec![
            format!("### System: {system}### Human: {a}### Assistant: {b}### Human: {c}### Assistant: {d}"),
            format!(
                "{system}\n\n### Instruction:\n{a}\n\n### Response:\n{b}\n\n### Instruction:\n{c}\n\n### Response:\n{d}"
            ),
            format!(
                "<|im_start|>system\n{system}<|im_end|>\n<|im_start|>user\n{a}<|im_end|>\n<|im_start|>assistant\n{b}<|im_end|>\n\
                 <|im_start|>user\n{c}<|im_end|>\n<|im_start|>assistant\n{d}<|im_end|>\n"
            ),
            format!(
                "<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\n{system}<|eot_id|><|start_header_id|>user<|end_header_id|>\n\n{a}<|eot_id|>\
                 <|start_header_id|>assistant<|end_header_id|>\n\n{b}<|eot_id|><|start_header_id|>user<|end_header_id|>\n\n{c}<|eot_id|>\
                 <|start_header_id|>assistant<|end_header_id|>\n\n{d}<|eot_id|>"
            ),
            format!(
                "<s>[INST] <<SYS>>\n{system}\n<</SYS>>\n\n{a} [/INST] {b} </s><s>[INST] {c} [/INST] {d} </s>"
            ),
            format!(
                "<|system|>\n{system}</s>\n<|user|>\n{a}</s>\n<|assistant|>\n{b}</s>\n<|user|>\n{c}</s>\n<|assistant|>\n{d}</s>\n"
            ),
            format!(
                "<|system|>\n{system}<|end|>\n<|user|>\n{a}<|end|>\n<|assistant|>\n{b}<|end|>\n<|user|>\n{c}<|end|>\n<|assistant|>\n{d}<|end|>\n"
            ),
            format!("{system}\n\nHuman: {a}\n\nAssistant: {b}\n\nHuman: {c}\n\nAssistant: {d}"),
            format!("{system} USER: {a} ASSISTANT: {b}</s>USER: {c} ASSISTANT: {d}</s>"),
        ]
    }

    proptest! {
        #[test]
        fn every_style_is_read_as_it_was_written(texts in prop::collection::vec("[a-zé🙂][ -;?-Z\\^-~é🙂\n]{0,30}[a-z]", 5)) {
            let no_mark = |text: &String| !["###", "Human:", "Assistant:", "USER:", "ASSISTANT:", "\n\n"].iter().any(|m| text.contains(m));
            prop_assume!(texts.iter().all(no_mark));
            let [system, a, b, c, d] = [0, 1, 2, 3, 4].map(|i| texts[i].as_str());
            let want = turns(&[(System, system), (Human, a), (Assistant, b), (Human, c), (Assistant, d)]);
            for text in written(system, a, b, c, d) {
                prop_assert_eq!(of(&text), want.clone(), "{}", text);
            }
        }

        #[test]
        fn any_text_is_looked_at(text in any::<String>(), marks in prop::collection::vec(0usize..14, 0..6)) {
            const PARTS: [&str; 14] = ["<|im_start|>", "user\n", "<|im_end|>", "[INST]", "[/INST]", "<<SYS>>", "### Human:",
                "### Assistant:", "<|user|>", "<|assistant|>", "\n\nHuman:", "USER:", "\n### Input:", "<s>"];
            turns_in_template(&text);
            turns_in_template(&marks.iter().map(|at| PARTS[*at].to_owned() + &text).collect::<String>());
        }
    }

    #[test]
    fn an_instruction_has_its_input() {
        let text = "Below is a task.\n\n### Instruction:\nSort.\n\n### Input:\nb a\n\n### Response:\na b";
        assert_eq!(
            of(text),
            turns(&[(System, "Below is a task."), (Human, "Sort.\n\nb a"), (Assistant, "a b")])
        );
    }

    #[test]
    fn marks_of_another_style_are_text() {
        let text = "### Human: What is <|im_start|>user? And [INST]?### Assistant: A mark.";
        assert_eq!(
            of(text),
            turns(&[(Human, "What is <|im_start|>user? And [INST]?"), (Assistant, "A mark.")])
        );
    }

    #[test]
    fn text_without_turns_is_none() {
        for text in [
            "Once upon a time.",
            "",
            "# Title\n\n### Response:\nNone.",
            "### Human: Hi",
            "He said: Human: no.",
        ] {
            assert!(turns_in_template(text).is_none(), "{text}");
        }
    }

    #[test]
    fn what_is_in_no_turn_is_not_lost() {
        for (text, reason) in [
            ("<|im_start|>user\nHi<|im_end|>so<|im_start|>assistant\nHo<|im_end|>", "found \"so\""),
            ("<|im_start|>user\nHi<|im_end|>\n<|im_start|>narrator\nHo<|im_end|>", "found \"narrator\""),
            ("[INST] Hi", "want [/INST]"),
        ] {
            let error = turns_in_template(text).unwrap().unwrap_err();
            assert!(error.contains(reason), "{text}: {error}");
        }
    }
}
