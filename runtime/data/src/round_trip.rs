//! Every format is written and read back: prompts, answers and votes come out as they went in.

use super::*;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeSet;

const FIRST: Vote = Vote::Prefers { winner: 0, loser: 1 };
const SECOND: Vote = Vote::Prefers { winner: 1, loser: 0 };

/// The content of a row, in the form of its kind.
#[derive(Debug, PartialEq)]
enum Content {
    Answer(String, String),
    Pair(String, Vec<String>, Vec<Vote>),
    Steps(String, Vec<String>, Vec<f32>),
    Reward(String, String, f32),
    Prompt(String),
}

fn read(row: &Value) -> (Option<Format>, Vec<Content>) {
    match read_file(row.to_string().as_bytes()) {
        Ok((format, record)) => (Some(format), record.into_iter().map(Result::unwrap).collect()),
        Err(_) => (None, Vec::new()),
    }
}

/// The rows of a file, or why it is none.
fn read_file(content: &[u8]) -> Result<(Format, Vec<Result<Content, String>>), String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows");
    std::fs::write(&path, content).unwrap();
    let format = recognition::known(&path).map_err(|e| e.to_string())?;
    let options = Options { synthetic: true, passages: true };
    Ok((
        format,
        match format.kind() {
            Kind::Demonstrations => {
                contents(demonstrations(&path), |d| Content::Answer(d.prompt, d.response))
            }
            Kind::Comparisons => {
                contents(comparisons(&path, options), |c| Content::Pair(c.prompt, c.answers, c.votes))
            }
            Kind::Solutions => contents(solutions(&path), |s| Content::Steps(s.prompt, s.steps, s.labels)),
            Kind::Feedback => contents(feedback(&path), |f| Content::Reward(f.prompt, f.response, f.reward)),
            Kind::Prompts => contents(prompts(&path), |p| Content::Prompt(p.prompt)),
            Kind::Text => Vec::new(),
        },
    ))
}

fn contents<T>(
    records: Result<Records<T>, DataError>,
    of: impl Fn(T) -> Content,
) -> Vec<Result<Content, String>> {
    records.unwrap().map(|row| row.map(&of).map_err(|e| e.to_string())).collect()
}

