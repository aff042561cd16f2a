//! The end of the service.

use crate::client::Client;
use crate::running::{HELLO, MODEL, Running};
use guardrail::{ServeError, Settings};
use std::num::NonZeroUsize;
use std::time::Duration;

#[tokio::test]
async fn what_waits_is_answered() {
    let service = Running::start(Settings::default(), 0).await;
    let waiting = [(); 5].map(|()| service.spawn(HELLO));
    service.until("guardrail_queue_length", 5.0).await;
    let stopping = service.stop().await;
    let workers = stopping.service.start_workers(NonZeroUsize::MIN).unwrap();
    for answer in waiting {
        assert_eq!(answer.await.unwrap().status, 200);
    }
    stopping.end().await.unwrap();
    workers.drain();
}

#[tokio::test]
async fn connections_without_a_request_do_not_hold_it_up() {
    let service = Running::start(Settings::default(), 1).await;
    let _silent = Client::connect(service.address).await.unwrap();
    let mut kept = Client::connect(service.address).await.unwrap();
    assert_eq!(kept.send("POST", "/score", HELLO).await.unwrap().status, 200);
    let stopping = service.stop().await;
    tokio::time::timeout(Duration::from_secs(20), stopping.end()).await.expect("held up").unwrap();
    assert!(kept.send("POST", "/score", HELLO).await.is_err());
}

#[tokio::test]
async fn it_does_not_wait_for_ever() {
    let service = Running::of(MODEL, Settings::default(), 0, Duration::from_millis(100)).await;
    let waiting = service.spawn(HELLO);
    service.until("guardrail_queue_length", 1.0).await;
    let ended = service.stop().await.end().await;
    assert!(matches!(ended, Err(ServeError::Drain(_))), "{ended:?}");
    waiting.abort();
}
