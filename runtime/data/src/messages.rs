//! Prompts and answers of a row, whatever form they have: texts, messages, one message.

use super::chat_template::turns_in_template;
use super::fields::{ANSWER, MESSAGES, PROMPT, SYSTEM, no_turns};
use super::flaws::Flaw;
use super::rows::Row;
use super::transcript::{
    ASSISTANT, is_blank, is_transcript, prompt, prompt_about, response, shared, shared_words, transcript,
    with_system,
};
use super::turn::{Role, Turn, turns};
use crate::error::DataError;
use serde_json::Value;

/// The prompt of a row, with its system's text, its history and what it is about.
pub(super) fn prompt_of(row: &Row) -> Result<String, DataError> {
    let named = row.first_of(PROMPT).or_else(|| row.first_of(MESSAGES));
    let Some(field) = named.or_else(|| row.first_of(&["context", "history", "input"])) else {
        return Err(row.fault("prompt", "want a text or a list of messages, found nothing"));
    };
    prompt_in(row, field)
}

/// A prompt of several turns, of which `row` gets the flaws that its text does not show.
pub(super) fn conversation(row: &Row, turns: &[Turn]) -> String {
    if !turns.iter().any(|turn| matches!(turn.role, Role::Human | Role::Tool)) {
        row.flaw(Flaw::NoHuman);
    }
    transcript(turns) + ASSISTANT
}

/// The prompt in a field.
fn prompt_in(row: &Row, field: &str) -> Result<String, DataError> {
    let messages = turns(row.fields.get(field), Role::Human).map_err(|reason| row.fault(field, reason))?;
    let mut before = match system(row)? {
        Some(text) if !messages.iter().any(|turn| turn.role == Role::System) => {
            vec![Turn { role: Role::System, text }]
        }
        _ => Vec::new(),
    };
    if field != "history" {
        before.extend(history(row)?);
    }
    if !row.fields[field].is_string() {
        before.extend(messages);
        return Ok(conversation(row, &before));
    }
    let text = about(row, field)?;
    match &before[..] {
        [] => Ok(text),
        [system] if system.role == Role::System => Ok(with_system(&text, &system.text)),
        before => Ok(transcript(before) + &text),
    }
}

/// A prompt's text, with the material that it is about: after an instruction, before a question.
fn about(row: &Row, field: &str) -> Result<String, DataError> {
    let text = row.text(field)?;
    let material = |name: &str| {
        if name != field && row.has(name) && !row.is_empty(name) { row.text(name) } else { Ok("") }
    };
    let (input, context) = (material("input")?, material("context")?);
    if is_transcript(text) && (!input.is_empty() || !context.is_empty()) {
        return Ok(with_system(&prompt(text), [context, input].join("\n\n").trim()));
    }
    match (field, context) {
        ("instruction", context) => Ok(prompt_about(text, [input, context].join("\n\n").trim())),
        (_, "") => Ok(prompt_about(text, input)),
        (_, context) => Ok(prompt_about(context, [text.trim(), input.trim()].join("\n\n").trim())),
    }
}

/// Returns the system's text, in a field of its own: a text or messages.
pub(super) fn system(row: &Row) -> Result<Option<String>, DataError> {
    let Some(field) = row.first_of(SYSTEM).filter(|field| !row.is_empty(field)) else { return Ok(None) };
    let messages = turns(row.fields.get(field), Role::System).map_err(|reason| row.fault(field, reason))?;
    let text = messages.iter().map(|turn| turn.text.trim()).collect::<Vec<_>>().join("\n\n");
    Ok(Some(text).filter(|text| !text.is_empty()))
}

