//! More requests than fit.

use crate::running::{HELLO, Running};
use guardrail::Settings;
use std::num::NonZeroUsize;

#[tokio::test]
async fn a_full_queue_answers_503_and_when_to_come_again() {
    let settings = Settings { queue: NonZeroUsize::new(2).unwrap(), ..Settings::default() };
    let mut service = Running::start(settings, 0).await;
    let waiting = [service.spawn(HELLO), service.spawn(HELLO)];
    service.until("guardrail_queue_length", 2.0).await;
    let answer = service.send("POST", "/score", HELLO).await;
    assert_eq!((answer.status, answer.header("retry-after")), (503, Some("1")));
    assert!(answer.body.contains("queue_full"), "{}", answer.body);
    // Those that waited are answered.
    service.work(1);
    for answer in waiting {
        assert_eq!(answer.await.unwrap().status, 200);
    }
    assert_eq!(service.send("POST", "/score", HELLO).await.status, 200);
}

#[tokio::test]
async fn a_client_that_leaves_costs_no_score() {
    let mut service = Running::start(Settings::default(), 0).await;
    let leaves = service.spawn(HELLO);
    service.until("guardrail_queue_length", 1.0).await;
    leaves.abort();
    assert!(leaves.await.unwrap_err().is_cancelled());
    let stays = service.spawn(HELLO);
    service.until("guardrail_queue_length", 2.0).await;
    service.work(1);
    assert_eq!(stays.await.unwrap().status, 200);
    service.until("guardrail_abandoned_total", 1.0).await;
    assert_eq!(service.metric("guardrail_replies_total").await, 1.0);
}
