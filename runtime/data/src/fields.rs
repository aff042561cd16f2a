//! The fields of each format: one table, by which files are recognized, messages are written, and a person
//! looks up what is read.

use super::argilla::ending;
use super::chat_template::{UNDERSTOOD, turns_in_template};
use super::export::ANSWERS;
use super::flaws::Flaw;
use super::format::Format;
use super::rows::Row;
use super::turn::{Role, is_message, last_role};
use super::value::{kind, number_or_truth};
use super::words::{is_judgment, resembles_judgment};
use crate::error::DataError;
use core::fmt;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The most names of unread fields that are counted apart; further ones are counted together.
const MOST_COUNTED: usize = 256;

/// The fields of a format's rows.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Fields {
    /// The format.
    pub format: Format,
    /// Data sets and tools with such rows.
    pub from: &'static str,
    /// The fields that a row needs: of each group one.
    required: &'static [Group],
    /// Fields that are read where they are there.
    optional: &'static [&'static str],
}

/// Names of which a row has one, and what that holds.
type Group = (&'static [&'static str], Shape);

#[derive(Clone, Copy, Debug, PartialEq)]
enum Shape {
    /// A text.
    Text,
    /// A text, messages or a message.
    Words,
    /// Messages that end with the assistant's.
    Answered,
    /// Messages of any roles.
    Messages,
    /// A text with the marks of turns, the last of them the assistant's.
    Marked,
    /// A list of objects.
    Objects,
    /// A list.
    List,
    /// A number or a truth value, or a text of one.
    Number,
    /// A judgment as in the one above, or a word such as good.
    Judgment,
    /// Any value.
    Any,
}

use Shape::{Answered, Any, Judgment, List, Marked, Messages, Number, Objects, Text, Words};

/// The names of a prompt.
pub(super) const PROMPT: &[&str] = &["prompt", "instruction", "question", "query"];
/// The names of the prompt of two answers.
const BEFORE: &[&str] = &["prompt", "instruction", "question", "query", "input", "context", "history"];
/// The names of a conversation.
pub(super) const MESSAGES: &[&str] = &["messages", "conversations", "conversation"];
/// The fields that may hold a conversation as one text.
pub(super) const TEXT: &[&str] = &["text"];
/// The names of a single answer.
pub(super) const ANSWER: &[&str] = &["response", "completion", "output", "answer"];
/// The names of several answers.
pub(super) const SEVERAL: &[&str] = &["answers", "responses", "completions"];
/// The names of the scores of several answers; larger is better.
pub(super) const SCORES: &[&str] = &["scores", "rewards", "ratings"];
/// The names of an answer's judgment, in the order of precedence.
pub(super) const JUDGED: &[&str] = &[
    "reward",
    "label",
    "kto_tag",
    "helpfulness",
    "overall_score",
    "score",
    "rating",
    "quality",
    "quality_score",
    "human_score",
    "human_rating",
    "user_rating",
    "average_rating",
    "avg_rating",
    "mean_score",
    "average_score",
    "overall_rating",
    "overall_quality",
    "reward_score",
    "rm_score",
    "response_score",
    "answer_score",
    "preference_score",
    "helpfulness_score",
    "quality_rating",
    "stars",
    "grade",
    "thumbs",
    "is_good",
    "is_correct",
    "correct",
    "correctness",
    "upvotes",
    "likes",
    "thumb",
    "thumbs_up",
    "liked",
    "accepted",
    "feedback",
    "vote",
];
/// The names of judgments that are only good or bad.
pub(super) const LABELED: &[&str] =
    &["label", "kto_tag", "thumbs", "thumb", "thumbs_up", "liked", "accepted", "feedback", "vote"];
/// The names of judgments whatever values they have.
const JUDGMENTS: &[&str] = &["reward", "label", "kto_tag", "thumbs", "thumb", "thumbs_up"];
/// The names of the verdict on two answers.
pub(super) const VERDICT: &[&str] = &["overall_preference", "better_response_id", "winner", "labels"];
const FIRST: &[&str] = &first_of_pairs(0);
const SECOND: &[&str] = &first_of_pairs(1);
/// The names of fields that accompany a prompt.
const WITH: &[&str] = &["system", "system_prompt", "system_message", "history", "context", "input"];
/// The fields that may hold a system's text.
pub(super) const SYSTEM: &[&str] = &["system", "system_prompt", "system_message"];
/// The names of fields that any row may have.
const ALWAYS: &[&str] = &["user_id", "user"];
/// The names of fields that any comparison may have.
const COMPARED: &[&str] = &["annotator", "margin", "degree"];

