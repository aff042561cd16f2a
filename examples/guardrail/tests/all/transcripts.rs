//! Conversations become the transcripts that training reads.

use guardrail::{Conversation, ScoreRequest, Settings};
use serde_json::{Value, json};
use std::io::Write;

fn conversation(messages: &Value) -> Conversation {
    let request: ScoreRequest = serde_json::from_value(json!({"messages": messages})).unwrap();
    request.conversation(&Settings::default()).unwrap()
}

/// Messages of these roles and texts.
fn messages(all: &[(&str, &str)]) -> Value {
    all.iter().map(|(role, content)| json!({"role": role, "content": content})).collect()
}

#[test]
fn they_are_those_of_the_data_readers() {
    let conversations = [
        messages(&[("user", " Hi\n"), ("assistant", "\nHello ")]),
        messages(&[
            ("system", "Be brief."),
            ("user", "Hi"),
            ("assistant", "Hello"),
            ("user", "Bye"),
            ("assistant", "Bye"),
        ]),
        messages(&[
            ("developer", "Be brief."),
            ("system", "Be kind."),
            ("user", "What time is it?"),
            ("assistant", "[call]"),
            ("tool", "1"),
            ("tool", "2"),
            ("assistant", "It is 12."),
        ]),
        messages(&[("user", "Hi"), ("user", "Why?"), ("assistant", "Because.")]),
        messages(&[("user", "Hi"), ("system", "Be kind."), ("assistant", "Hello, Ünïcode \u{1f375}")]),
        messages(&[("system", "Be kind."), ("assistant", "Hi"), ("user", "Hm"), ("assistant", "So?")]),
        json!([
            {"role": "user", "content": [{"type": "text", "text": "Hi"}, {"type": "text", "text": "you"}]},
            {"role": "assistant", "content": "Hello"},
        ]),
    ];
    let mut file = tempfile::Builder::new().suffix(".jsonl").tempfile().unwrap();
    for messages in &conversations {
        writeln!(file, "{}", json!({"messages": messages})).unwrap();
    }
    let read: Vec<_> = rlhf_data::demonstrations(file.path()).unwrap().map(Result::unwrap).collect();
    assert_eq!(read.len(), conversations.len());
    for (messages, read) in conversations.iter().zip(read) {
        let ours = conversation(messages);
        assert_eq!((ours.prompt, &ours.replies[..]), (read.prompt, &[read.response][..]), "{messages}");
    }
}

#[test]
fn a_question_is_as_prompt_and_a_reply_as_response() {
    let ours = conversation(&messages(&[("user", "Why?"), ("assistant", "Because.")]));
    assert_eq!(ours.prompt, rlhf_data::as_prompt("Why?"));
    assert_eq!(ours.replies, [rlhf_data::as_response("Because.")]);
}
