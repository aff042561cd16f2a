//! Formats of data files.

use core::fmt;
use serde::{Deserialize, Serialize};

/// The use of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// Prompts with a good response.
    Demonstrations,
    /// Prompts with answers and who prefers which.
    Comparisons,
    /// Prompts with answers whose steps are right or wrong.
    Solutions,
    /// Prompts with a response and the reward or label that it got.
    Feedback,
    /// Prompts alone.
    Prompts,
    /// Plain text.
    Text,
}

/// The public formats that are understood; [`Fields`](crate::Fields) has the fields of each.
///
/// A conversation may stand for a text: one message or a list of messages, `{role, content}`, `{from, value}` or
/// `{role, text}`, of users, assistants, systems and tools. Null counts as absent. A prompt is in
/// `prompt`, `instruction` (with its `input` or `context`), `question` or `query`, perhaps with a `system` or
/// `system_prompt` and a `history`. Numbers may be written as texts, as CSV has them.
///
/// A demonstration or a label of an empty answer is left out, and so is a comparison of empty answers alone. A
/// comparison with one that is not empty stays: that saying nothing is worse, or better, is something to learn.
///
/// Any row may name its user (`user_id` or `user`), whose rows a split keeps together, and a
/// comparison its `annotator`, a `margin` by which better answers are to win, in units of reward, and a
/// `degree`: 1 where they are better, 2 where they are clearly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Format {
    /// Dolly, Alpaca: `instruction`, `response` or `output`, and perhaps `context` or `input`.
    Instructions,
    /// Self-Instruct: `instruction`, `instances[{input, output}]`.
    SelfInstruct,
    /// GSM8K, OpenOrca: `question`, `answer` or `response`.
    Questions,
    /// TRL: `prompt`, and `response`, `completion`, `output` or `answer`.
    Responses,
    /// OpenAI, ShareGPT: `messages` or `conversations`, the last of them the assistant's. Guanaco, TRL (language
    /// modeling): all of them in one `text`, with the marks of a chat template.
    Messages,
    /// HH-RLHF, TRL with an implicit prompt: `chosen` and `rejected`, each the whole conversation.
    Transcripts,
    /// TRL, UltraFeedback-binarized, LLaMA-Factory: a prompt, `chosen`, `rejected`.
    Pairs,
    /// LLaMA-Factory: `conversations` or `messages`, `chosen`, `rejected`.
    Conversations,
    /// OpenAssistant: `context[{role, text}]`, `responses[{text, rank, synthetic}]`.
    Rankings,
    /// Fine-grained RLHF: `question`, `passages`, `prediction 1` to `prediction 4`, `preference`.
    Predictions,
    /// LLMBar: `input`, `output_1`, `output_2`, `label` (1 or 2).
    // Its name in configurations and summaries of every version.
    #[serde(rename = "labelled")]
    Labeled,
    /// PandaLM: `instruction`, `input`, `response1`, `response2`, `annotator1` and on (0, 1 or 2).
    Annotated,
    /// A prompt, `answers` or `responses` (texts), `ranks` (a number for each: smaller is better,
    /// equal ones tie).
    Ranked,
    /// UltraFeedback: a prompt, `answers`, `responses` or `completions`, and `scores`, `rewards` or `ratings` (a number
    /// for each: larger is better, equal ones tie), or objects that hold both.
    Scored,
    /// A prompt, `answers` or `responses` (texts), `votes`: each `[winner, loser]`, or
    /// `[one, other, "tie"]`, by the answers' indices from 0.
    Voted,
    /// HelpSteer3, PKU-SafeRLHF, Chatbot Arena, SHP: two answers, such as `response1` and `response2`, and which is
    /// better.
    Preferences,
    /// A prompt, `steps` or `completions` (texts), `labels` (of each step: true or false, or a number from 0,
    /// wrong, to 1, right).
    Steps,
    /// KTO, HelpSteer: a prompt, an answer and what became of it: a `reward` (a number in any unit), a `label`,
    /// `kto_tag` or `thumbs` (true or false, a number from 0, bad, to 1, good, or a word such as `good` or `down`), or
    /// a rating, such as `helpfulness` or `score`, which is a reward; perhaps `log_prob`, the answer's under the policy
    /// that wrote it, in nats.
    Feedback,
    /// A prompt alone.
    Prompts,
    /// MT-Bench: `turns`, texts or `{content}`.
    Turns,
    /// No rows: text.
    Text,
}

impl Format {
    /// All formats.
    pub const ALL: [Self; 21] = [
        Self::Instructions,
        Self::SelfInstruct,
        Self::Questions,
        Self::Responses,
        Self::Messages,
        Self::Transcripts,
        Self::Pairs,
        Self::Conversations,
        Self::Rankings,
        Self::Predictions,
        Self::Labeled,
        Self::Annotated,
        Self::Ranked,
        Self::Scored,
        Self::Voted,
        Self::Preferences,
        Self::Steps,
        Self::Feedback,
        Self::Prompts,
        Self::Turns,
        Self::Text,
    ];

    /// The use of files of this format.
    pub fn kind(self) -> Kind {
        match self {
            Self::Instructions | Self::SelfInstruct | Self::Questions | Self::Responses | Self::Messages => {
                Kind::Demonstrations
            }
            Self::Transcripts
            | Self::Pairs
            | Self::Conversations
            | Self::Rankings
            | Self::Predictions
            | Self::Labeled
            | Self::Annotated
            | Self::Ranked
            | Self::Scored
            | Self::Voted
            | Self::Preferences => Kind::Comparisons,
            Self::Steps => Kind::Solutions,
            Self::Feedback => Kind::Feedback,
            Self::Prompts | Self::Turns => Kind::Prompts,
            Self::Text => Kind::Text,
        }
    }
}

impl fmt::Display for Format {
    /// Writes the format as configurations and summaries do.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}
