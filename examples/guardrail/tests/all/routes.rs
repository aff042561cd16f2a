//! What is answered to whom.

use crate::running::{HELLO, MODEL, Running, TRAINED};
use guardrail::Settings;
use rlhf_scorer::{Buffer, Scorer, arena_bytes, probability};
use serde_json::{Value, json};
use std::time::Duration;

/// Calls with a scorer of a model, without the service.
fn scorer<T>(model: &str, f: impl FnOnce(&mut Scorer<'_, '_>) -> T) -> T {
    let file = Buffer::from(&std::fs::read(model).unwrap()[..]);
    let shape = rlhf_scorer::Model::new(&file).unwrap().shape();
    let mut arena = Buffer::zeros(arena_bytes(&shape, shape.context as usize));
    f(&mut Scorer::new(&file, &mut arena).unwrap())
}

/// The scores of replies to a prompt.
fn scores<const N: usize>(prompt: &str, replies: [&str; N]) -> [f32; N] {
    scorer(MODEL, |scorer| replies.map(|reply| scorer.score_reply(prompt, reply).unwrap()))
}

fn number(value: &Value) -> f32 {
    value.as_f64().unwrap() as f32
}

async fn score(body: &str) -> (u16, Value) {
    let service = Running::start(Settings::default(), 2).await;
    let answer = service.send("POST", "/score", body).await;
    assert_eq!(answer.header("content-type"), Some("application/json"));
    (answer.status, serde_json::from_str(&answer.body).unwrap())
}

#[tokio::test]
async fn a_reply_has_the_scorers_score_to_the_bit() {
    let [expected] = scores("\n\nHuman: Hi\n\nAssistant:", [" Hello"]);
    let (status, answer) = score(HELLO).await;
    assert_eq!(status, 200);
    assert_eq!(number(&answer["score"]).to_bits(), expected.to_bits());
    // This model's gain is 1, and its bias 0: the raw score is the score.
    assert_eq!(number(&answer["probability"]).to_bits(), probability(expected, 0.0).to_bits());
    assert_eq!(answer.as_object().unwrap().len(), 2);
}

#[tokio::test]
async fn candidates_are_compared_with_the_reference() {
    let body = json!({
        "messages": [{"role": "user", "content": "Hi"}],
        "candidates": ["Hello", "No", "Bye"],
        "reference": "Bye",
    });
    let [hello, no, bye] = scores("\n\nHuman: Hi\n\nAssistant:", [" Hello", " No", " Bye"]);
    let (status, answer) = score(&body.to_string()).await;
    assert_eq!(status, 200);
    let all = answer["candidates"].as_array().unwrap();
    assert_eq!(all.len(), 3);
    for (got, score) in all.iter().zip([hello, no, bye]) {
        assert_eq!(number(&got["score"]).to_bits(), score.to_bits());
        assert_eq!(number(&got["probability"]).to_bits(), probability(score, bye).to_bits());
    }
    assert_eq!(all[2]["probability"], 0.5);
}

#[tokio::test]
async fn a_models_gain_and_bias_are_in_scores_alone() {
    let service = Running::of(TRAINED, Settings::default(), 1, Duration::from_secs(60)).await;
    let body = r#"{"messages":[{"role":"user","content":"May I have tea?"},
        {"role":"assistant","content":"Of course."}],"reference":"Go away!"}"#;
    let answer: Value = serde_json::from_str(&service.send("POST", "/score", body).await.body).unwrap();
    let prompt = "\n\nHuman: May I have tea?\n\nAssistant:";
    let [score, other, preferred] = scorer(TRAINED, |scorer| {
        let mut score = |reply| scorer.score_reply(prompt, reply).unwrap();
        let scores = [score(" Of course."), score(" Go away!")];
        [scores[0], scores[1], scorer.compare_replies(prompt, " Of course.", " Go away!").unwrap()]
    });
    assert_eq!(number(&answer["score"]).to_bits(), score.to_bits());
    assert_eq!(number(&answer["probability"]).to_bits(), preferred.to_bits());
    // Else this test would show nothing.
    assert!((preferred - probability(score, other)).abs() > 0.01);
}

#[tokio::test]
async fn one_candidate_is_a_list_of_one() {
    let body = r#"{"messages":[{"role":"user","content":"Hi"}],"candidates":["Hello"]}"#;
    let (_, one) = score(HELLO).await;
    assert_eq!(score(body).await, (200, json!({"candidates": [one]})));
}

#[tokio::test]
async fn content_in_parts_is_the_same_text() {
    let parts = r#"{"messages":[{"role":"user","content":[{"type":"text","text":"Hi"}]},
        {"role":"assistant","content":[{"type":"text","text":"Hello"}]}],"reference":null}"#;
    assert_eq!(score(parts).await, score(HELLO).await);
}

#[tokio::test]
async fn health_is_that_of_the_workers() {
    let mut service = Running::start(Settings::default(), 0).await;
    let answer = service.send("GET", "/health", "").await;
    assert_eq!(answer.status, 503);
    assert_eq!(answer.body, r#"{"context":64,"status":"no workers","workers":0}"#);
    service.work(2);
    let answer = service.send("GET", "/health", "").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.body, r#"{"context":64,"status":"ok","workers":2}"#);
}

#[tokio::test]
async fn other_paths_and_methods_are_refused_in_json() {
    let service = Running::start(Settings::default(), 1).await;
    let cases = [("GET", "/", 404, "not_found"), ("GET", "/score", 405, "method_not_allowed")];
    for (method, path, status, code) in cases {
        let answer = service.send(method, path, "").await;
        let body: Value = serde_json::from_str(&answer.body).unwrap();
        assert_eq!((answer.status, &body["error"]["code"]), (status, &json!(code)), "{method} {path}");
        assert!(body["error"]["message"].as_str().unwrap().contains("POST /score"));
        if status == 405 {
            assert_eq!(answer.header("allow"), Some("POST"));
        }
    }
}
