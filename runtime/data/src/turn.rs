//! Turns of a conversation, as chat data writes them.

use super::value::kind;
use serde_json::Value;

/// The role of a speaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// The system, before the conversation.
    System,
    /// A person.
    Human,
    /// The model.
    Assistant,
    /// A tool, which returns something to the model.
    Tool,
}

impl Role {
    /// The role of this name; `None` of a name that nobody uses.
    pub fn of(name: &str) -> Option<Self> {
        Some(match name.trim().to_ascii_lowercase().as_str() {
            "system" | "developer" => Self::System,
            "user" | "human" | "prompter" => Self::Human,
            "assistant" | "gpt" | "model" | "bot" | "chatbot" | "chatgpt" | "ai" | "bing" | "bard"
            | "function_call" => Self::Assistant,
            "tool" | "function" | "observation" | "ipython" | "function_response" => Self::Tool,
            _ => return None,
        })
    }

    /// The speaker, in words.
    pub fn whose(self) -> &'static str {
        match self {
            Self::System => "the system's",
            Self::Human => "a person's",
            Self::Assistant => "the assistant's",
            Self::Tool => "a tool's",
        }
    }
}

/// A turn of a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Turn {
    pub role: Role,
    pub text: String,
}

/// The turns that a value holds: a text by `speaker`; a list of messages; one message, which is
/// by `speaker` where it has no role.
///
/// A message is `{role, content}`, `{from, value}` or `{role, text}`; its content a text or a list of parts.
pub(super) fn turns(value: Option<&Value>, speaker: Role) -> Result<Vec<Turn>, String> {
    match value {
        Some(Value::String(text)) => Ok(vec![Turn { role: speaker, text: text.clone() }]),
        Some(Value::Array(messages)) if !messages.is_empty() => {
            messages.iter().map(|value| message(value, None)).collect()
        }
        Some(Value::Array(_)) => Err("want a text or a list of messages, found an empty list".into()),
        Some(value @ Value::Object(_)) => Ok(vec![message(value, Some(speaker))?]),
        other => Err(format!("want a text or a list of messages, found {}", kind(other))),
    }
}

/// Returns whether a value is a message, by its fields.
pub(super) fn is_message(value: &Value) -> bool {
    let text = ["content", "value", "text", "tool_calls", "function_call"];
    text.iter().any(|field| value.get(field).is_some_and(|value| !value.is_null()))
}

/// Returns the role of the last of a list of messages.
pub(super) fn last_role(value: &Value) -> Option<Role> {
    let last = value.as_array()?.last()?;
    Role::of(name(last)?)
}

fn name(message: &Value) -> Option<&str> {
    ["role", "from"].iter().find_map(|field| message.get(field)?.as_str())
}

fn message(value: &Value, speaker: Option<Role>) -> Result<Turn, String> {
    if !value.is_object() {
        return Err(format!("want messages with role and content, found {}", kind(Some(value))));
    }
    let role = match name(value) {
        Some(name) => Role::of(name)
            .ok_or_else(|| format!("want a role of user, assistant, system or tool, found {name:?}"))?,
        None => speaker.ok_or("want a role (or from) in each message")?,
    };
    let content = ["content", "value", "text"].iter().find_map(|field| value.get(field));
    let text = match content {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(parts)) => parts.iter().map(part).collect::<Result<Vec<_>, _>>()?.join("\n\n"),
        // A call of a tool has no content.
        None => match ["tool_calls", "function_call"].iter().find_map(|field| value.get(field)) {
            Some(call) => call.to_string(),
            None => return Err("want a content (or value, or text) in each message".into()),
        },
        other => return Err(format!("want texts as contents of messages, found {}", kind(other))),
    };
    Ok(Turn { role, text })
}

/// A part of a message's content.
fn part(value: &Value) -> Result<&str, String> {
    value.as_str().or_else(|| value.get("text")?.as_str()).ok_or_else(|| {
        let found = value.get("type").and_then(Value::as_str).unwrap_or("unknown");
        format!("want parts of text in messages, found one of type {found:?}")
    })
}