const fn first_of_pairs(which: usize) -> [&'static str; ANSWERS.len()] {
    let mut out = [""; ANSWERS.len()];
    let mut at = 0;
    while at < ANSWERS.len() {
        out[at] = ANSWERS[at][which];
        at += 1;
    }
    out
}

/// Names of answers and judgments that a format without them does not pass over, whatever they hold.
const NOT_PASSED_OVER: &[&str] = &[
    "chosen",
    "chosen_response",
    "chosen_answer",
    "chosen_output",
    "rejected",
    "rejected_response",
    "rejected_responses",
    "rejected_answer",
    "rejected_output",
    "preferred",
    "dispreferred",
    "win",
    "lose",
    "better",
    "worse",
    "y_w",
    "y_l",
    "response_j",
    "response_k",
    "thumbs_down",
    "disliked",
    "dislikes",
    "downvotes",
];

/// The names of fields that a bare prompt lacks: answers and judgments.
const LABELS: &[&[&str]] = &[
    NOT_PASSED_OVER,
    MESSAGES,
    ANSWER,
    SEVERAL,
    SCORES,
    JUDGED,
    FIRST,
    SECOND,
    &[
        "annotations",
        "feedback",
        "label",
        "labels",
        "outputs",
        "overall_preference",
        "preference",
        "preferences",
        "prediction 1",
        "rank",
        "ranking",
        "rankings",
        "ranks",
        "response-1",
        "reward",
        "score_chosen",
        "score_rejected",
        "steps",
        "votes",
        "winner",
    ],
];

const fn fields(
    format: Format,
    from: &'static str,
    required: &'static [Group],
    optional: &'static [&'static str],
) -> Fields {
    Fields { format, from, required, optional }
}

