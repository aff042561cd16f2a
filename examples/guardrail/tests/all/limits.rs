//! Requests that are not taken, with the reason.

use crate::client::Client;
use crate::running::{HELLO, Running};
use guardrail::Settings;
use serde_json::{Value, json};
use std::time::Duration;

/// The status, the code and the message of an error.
async fn refused(service: &Running, body: &str) -> (u16, String, String) {
    let answer = service.send("POST", "/score", body).await;
    let body: Value = serde_json::from_str(&answer.body).unwrap();
    let text = |field: &str| body["error"][field].as_str().unwrap().to_string();
    (answer.status, text("code"), text("message"))
}

/// A service that takes less than others.
async fn strict() -> Running {
    let settings = Settings { body_bytes: 400, messages: 3, candidates: 2, ..Settings::default() };
    Running::start(settings, 1).await
}

#[tokio::test]
async fn what_is_no_request_is_refused() {
    let service = strict().await;
    let cases = [
        (" ".repeat(401), 413, "body_too_large", "longer than 400 bytes"),
        (String::new(), 400, "json", "EOF"),
        ("{".into(), 400, "json", "EOF"),
        ("[]".into(), 422, "json", "invalid length 0"),
        ("{}".into(), 422, "json", "missing field `messages`"),
        (r#"{"messages":[],"model":"x"}"#.into(), 422, "json", "unknown field `model`"),
        (r#"{"messages":[{"role":"bot","content":"a"}]}"#.into(), 422, "json", "unknown variant `bot`"),
        (r#"{"messages":[{"role":"user","content":1}]}"#.into(), 422, "json", "content: want a text"),
        (
            r#"{"messages":[{"role":"user","content":"a","name":"b"}]}"#.into(),
            422,
            "json",
            "unknown field `name`",
        ),
        (
            r#"{"messages":[{"role":"user","content":[{"type":"image_url"}]}]}"#.into(),
            422,
            "json",
            "content: want a text",
        ),
        (
            r#"{"messages":[{"role":"user","content":"#.to_string() + &"[".repeat(300),
            400,
            "json",
            "recursion limit",
        ),
        (r#"{"messages":[{"role":"user","content":"\ud800"}]}"#.into(), 400, "json", "hex escape"),
    ];
    for (body, status, code, message) in cases {
        let got = refused(&service, &body).await;
        assert_eq!((got.0, &got.1[..]), (status, code), "{body}: {got:?}");
        assert!(got.2.contains(message), "{body}: {got:?}");
    }
    // And it goes on.
    assert_eq!(service.send("POST", "/score", HELLO).await.status, 200);
}

#[tokio::test]
async fn what_is_no_conversation_is_refused() {
    let service = strict().await;
    let (user, assistant) = (r#"{"role":"user","content":"a"}"#, r#"{"role":"assistant","content":"b"}"#);
    let cases = [
        (String::new(), "", "messages: want one or more"),
        (format!("{user},{user},{user},{assistant}"), "", "messages: 4, of which at most 3"),
        (user.into(), "", "want an assistant's message last"),
        (assistant.into(), "", "want a user's message before the reply"),
        (user.into(), r#","candidates":[]"#, "candidates: want one or more"),
        (user.into(), r#","candidates":["a","b","c"]"#, "candidates: 3, of which at most 2"),
        (format!("{user},{assistant}"), r#","candidates":["a"]"#, "one or the other"),
    ];
    for (messages, more, message) in cases {
        let body = format!(r#"{{"messages":[{messages}]{more}}}"#);
        let got = refused(&service, &body).await;
        assert_eq!((got.0, &got.1[..]), (422, "messages"), "{body}: {got:?}");
        assert!(got.2.contains(message), "{body}: {got:?}");
    }
}

#[tokio::test]
async fn every_reply_counts_against_the_context() {
    let service = Running::start(Settings::default(), 1).await;
    let user = json!({"role": "user", "content": "Hi"});
    let long = "a".repeat(60);
    for body in [
        json!({"messages": [user, {"role": "assistant", "content": long}]}),
        json!({"messages": [user], "candidates": ["Hello", long]}),
        json!({"messages": [user], "candidates": ["Hello"], "reference": long}),
    ] {
        let (status, code, message) = refused(&service, &body.to_string()).await;
        assert_eq!((status, &code[..]), (422, "too_many_tokens"), "{body}");
        assert!(message.contains("more than 64 tokens"), "{message}");
    }
}

#[tokio::test]
async fn a_body_of_unknown_length_is_limited_too() {
    let service = strict().await;
    let mut client = Client::connect(service.address).await.unwrap();
    let chunk = format!("1f4\r\n{}\r\n0\r\n\r\n", " ".repeat(500));
    let head = "POST /score HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n";
    client.write(&(head.to_string() + &chunk)).await.unwrap();
    assert_eq!(client.answer().await.unwrap().status, 413);
}

#[tokio::test]
async fn a_slow_body_and_a_slow_score_are_not_waited_for() {
    let settings = Settings { timeout: Duration::from_millis(200), ..Settings::default() };
    let mut service = Running::start(settings, 0).await;
    let mut client = Client::connect(service.address).await.unwrap();
    client.write("POST /score HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\n\r\n{").await.unwrap();
    let answer = client.answer().await.unwrap();
    assert_eq!((answer.status, answer.body.contains("body_timeout")), (408, true));
    let (status, code, message) = refused(&service, HELLO).await;
    assert_eq!((status, &code[..], message.contains("0.2 s")), (504, "timeout", true));
    // Nobody waits for that score any more: it is not computed.
    service.work(1);
    service.until("guardrail_abandoned_total", 1.0).await;
    assert_eq!(service.metric("guardrail_replies_total").await, 0.0);
}
