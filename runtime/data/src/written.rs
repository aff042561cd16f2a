//! Every format is written and read back: prompts, answers and votes come out as they went in.

use super::*;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeSet;

const FIRST: Vote = Vote::Prefers { winner: 0, loser: 1 };
const SECOND: Vote = Vote::Prefers { winner: 1, loser: 0 };

/// What a row says, in the form of its kind.
#[derive(Debug, PartialEq)]
enum Said {
    Answer(String, String),
    Pair(String, Vec<String>, Vec<Vote>),
    Steps(String, Vec<String>, Vec<f32>),
    Reward(String, String, f32),
    Prompt(String),
}

fn read(row: &Value) -> (Option<Format>, Vec<Said>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows");
    std::fs::write(&path, row.to_string()).unwrap();
    let format = recognise(&path).unwrap();
    let options = Options { synthetic: true, passages: true };
    let said = match format.map(Format::kind) {
        Some(Kind::Demonstrations) => {
            let all = demonstrations(&path).unwrap().map(Result::unwrap);
            all.map(|d| Said::Answer(d.prompt, d.response)).collect()
        }
        Some(Kind::Comparisons) => {
            let all = comparisons(&path, options).unwrap().map(Result::unwrap);
            all.map(|c| Said::Pair(c.prompt, c.answers, c.votes)).collect()
        }
        Some(Kind::Solutions) => {
            let all = solutions(&path).unwrap().map(Result::unwrap);
            all.map(|s| Said::Steps(s.prompt, s.steps, s.labels)).collect()
        }
        Some(Kind::Feedback) => {
            let all = feedback(&path).unwrap().map(Result::unwrap);
            all.map(|f| Said::Reward(f.prompt, f.response, f.reward)).collect()
        }
        Some(Kind::Prompts) => prompts(&path).unwrap().map(|p| Said::Prompt(p.unwrap().prompt)).collect(),
        Some(Kind::Text) | None => Vec::new(),
    };
    (format, said)
}

/// A row of each format, and of each form of it, that asks `q` and says `a` and `b`.
fn rows(q: &str, a: &str, b: &str, number: f32) -> Vec<(Format, Value, Said)> {
    let prompt = format!("{HUMAN} {q}{ASSISTANT}");
    let [said_a, said_b] = [a, b].map(|text| format!(" {text}"));
    let same = a == b;
    let vote = |vote: Vote| if same { Vote::Tie(0, 1) } else { vote };
    let answer = || Said::Answer(prompt.clone(), said_a.clone());
    let pair = |votes: Vec<Vote>| Said::Pair(prompt.clone(), vec![said_a.clone(), said_b.clone()], votes);
    let reward = |reward: f32| Said::Reward(prompt.clone(), said_a.clone(), reward);
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
            Format::Labelled,
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
            Said::Pair(
                prompt.clone(),
                vec![said_a.clone(); 4],
                (0..4).flat_map(|i| (i + 1..4).map(move |j| Vote::Tie(i, j))).collect(),
            ),
        ),
        (
            Format::Steps,
            json!({"prompt": q, "completions": ["One.", "Two."], "labels": [true, 0.25]}),
            Said::Steps(prompt.clone(), vec![" One.".into(), "Two.".into()], vec![1.0, 0.25]),
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
        (Format::Prompts, json!({"prompt": q}), Said::Prompt(prompt.clone())),
        (Format::Prompts, json!({"messages": [asks]}), Said::Prompt(prompt.clone())),
        (Format::Turns, json!({"turns": [q]}), Said::Prompt(prompt.clone())),
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
        for (format, row, said) in rows(&q, &a, &b, f32::from(number) / 4.0) {
            let (found, read) = read(&row);
            prop_assert_eq!(found, Some(format), "{}", row);
            prop_assert_eq!(read, [said], "{}", row);
        }
    }
}

#[test]
fn every_format_of_the_table_is_written() {
    let written: BTreeSet<Format> = rows("q", "a", "b", 0.0).into_iter().map(|(format, ..)| format).collect();
    let listed: BTreeSet<Format> = formats().iter().map(|fields| fields.format).collect();
    assert_eq!(written, listed);
}