/// The table. A row has the format of the first line whose fields it has.
static TABLE: &[Fields] = &[
    fields(
        Format::Pairs,
        "TRL, UltraFeedback-binarized, LLaMA-Factory (Alpaca), Orca pairs",
        &[(PROMPT, Words), (&["chosen"], Words), (&["rejected"], Words)],
        WITH,
    ),
    fields(
        Format::Conversations,
        "LLaMA-Factory (ShareGPT)",
        &[(MESSAGES, Messages), (&["chosen"], Words), (&["rejected"], Words)],
        SYSTEM,
    ),
    fields(
        Format::Transcripts,
        "HH-RLHF; TRL with an implicit prompt",
        &[(&["chosen"], Words), (&["rejected"], Words)],
        SYSTEM,
    ),
    fields(Format::Rankings, "OpenAssistant", &[(&["context"], List), (&["responses"], Objects)], &[]),
    fields(
        Format::Predictions,
        "Fine-grained RLHF",
        &[
            (&["question"], Text),
            (&["prediction 1"], Text),
            (&["prediction 2"], Text),
            (&["prediction 3"], Text),
            (&["prediction 4"], Text),
            (&["preference"], List),
        ],
        &["passages"],
    ),
    fields(
        Format::Labeled,
        "LLMBar",
        &[(&["input"], Text), (&["output_1"], Text), (&["output_2"], Text), (&["label"], Number)],
        &[],
    ),
    fields(
        Format::Annotated,
        "PandaLM",
        &[
            (&["instruction"], Text),
            (&["response1"], Any),
            (&["response2"], Any),
            (&["annotator1", "annotator2", "annotator3"], Number),
        ],
        &["input", "annotator2", "annotator3"],
    ),
    fields(Format::Ranked, "your own", &[(PROMPT, Words), (SEVERAL, List), (&["ranks"], List)], WITH),
    fields(
        Format::Voted,
        "your own; Label Studio, Argilla",
        &[(PROMPT, Words), (SEVERAL, List), (&["votes"], List)],
        WITH,
    ),
    fields(
        Format::Steps,
        "PRM800K, TRL (stepwise)",
        &[(PROMPT, Words), (&["steps", "completions"], List), (&["labels"], List)],
        WITH,
    ),
    fields(
        Format::Scored,
        "reward models' scores; Argilla",
        &[(PROMPT, Words), (SEVERAL, List), (SCORES, List)],
        WITH,
    ),
    fields(Format::Scored, "UltraFeedback, Nectar", &[(PROMPT, Words), (SEVERAL, Objects)], WITH),
    fields(
        Format::Preferences,
        "HelpSteer3, PKU-SafeRLHF, SHP",
        &[(BEFORE, Words), (FIRST, Words), (SECOND, Words), (VERDICT, Any)],
        WITH,
    ),
    fields(
        Format::Preferences,
        "Chatbot Arena",
        &[(&["conversation_a"], Messages), (&["conversation_b"], Messages), (&["winner"], Text)],
        &[],
    ),
    fields(
        Format::Feedback,
        "TRL (KTO), HelpSteer, logs, Label Studio, Argilla",
        &[(PROMPT, Words), (ANSWER, Words), (JUDGED, Judgment)],
        &["log_prob", "system", "system_prompt", "system_message", "history", "context", "input"],
    ),
    fields(
        Format::Feedback,
        "TRL (KTO), logs",
        &[(&["prompt"], Words), (ANSWER, Words), (JUDGMENTS, Any)],
        &["log_prob", "system", "system_prompt", "system_message", "history", "context", "input"],
    ),
    fields(
        Format::Feedback,
        "LLaMA-Factory (KTO)",
        &[(MESSAGES, Answered), (JUDGED, Judgment)],
        &["log_prob", "system", "system_prompt", "system_message"],
    ),
    fields(Format::SelfInstruct, "Self-Instruct", &[(&["instruction"], Text), (&["instances"], List)], &[]),
    fields(Format::Instructions, "Dolly, Alpaca", &[(&["instruction"], Text), (ANSWER, Words)], WITH),
    fields(Format::Questions, "GSM8K, OpenOrca", &[(&["question"], Text), (ANSWER, Words)], WITH),
    fields(
        Format::Responses,
        "TRL (prompt-completion)",
        &[(&["prompt", "query", "input"], Words), (ANSWER, Words)],
        WITH,
    ),
    fields(Format::Messages, "OpenAI, ShareGPT, TRL (conversational)", &[(MESSAGES, Answered)], SYSTEM),
    fields(Format::Messages, "TRL (language modeling), Guanaco", &[(TEXT, Marked)], &[]),
    fields(Format::Turns, "MT-Bench", &[(&["turns"], List)], &[]),
    fields(Format::Prompts, "prompts alone", &[(PROMPT, Words)], WITH),
    fields(Format::Prompts, "conversations that wait for an answer", &[(MESSAGES, Messages)], SYSTEM),
];

/// The fields of all formats, some of them in several lines.
pub fn formats() -> &'static [Fields] {
    TABLE
}