/// Returns earlier turns: `[[question, answer], …]`, or messages.
fn history(row: &Row) -> Result<Vec<Turn>, DataError> {
    let Some(value) = row.fields.get("history") else { return Ok(Vec::new()) };
    let pairs = match value {
        Value::Array(all) if all.iter().all(Value::is_array) => all,
        Value::String(text) if text.trim().is_empty() => return Ok(Vec::new()),
        other => return turns(Some(other), Role::Human).map_err(|reason| row.fault("history", reason)),
    };
    let mut out = Vec::new();
    for pair in pairs {
        let [Some(question), Some(answer)] = [0, 1].map(|i| pair[i].as_str()) else {
            return Err(row.fault("history", "want pairs of a question and its answer"));
        };
        out.push(Turn { role: Role::Human, text: question.into() });
        out.push(Turn { role: Role::Assistant, text: answer.into() });
    }
    Ok(out)
}

/// The prompt and the answer of a conversation, which is its last turn.
pub(super) fn answered(row: &Row, field: &str) -> Result<(String, String), DataError> {
    let messages = turns(row.fields.get(field), Role::Human).map_err(|reason| row.fault(field, reason))?;
    split(row, field, messages)
}

/// Reads an answered conversation from a text in which the turns are marked.
pub(super) fn answered_in_text(row: &Row, field: &str) -> Result<(String, String), DataError> {
    match turns_in_template(row.text(field)?) {
        Some(messages) => split(row, field, messages.map_err(|reason| row.fault(field, reason))?),
        None => Err(row.fault(field, no_turns())),
    }
}

fn split(row: &Row, field: &str, mut messages: Vec<Turn>) -> Result<(String, String), DataError> {
    if let Some(text) = system(row)?
        && !messages.iter().any(|turn| turn.role == Role::System)
    {
        messages.insert(0, Turn { role: Role::System, text });
    }
    last_is_assistants(row, field, &messages)?;
    let (last, before) = messages.split_last().ok_or_else(|| row.fault(field, "want messages"))?;
    Ok((conversation(row, before), response(&last.text)))
}

/// The answer in a field, to a prompt, which messages may repeat.
pub(super) fn answer_in(row: &Row, field: &str, prompt: &str) -> Result<String, DataError> {
    let messages = speech(row, field)?;
    answer(row, field, &messages, prompt)
}

/// A prompt and the one answer, apart or in one conversation.
pub(super) fn prompt_and_answer(row: &Row) -> Result<(String, String), DataError> {
    let (prompt, response) = match (row.first_of(ANSWER), row.first_of(MESSAGES)) {
        (None, Some(field)) => answered(row, field)?,
        (field, _) => {
            let prompt = prompt_of(row)?;
            let response = answer_in(row, field.unwrap_or(ANSWER[0]), &prompt)?;
            (prompt, response)
        }
    };
    inspect(row, &prompt, [&response].into_iter());
    Ok((prompt, response))
}

/// The forms of an answer's field.
enum Speech<'a> {
    Text(&'a str),
    Turns(Vec<Turn>),
}

fn speech<'a>(row: &'a Row, field: &str) -> Result<Speech<'a>, DataError> {
    match row.fields.get(field) {
        Some(Value::String(text)) => Ok(Speech::Text(text)),
        value => turns(value, Role::Assistant).map(Speech::Turns).map_err(|reason| row.fault(field, reason)),
    }
}

fn answer(row: &Row, field: &str, messages: &Speech<'_>, prompt: &str) -> Result<String, DataError> {
    let messages = match messages {
        Speech::Text(text) => return Ok(response(text)),
        Speech::Turns(messages) => messages,
    };
    last_is_assistants(row, field, messages)?;
    let whole = transcript(messages);
    match whole.strip_prefix(prompt).or_else(|| whole.strip_prefix(ASSISTANT)) {
        Some(answer) => Ok(answer.into()),
        None => Err(row.fault(field, "its messages begin with others than those of the prompt")),
    }
}

fn last_is_assistants(row: &Row, field: &str, messages: &[Turn]) -> Result<(), DataError> {
    match messages.last() {
        Some(turn) if turn.role == Role::Assistant => Ok(()),
        Some(turn) => {
            let reason = format!("want the assistant's turn last, found {}", turn.role.whose());
            Err(row.fault(field, reason))
        }
        None => Err(row.fault(field, "want messages, found none")),
    }
}