/// A row of each format, and of each form of it, that asks `q` and says `a` and `b`.
fn rows(q: &str, a: &str, b: &str, number: f32) -> Vec<(Format, Value, Content)> {
    let prompt = format!("{HUMAN} {q}{ASSISTANT}");
    let [said_a, said_b] = [a, b].map(|text| format!(" {text}"));
    let same = a == b;
    let vote = |vote: Vote| if same { Vote::Tie(0, 1) } else { vote };
    let answer = || Content::Answer(prompt.clone(), said_a.clone());
    let pair = |votes: Vec<Vote>| Content::Pair(prompt.clone(), vec![said_a.clone(), said_b.clone()], votes);
    let reward = |reward: f32| Content::Reward(prompt.clone(), said_a.clone(), reward);
    let asks = json!({"role": "user", "content": q});
    let says = |text: &str| json!({"role": "assistant", "content": [{"type": "text", "text": text}]});
    let (human, gpt) =
        (json!({"from": "human", "value": q}), |text: &str| json!({"from": "gpt", "value": text}));
    let whole = |text: &str| format!("{prompt} {text}");
    vec![
        (Format::Instructions, json!({"instruction": q, "context": "", "response": a}), answer()),
        (Format::Instructions, json!({"instruction": q, "input": null, "output": a}), answer()),
        (
            Format::SelfInstruct,
            json!({"instruction": q, "instances": [{"input": "", "output": a}]}),
            answer(),
        ),
        (Format::Questions, json!({"question": q, "answer": a}), answer()),
        (Format::Responses, json!({"prompt": q, "response": a}), answer()),
        (Format::Responses, json!({"prompt": [asks], "completion": [says(a)]}), answer()),
        (Format::Messages, json!({"messages": [asks, says(a)]}), answer()),
        (Format::Messages, json!({"conversations": [human, gpt(a)]}), answer()),
        (Format::Messages, json!({"text": format!("### Human: {q}### Assistant: {a}")}), answer()),
        (Format::Messages, json!({"text": format!("<s>[INST] {q} [/INST] {a} </s>")}), answer()),
        (
            Format::Messages,
            json!({"text": format!("<|im_start|>user\n{q}<|im_end|>\n<|im_start|>assistant\n{a}<|im_end|>\n")}),
            answer(),
        ),
        (Format::Messages, json!({"text": format!("<|user|>\n{q}</s>\n<|assistant|>\n{a}</s>\n")}), answer()),
        (Format::Transcripts, json!({"chosen": whole(a), "rejected": whole(b)}), pair(vec![vote(FIRST)])),
        (
            Format::Transcripts,
            json!({"chosen": [asks, says(a)], "rejected": [asks, says(b)]}),
            pair(vec![vote(FIRST)]),
        ),
        (Format::Pairs, json!({"prompt": q, "chosen": a, "rejected": b}), pair(vec![vote(FIRST)])),
        (
            Format::Pairs,
            json!({"instruction": q, "input": "", "chosen": a, "rejected": b}),
            pair(vec![vote(FIRST)]),
        ),
        (
            Format::Pairs,
            json!({"prompt": [asks], "chosen": [says(a)], "rejected": [says(b)]}),
            pair(vec![vote(FIRST)]),
        ),
        (
            Format::Pairs,
            json!({"prompt": q, "chosen": [asks, says(a)], "rejected": [asks, says(b)]}),
            pair(vec![vote(FIRST)]),
        ),
        (
            Format::Conversations,
            json!({"conversations": [human], "chosen": gpt(a), "rejected": gpt(b)}),
            pair(vec![vote(FIRST)]),
        ),
        (
            Format::Rankings,
            json!({"context": [{"role": "prompter", "text": q}], "responses": [{"text": a, "rank": 1}, {"text": b, "rank": 0}]}),
            pair(vec![vote(SECOND)]),
        ),
        (
            Format::Labeled,
            json!({"input": q, "output_1": a, "output_2": b, "label": 2}),
            pair(vec![vote(SECOND)]),
        ),
        (
            Format::Annotated,
            json!({"instruction": q, "response1": a, "response2": b, "annotator1": 1, "annotator2": 2}),
            pair(vec![vote(FIRST), vote(SECOND)]),
        ),
        (Format::Ranked, json!({"prompt": q, "answers": [a, b], "ranks": [1, 2]}), pair(vec![vote(FIRST)])),
        (
            Format::Scored,
            json!({"prompt": q, "responses": [a, b], "rewards": [1, 2]}),
            pair(vec![vote(SECOND)]),
        ),
        (
            Format::Scored,
            json!({"instruction": q, "completions": [{"response": a, "overall_score": 8}, {"response": b, "overall_score": 8}]}),
            pair(vec![Vote::Tie(0, 1)]),
        ),
        (Format::Voted, json!({"prompt": q, "answers": [a, b], "votes": [[1, 0]]}), pair(vec![vote(SECOND)])),
        (
            Format::Voted,
            json!({"data": {"prompt": q, "answer1": a, "answer2": b}, "annotations": [{"result": [{"value": {"selected": "right"}}]}]}),
            pair(vec![vote(SECOND)]),
        ),
        (
            Format::Voted,
            json!({"fields": {"prompt": q, "response-1": a, "response-2": b}, "responses": [
                {"values": {"ranking": {"value": [{"value": "response-1", "rank": 2}, {"value": "response-2", "rank": 1}]}}},
            ]}),
            pair(vec![vote(SECOND)]),
        ),
        (
            Format::Voted,
            json!({"fields": {"instruction": q, "response1": a, "response2": b}, "responses": {"preference": [
                {"value": "response1", "user_id": "x"}, {"value": "response2", "user_id": "y"},
            ]}}),
            pair(vec![vote(FIRST), vote(SECOND)]),
        ),
        (
            Format::Scored,
            json!({"fields": {"prompt": q, "response1": a, "response2": b}, "responses": {
                "rating-1": [{"value": 2}, {"value": 3}], "rating-2": [{"value": 4}],
            }}),
            pair(vec![vote(SECOND)]),
        ),
        (
            Format::Preferences,
            json!({"context": [asks], "response1": a, "response2": b, "overall_preference": 2}),
            pair(vec![vote(SECOND)]),
        ),
        (
            Format::Preferences,
            json!({"conversation_a": [asks, says(a)], "conversation_b": [asks, says(b)], "winner": "model_b"}),
            pair(vec![vote(SECOND)]),
        ),
        (
            Format::Predictions,
            json!({"question": q, "prediction 1": a, "prediction 2": a, "prediction 3": a, "prediction 4": a, "preference": [0, 0, 0, 0, 0, 0]}),
            Content::Pair(
                prompt.clone(),
                vec![said_a.clone(); 4],
                (0..4).flat_map(|i| (i + 1..4).map(move |j| Vote::Tie(i, j))).collect(),
            ),
        ),
        (
            Format::Steps,
            json!({"prompt": q, "completions": ["One.", "Two."], "labels": [true, 0.25]}),
            Content::Steps(prompt.clone(), vec![" One.".into(), "Two.".into()], vec![1.0, 0.25]),
        ),
        (Format::Feedback, json!({"prompt": q, "response": a, "reward": number}), reward(number)),
        (
            Format::Feedback,
            json!({"prompt": q, "response": a, "helpfulness": number.to_string()}),
            reward(number),
        ),
        (Format::Feedback, json!({"prompt": [asks], "completion": [says(a)], "label": false}), reward(-1.0)),
        (Format::Feedback, json!({"messages": [asks, says(a)], "kto_tag": true}), reward(1.0)),
        (Format::Feedback, json!({"prompt": q, "response": a, "thumbs": "down"}), reward(-1.0)),
        (
            Format::Feedback,
            json!({"fields": {"prompt": q, "response": a}, "responses": {"rating": [{"value": number}]}}),
            reward(number),
        ),
        (Format::Prompts, json!({"prompt": q}), Content::Prompt(prompt.clone())),
        (Format::Prompts, json!({"messages": [asks]}), Content::Prompt(prompt.clone())),
        (Format::Turns, json!({"turns": [q]}), Content::Prompt(prompt.clone())),
    ]
}