impl Fields {
    /// Returns the format of a row, by its fields.
    pub(super) fn of(row: &Map<String, Value>) -> Option<&'static Self> {
        TABLE.iter().find(|fields| fields.fits(row))
    }

    fn fits(&self, row: &Map<String, Value>) -> bool {
        self.fitting(row) == self.required.len() && self.more(row).is_none()
    }

    /// A field of answers or judgments that the format has no use for.
    fn more<'r>(&self, row: &'r Map<String, Value>) -> Option<&'r str> {
        use super::format::Kind::{Demonstrations, Prompts};
        let has = |name: &&str| row.contains_key(*name);
        match self.format.kind() {
            Demonstrations => {
                let judged = |name: &&str| row.get(*name).is_some_and(resembles_judgment);
                let named = JUDGMENTS.iter().chain(NOT_PASSED_OVER).copied().find(has);
                named.or_else(|| JUDGED.iter().copied().find(judged))
            }
            Prompts if self.format == Format::Prompts => {
                let own = |name: &&str| self.required.iter().any(|group| group.0.contains(name));
                let named = LABELS.iter().copied().flatten().copied().find(|name| has(name) && !own(name));
                named.or_else(|| row.keys().map(String::as_str).find(|name| ending(name).is_some()))
            }
            _ => None,
        }
    }

    /// Checks that a row of a file holds no answers or judgments that the file's format has no use for.
    pub(super) fn check_unused(format: Format, row: &Row) -> Result<(), DataError> {
        let of_format = TABLE.iter().filter(|fields| fields.format == format);
        let more: Option<Vec<_>> = of_format.map(|fields| fields.more(&row.fields)).collect();
        match more.and_then(|more| more.first().copied()) {
            Some(field) => {
                let reason =
                    format!("the file's rows are {format}, which have none: its content would be lost");
                Err(row.fault(field, reason))
            }
            None => Ok(()),
        }
    }

    /// Returns whether some format reads a field of this name.
    #[cfg(feature = "parquet")]
    pub(super) fn is_known(name: &str) -> bool {
        let known = |names: &[&str]| names.iter().any(|known| known.eq_ignore_ascii_case(name));
        ending(name).is_some()
            || [ALWAYS, COMPARED, WITH].into_iter().chain(LABELS.iter().copied()).any(known)
            || TABLE
                .iter()
                .any(|fields| known(fields.optional) || fields.required.iter().any(|group| known(group.0)))
    }

    /// The names of a row's fields that a format does not read.
    pub(super) fn unused(format: Format, row: &Map<String, Value>) -> impl Iterator<Item = &str> {
        let of_format = move || TABLE.iter().filter(move |fields| fields.format == format);
        let read = move |name: &str| {
            ALWAYS.contains(&name)
                || COMPARED.contains(&name)
                || format == Format::Annotated && name.starts_with("annotator")
                || of_format().any(|fields| {
                    let mut groups = fields.required.iter().flat_map(|group| group.0);
                    fields.optional.contains(&name) || groups.any(|known| *known == name)
                })
        };
        row.keys().map(String::as_str).filter(move |name| !read(name))
    }

    /// Counts the fields of a row that a format does not read, by name; of too many names the last together.
    pub(super) fn count_unused(
        format: Format,
        row: &Row,
        unread: &[String],
        counts: &mut BTreeMap<String, u64>,
    ) {
        // A row that nobody has judged yet has fields that another row's judgment would read.
        if row.flaws().has(Flaw::Unjudged) {
            return;
        }
        for name in Self::unused(format, &row.fields).chain(unread.iter().map(String::as_str)) {
            let known = counts.len() < MOST_COUNTED || counts.contains_key(name);
            *counts.entry(if known { name.into() } else { "…".into() }).or_default() += 1;
        }
    }

    /// Counts the groups of fields that a row has, and names those that it lacks.
    fn lacks(&self, row: &Map<String, Value>) -> (usize, Vec<String>) {
        let there = |group: &&Group| group.0.iter().any(|name| row.contains_key(*name));
        let lacking = self.required.iter().filter(|group| !there(group)).map(|group| one_of(group.0));
        (self.required.iter().filter(there).count(), lacking.collect())
    }

    /// Counts the groups of fields whose values have the right form in a row.
    fn fitting(&self, row: &Map<String, Value>) -> usize {
        let fits = |group: &&Group| {
            let mut values = group.0.iter().filter_map(|name| row.get(*name));
            values.any(|value| group.1.fits(value))
        };
        self.required.iter().filter(fits).count()
    }

    /// The first field that holds something else than it should.
    fn misshapen(&self, row: &Map<String, Value>) -> Option<(&'static str, String)> {
        self.required.iter().find_map(|(names, shape)| {
            let mut values = names.iter().filter_map(|name| Some((*name, row.get(*name)?)));
            let (name, value) = values.next()?;
            let wrong = !shape.fits(value) && !values.any(|(_, value)| shape.fits(value));
            wrong.then(|| (name, format!("want {}, found {}", shape.what(), kind(Some(value)))))
        })
    }
}

impl fmt::Display for Fields {
    /// The fields: those that a row needs, then in brackets those that it may have.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (names, shape)) in self.required.iter().enumerate() {
            let before = if at == 0 { "" } else { ", " };
            let more = if names.len() > 4 { "|…" } else { "" };
            let names = names.iter().take(4).copied().collect::<Vec<_>>().join("|");
            write!(f, "{before}{names}{more} ({})", shape.what())?;
        }
        match self.optional {
            [] => Ok(()),
            more => write!(f, " [{}]", more.join(", ")),
        }
    }
}