/// The prompt and the answers of two fields: answers alone, or whole conversations of which the prompt is what
/// they share.
pub(super) fn two(row: &Row, fields: [&str; 2]) -> Result<(String, Vec<String>), DataError> {
    let [a, b] = [speech(row, fields[0])?, speech(row, fields[1])?];
    let begins = |messages: &Speech<'_>| match messages {
        Speech::Text(text) => is_transcript(text),
        Speech::Turns(messages) => messages.first().is_some_and(|turn| turn.role != Role::Assistant),
    };
    // A conversation is more than its first message, which somebody else says.
    let whole = |messages: &Speech<'_>| {
        begins(messages) && !matches!(messages, Speech::Turns(messages) if messages.len() == 1)
    };
    match (&a, &b) {
        (Speech::Text(x), Speech::Text(y)) if whole(&a) && whole(&b) => match shared(x, y) {
            Some((prompt, x, y)) => Ok((systemic(row, prompt)?, vec![x.into(), y.into()])),
            None => Err(row
                .fault(fields[0], "want two transcripts that share a beginning up to \"\\n\\nAssistant:\"")),
        },
        (Speech::Turns(x), Speech::Turns(y)) if whole(&a) && whole(&b) => {
            last_is_assistants(row, fields[0], x)?;
            last_is_assistants(row, fields[1], y)?;
            let mut common =
                x.iter().zip(y).take_while(|(x, y)| x == y).count().min(x.len() - 1).min(y.len() - 1);
            // Both go on with an answer.
            while common > 0 && [x, y].iter().any(|messages| messages[common].role != Role::Assistant) {
                common -= 1;
            }
            if common == 0 {
                return Err(row.fault(fields[0], "want two conversations that share their first turns"));
            }
            let prompt = systemic(row, &conversation(row, &x[..common]))?;
            let rest =
                |messages: &[Turn]| transcript(&messages[common..]).trim_start_matches(ASSISTANT).to_owned();
            Ok((prompt, vec![rest(x), rest(y)]))
        }
        (Speech::Text(x), Speech::Text(y)) if row.first_of(PROMPT).is_none() && bare(row, fields) => {
            match shared_words(x, y) {
                Some((start, x, y)) => Ok((systemic(row, &prompt(start))?, vec![response(x), response(y)])),
                None => Err(row.fault(
                    fields[0],
                    "want two transcripts that share a beginning up to \"\\n\\nAssistant:\", or a `prompt`",
                )),
            }
        }
        _ => {
            let prompt = prompt_of(row)?;
            let answers = [(fields[0], &a), (fields[1], &b)];
            let answers = answers.map(|(field, messages)| answer(row, field, messages, &prompt));
            Ok((prompt, answers.into_iter().collect::<Result<_, _>>()?))
        }
    }
}

/// Returns whether a row has no other text, in which a prompt of another name could be.
fn bare(row: &Row, fields: [&str; 2]) -> bool {
    let known = ["annotator", "user", "user_id"];
    let other = |name: &str| !fields.contains(&name) && !known.contains(&name) && !SYSTEM.contains(&name);
    !row.fields.iter().any(|(name, value)| other(name) && (value.is_string() || value.is_array()))
}

/// A prompt after the system's text, where a field has one.
fn systemic(row: &Row, prompt: &str) -> Result<String, DataError> {
    Ok(match system(row)? {
        Some(system) => with_system(prompt, &system),
        None => prompt.into(),
    })
}

/// Notes what is wrong with a prompt and its answers.
///
/// An empty answer beside another is a refusal, of which something is learned; alone it is not.
pub(super) fn inspect<'a>(row: &Row, prompt: &str, answers: impl Iterator<Item = &'a String>) {
    super::transcript::flaws(prompt, |flaw| row.flaw(flaw));
    let (empty, written): (Vec<_>, Vec<_>) = answers.partition(|answer| is_blank(answer));
    match (empty.is_empty(), written.is_empty()) {
        (true, _) => {}
        (false, true) => row.flaw(Flaw::Unanswered),
        (false, false) => row.flaw(Flaw::EmptyAnswer),
    }
}