/// Words that a person might say, without space around them.
fn words() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9é北🙂\"\\\\'{}:,.+-][ -~é北🙂\n]{0,12}[a-z0-9🙂?]"
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn what_is_written_is_read(q in words(), a in words(), b in words(), number in -9i8..9) {
        for (format, row, record) in rows(&q, &a, &b, f32::from(number) / 4.0) {
            let (found, read) = read(&row);
            prop_assert_eq!(found, Some(format), "{}", row);
            prop_assert_eq!(read, [record], "{}", row);
        }
    }
}

#[test]
fn every_format_of_the_table_is_written() {
    let written: BTreeSet<Format> = rows("q", "a", "b", 0.0).into_iter().map(|(format, ..)| format).collect();
    let listed: BTreeSet<Format> = formats().iter().map(|fields| fields.format).collect();
    assert_eq!(written, listed);
}

/// A value as JSON, with the fields of each object from the last to the first.
fn reversed(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let fields =
                fields.iter().rev().map(|(name, value)| format!("{}: {}", json!(name), reversed(value)));
            format!("{{{}}}", fields.collect::<Vec<_>>().join(", "))
        }
        Value::Array(all) => format!("[{}]", all.iter().map(reversed).collect::<Vec<_>>().join(", ")),
        other => other.to_string(),
    }
}

/// Three rows of each format, and what they say.
fn files(q: &str, a: &str, b: &str) -> Vec<(Format, Vec<Value>, Vec<Content>)> {
    let mut all = Vec::new();
    for i in 0..3 {
        let rows = rows(&format!("{q} {i}"), a, b, 0.5);
        all.resize_with(rows.len(), || (Vec::new(), Vec::new(), Vec::new()));
        for ((formats, values, record), row) in all.iter_mut().zip(rows) {
            formats.push(row.0);
            values.push(row.1);
            record.push(row.2);
        }
    }
    all.into_iter().map(|(formats, values, record)| (formats[0], values, record)).collect()
}

/// Rows on lines of their own, and as an array.
fn layouts(rows: &[String]) -> [String; 2] {
    [rows.join("\n") + "\n", format!("[\n{}\n]\n", rows.join(",\n"))]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn the_order_of_rows_and_fields_changes_nothing(
        q in words(), a in words(), b in words(), order in Just([0usize, 1, 2]).prop_shuffle(),
    ) {
        for (format, rows, mut want) in files(&q, &a, &b) {
            let rows: Vec<String> = order.iter().map(|at| reversed(&rows[*at])).collect();
            want.sort_by_key(|record| format!("{record:?}"));
            for content in layouts(&rows) {
                let (found, read) = read_file(content.as_bytes()).unwrap();
                let mut read: Vec<Content> = read.into_iter().map(Result::unwrap).collect();
                read.sort_by_key(|record| format!("{record:?}"));
                prop_assert_eq!(found, format, "{}", content);
                prop_assert_eq!(&read, &want, "{}", content);
            }
        }
    }
}

#[test]
fn another_encoding_is_read_or_refused_by_its_name() {
    for (format, rows, want) in files("Qué", "Sí", "No") {
        let rows: Vec<String> = rows.iter().map(Value::to_string).collect();
        for content in layouts(&rows) {
            let wide = |to: fn(u16) -> [u8; 2], mark: &str| -> Vec<u8> {
                mark.encode_utf16().chain(content.encode_utf16()).flat_map(to).collect()
            };
            let whole = |bytes: &[u8]| {
                let (found, read) = read_file(bytes).unwrap();
                assert_eq!(found, format, "{content}");
                read.into_iter().map(Result::unwrap).collect::<Vec<_>>()
            };
            assert_eq!(whole(format!("\u{feff}{content}").as_bytes()), want, "{content}");
            assert_eq!(whole(content.replace('\n', "\r\n").as_bytes()), want, "{content}");
            for mark in ["\u{feff}", ""] {
                for to in [u16::to_le_bytes, u16::to_be_bytes] {
                    let error = read_file(&wide(to, mark)).unwrap_err();
                    assert!(error.contains("it is UTF-16: save it as UTF-8"), "{error}");
                }
            }
            let latin: Vec<u8> = content.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
            let error = read_file(&latin).unwrap_err();
            assert!(error.contains("no UTF-8") && error.contains("save the file as UTF-8"), "{error}");
            let padding = [0; 512];
            let error = read_file(&[&padding, content.as_bytes()].concat()).unwrap_err();
            assert!(error.contains("begins with NUL bytes"), "{error}");
            let (_, read) = read_file(&[content.as_bytes(), &padding].concat()).unwrap();
            let (errors, read): (Vec<_>, Vec<_>) = read.into_iter().partition(Result::is_err);
            assert_eq!(read.into_iter().map(Result::unwrap).collect::<Vec<_>>(), want, "{content}");
            assert_eq!(errors.len(), 1, "{errors:?}");
        }
    }
}
