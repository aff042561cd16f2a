//! Chat messages, and the transcripts that the reward model learned from.

use crate::{MessagesError, Settings};
use serde::Deserialize;

/// The beginning of a person's turn.
const HUMAN: &str = "\n\nHuman:";
/// The beginning of the assistant's turn, which ends every prompt.
const ASSISTANT: &str = "\n\nAssistant:";

/// The body of `POST /score`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScoreRequest {
    /// The conversation. Without `candidates` its last message is the reply.
    pub messages: Vec<Message>,
    /// Several replies to the conversation.
    pub candidates: Option<Vec<String>>,
    /// The reply that the others are compared with.
    pub reference: Option<String>,
}

/// A message of a conversation.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Message {
    /// The speaker.
    pub role: Role,
    /// The text.
    pub content: Content,
}

/// The speaker of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Instructions before the conversation; `developer` is the same.
    #[serde(alias = "developer")]
    System,
    /// A person.
    User,
    /// The model.
    Assistant,
    /// A tool, which returns something to the model.
    Tool,
}

/// The text of a message, in one piece or in parts.
#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "content: want a text, or a list of {\"type\": \"text\", \"text\": …}")]
pub enum Content {
    /// A text.
    Text(String),
    /// Parts, between which is an empty line.
    Parts(Vec<Part>),
}

/// A part of a message.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase", deny_unknown_fields)]
pub enum Part {
    /// A text.
    Text {
        /// The text.
        text: String,
    },
}

/// A prompt with replies, as the reward model reads them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conversation {
    /// A transcript that ends where the assistant begins.
    pub prompt: String,
    /// One reply or more.
    pub replies: Vec<String>,
    /// The reply that the others are compared with.
    pub reference: Option<String>,
}

impl ScoreRequest {
    /// Returns the conversation.
    ///
    /// # Errors
    /// [`MessagesError`] for a conversation without a question or a reply, or beyond the limits.
    pub fn conversation(self, limits: &Settings) -> Result<Conversation, MessagesError> {
        let mut messages = self.messages;
        check("messages", messages.len(), limits.messages)?;
        let replies = match self.candidates {
            Some(candidates) => {
                check("candidates", candidates.len(), limits.candidates)?;
                if messages.last().is_some_and(|message| message.role == Role::Assistant) {
                    return Err(MessagesError::TwoReplies);
                }
                candidates
            }
            None => {
                let reply = messages.pop_if(|message| message.role == Role::Assistant);
                vec![reply.ok_or(MessagesError::NoReply)?.content.text()]
            }
        };
        if !messages.iter().any(|message| matches!(message.role, Role::User | Role::Tool)) {
            return Err(MessagesError::NoUser);
        }
        Ok(Conversation {
            prompt: prompt(messages),
            replies: replies.iter().map(|reply| response(reply)).collect(),
            reference: self.reference.as_deref().map(response),
        })
    }
}

fn check(field: &'static str, got: usize, most: usize) -> Result<(), MessagesError> {
    match got {
        0 => Err(MessagesError::Empty { field }),
        _ if got > most => Err(MessagesError::TooMany { field, got, most }),
        _ => Ok(()),
    }
}

impl Content {
    /// Returns the text, parts joined.
    pub fn text(self) -> String {
        match self {
            Self::Text(text) => text,
            Self::Parts(parts) => {
                let texts: Vec<String> = parts.into_iter().map(|Part::Text { text }| text).collect();
                texts.join("\n\n")
            }
        }
    }
}

/// The transcript up to where the assistant replies. A system's text is joined before the next turn of a person; what
/// tools return stands where a person would speak.
fn prompt(messages: Vec<Message>) -> String {
    let (mut out, mut system, mut before) = (String::new(), Vec::new(), None);
    for Message { role, content } in messages {
        let text = content.text().trim().to_string();
        match role {
            Role::System => {
                system.push(text);
                continue;
            }
            // Several tools answer together.
            Role::Tool if before == Some(Role::Tool) => out.extend(["\n\n", &text]),
            Role::User | Role::Tool => {
                system.push(text);
                human(&mut out, &mut system);
            }
            Role::Assistant => {
                human(&mut out, &mut system);
                out.extend([ASSISTANT, " ", &text]);
            }
        }
        before = Some(role);
    }
    human(&mut out, &mut system);
    out + ASSISTANT
}

/// Appends a person's turn of these texts, if there are any, and takes them.
fn human(out: &mut String, texts: &mut Vec<String>) {
    if !texts.is_empty() {
        out.extend([HUMAN, " ", &texts.join("\n\n")]);
        texts.clear();
    }
}

/// A reply, as it follows a prompt.
fn response(text: &str) -> String {
    format!(" {}", text.trim())
}