fn one_of(names: &[&str]) -> String {
    let (some, more) = (&names[..names.len().min(4)], names.len() > 4);
    let quoted = some.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" or ");
    if more { quoted + " or the like" } else { quoted }
}

impl Shape {
    fn fits(self, value: &Value) -> bool {
        let list = || value.as_array().map_or(&[][..], Vec::as_slice);
        let messages = || !list().is_empty() && list().iter().all(is_message);
        match self {
            Text => value.is_string(),
            Words => value.is_string() || is_message(value) || messages(),
            Answered => messages() && last_role(value) == Some(Role::Assistant),
            Messages => messages(),
            Marked => match value.as_str().and_then(turns_in_template) {
                Some(Ok(turns)) => turns.last().is_some_and(|turn| turn.role == Role::Assistant),
                _ => false,
            },
            Objects => !list().is_empty() && list().iter().all(Value::is_object),
            List => value.is_array(),
            Number => number_or_truth(value).is_some(),
            Judgment => is_judgment(value),
            Any => true,
        }
    }

    fn what(self) -> &'static str {
        match self {
            Text => "a text",
            Words => "a text or messages",
            Answered => "messages, the assistant's last",
            Messages => "messages",
            Marked => "a text with marked turns, the assistant's last",
            Objects => "a list of objects",
            List => "a list",
            Number => "a number or truth value",
            Judgment => "a number, a truth value or a word such as good",
            Any => "any value",
        }
    }
}

/// The error for a row of no format.
pub(super) fn unknown(row: &Row) -> DataError {
    let names: Vec<&str> = row.fields.keys().map(String::as_str).take(MOST_NAMES).collect();
    let found = match (names.join(", "), row.fields.len() > MOST_NAMES) {
        (names, true) => format!("{names}, …"),
        (names, false) if names.is_empty() => "none".into(),
        (names, false) => names,
    };
    // The fields that hold what they should, less those that do not.
    let score = |fields: &&Fields| {
        let (named, fitting) = (fields.lacks(&row.fields).0, fields.fitting(&row.fields));
        (named > 0).then_some((2 * fitting as i32 - fields.required.len() as i32, fitting))
    };
    let known = TABLE.iter().rev().filter_map(|fields| Some((score(&fields)?, fields)));
    let nearest = known.max_by_key(|(score, _)| *score).map(|(_, fields)| fields);
    const LISTED: &str = "`rlhf data formats` lists the formats";
    let Some(nearest) = nearest else {
        let place = format!("{} {}", row.unit, row.origin.line);
        let reason = format!("no known format has any of its fields ({found}); {LISTED}");
        return DataError::content(&row.origin.path, place, reason);
    };
    let (_, lacking) = nearest.lacks(&row.fields);
    if nearest.required.iter().any(|(_, shape)| *shape == Marked) && row.text(TEXT[0]).is_ok() {
        return row.fault(TEXT[0], no_turns());
    }
    if let (Some((field, reason)), true) = (nearest.misshapen(&row.fields), lacking.is_empty()) {
        return row.fault(field, format!("{reason}, as in the format {}; {LISTED}", nearest.format));
    }
    let place = format!("{} {}", row.unit, row.origin.line);
    let what = match &lacking[..] {
        [] => match nearest.more(&row.fields) {
            Some(field) => format!("has no use for `{field}`, whose content would be lost"),
            None => "has no use for all of them".to_owned(),
        },
        lacking => format!("also needs {}", lacking.join(" and ")),
    };
    let reason =
        format!("the fields of no known format ({found}); the nearest, {}, {what}; {LISTED}", nearest.format);
    DataError::content(&row.origin.path, place, reason)
}

/// The reason why a text is no demonstration, and the remedy.
pub(super) fn no_turns() -> String {
    format!(
        "it has no turns of a person and, last, of the assistant, marked by {UNDERSTOOD}: write them as `messages`, \
         or plain text into a file named .txt"
    )
}

/// The most names of fields in a message.
const MOST_NAMES: usize = 12;
