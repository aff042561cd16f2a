//! Counts agree with what was sent.

use crate::exposition::samples;
use crate::running::{HELLO, Running};
use guardrail::Settings;

#[tokio::test]
async fn they_parse_and_agree_with_what_was_sent() {
    let service = Running::start(Settings::default(), 2).await;
    let answers: Vec<_> = (0..20).map(|_| service.spawn(HELLO)).collect();
    for answer in answers {
        assert_eq!(answer.await.unwrap().status, 200);
    }
    let three = r#"{"messages":[{"role":"user","content":"Hi"}],"candidates":["a","b","c"],"reference":"d"}"#;
    assert_eq!(service.send("POST", "/score", three).await.status, 200);
    for _ in 0..3 {
        assert_eq!(service.send("POST", "/score", "{").await.status, 400);
    }
    service.send("GET", "/health", "").await;
    service.send("GET", "/elsewhere", "").await;
    service.send("GET", "/elsewhere/again", "").await;
    let answer = service.send("GET", "/metrics", "").await;
    assert_eq!(answer.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    let samples = samples(&answer.body);
    for (sample, value) in [
        ("guardrail_requests_total{path=\"/score\",code=\"200\"}", 21.0),
        ("guardrail_requests_total{path=\"/score\",code=\"400\"}", 3.0),
        ("guardrail_requests_total{path=\"/health\",code=\"200\"}", 1.0),
        ("guardrail_requests_total{path=\"other\",code=\"404\"}", 2.0),
        ("guardrail_score_request_seconds_count", 24.0),
        ("guardrail_score_request_seconds_bucket{le=\"+Inf\"}", 24.0),
        ("guardrail_scoring_seconds_count", 21.0),
        // Without the reference.
        ("guardrail_replies_total", 23.0),
        ("guardrail_abandoned_total", 0.0),
        ("guardrail_queue_length", 0.0),
        ("guardrail_queue_capacity", 128.0),
        ("guardrail_workers", 2.0),
    ] {
        assert_eq!(samples.get(sample), Some(&value), "{sample}\n{}", answer.body);
    }
    assert!(samples["guardrail_scoring_seconds_sum"] > 0.0);
    let buckets = samples.iter().filter(|(name, _)| name.starts_with("guardrail_scoring_seconds_bucket"));
    let mut counts: Vec<f64> = buckets.map(|(_, count)| *count).collect();
    counts.sort_by(f64::total_cmp);
    assert_eq!((counts.len(), counts.last()), (14, Some(&21.0)));
}
