//! Load on loopback: the command as a process, and many connections, each of which sends its next request when it has the
//! answer to the last. Every answer is counted; that none is lost, none is another than 200 or 503 and each 200 has the
//! same score is asserted. Times are printed.
//!
//! `cargo bench --bench load [-- MODEL]`

#[path = "../tests/all/client.rs"]
mod client;
#[path = "../tests/all/exposition.rs"]
mod exposition;

use client::{Answer, Client};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The model, where no other is given.
const MODEL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../backends/scorer/tests/tiny.rlhf");
const BODY: &str = r#"{"messages":[{"role":"user","content":"May I have tea?"},
    {"role":"assistant","content":"Of course."}]}"#;

/// One row of the table.
struct Load {
    connections: usize,
    /// Requests of each connection, one after the other.
    requests: usize,
    queue: usize,
}

const LOADS: [Load; 3] = [
    Load { connections: 100, requests: 200, queue: 128 },
    Load { connections: 1000, requests: 20, queue: 1024 },
    // More than fit: most are refused, at once.
    Load { connections: 1000, requests: 20, queue: 128 },
];

fn main() {
    // Cargo says `--bench`.
    let model = std::env::args().skip(1).find(|argument| !argument.starts_with("--"));
    let model = model.as_deref().unwrap_or(MODEL);
    println!(
        "connections  queue  requests     200     503   200/s  p50 of 200  p99 of 200  p50 of 503  p99 of 503"
    );
    for load in LOADS {
        run(model, &load);
    }
}

fn run(model: &str, load: &Load) {
    let (mut process, address) = start(model, load.queue);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (answers, seconds, metrics) = runtime.block_on(async {
        // All are connected before the first request.
        let mut clients = Vec::new();
        for _ in 0..load.connections {
            clients.push(Client::connect(address).await.expect("a connection; is `ulimit -n` too low?"));
        }
        let begun = Instant::now();
        let all: Vec<_> =
            clients.into_iter().map(|client| tokio::spawn(send(client, load.requests))).collect();
        let mut answers = Vec::new();
        for of_one in all {
            answers.extend(of_one.await.unwrap());
        }
        let seconds = begun.elapsed().as_secs_f64();
        let metrics = Client::connect(address).await.unwrap().send("GET", "/metrics", "").await.unwrap();
        (answers, seconds, exposition::samples(&metrics.body))
    });
    let sent = load.connections * load.requests;
    assert_eq!(answers.len(), sent, "answers were lost");
    let mut times: BTreeMap<u16, Vec<Duration>> = BTreeMap::new();
    let mut bodies: Vec<&str> = Vec::new();
    for (answer, time) in &answers {
        times.entry(answer.status).or_default().push(*time);
        match answer.status {
            200 => bodies.push(&answer.body),
            503 => {
                assert!(answer.header("retry-after").is_some_and(|seconds| seconds.parse::<u64>().is_ok()))
            }
            status => panic!("status {status}: {}", answer.body),
        }
    }
    bodies.sort_unstable();
    bodies.dedup();
    assert_eq!(bodies.len(), 1, "one text has one score: {bodies:?}");
    for (status, times) in &mut times {
        let counted = metrics[&format!("guardrail_requests_total{{path=\"/score\",code=\"{status}\"}}")];
        assert_eq!(counted, times.len() as f64, "the service counted others of {status}");
        times.sort_unstable();
    }
    assert_eq!(metrics["guardrail_scoring_seconds_count"], times[&200].len() as f64);
    let of = |status: u16| times.get(&status).map_or(&[][..], Vec::as_slice);
    let (ok, full) = (of(200), of(503));
    println!(
        "{:11}  {:5}  {sent:8}  {:6}  {:6}  {:6.0}  {:>10}  {:>10}  {:>10}  {:>10}",
        load.connections,
        load.queue,
        ok.len(),
        full.len(),
        ok.len() as f64 / seconds,
        quantile(ok, 0.5),
        quantile(ok, 0.99),
        quantile(full, 0.5),
        quantile(full, 0.99),
    );
    // Where it does not stop on a signal, it is stopped.
    #[cfg(unix)]
    {
        let sent = Command::new("kill").args(["-TERM", &process.id().to_string()]).status().unwrap();
        assert!(sent.success());
        assert_eq!(process.wait().unwrap().code(), Some(0));
    }
    #[cfg(not(unix))]
    process.kill().unwrap();
}

/// Starts the service on any free port.
fn start(model: &str, queue: usize) -> (Child, SocketAddr) {
    let mut process = Command::new(env!("CARGO_BIN_EXE_guardrail"))
        .args([model, "--listen", "127.0.0.1:0", "--queue", &queue.to_string()])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.trim().strip_prefix("listening on http://").expect("no address").parse().unwrap();
    (process, address)
}

/// Sends requests one after the other.
async fn send(mut client: Client, requests: usize) -> Vec<(Answer, Duration)> {
    let mut answers = Vec::new();
    for _ in 0..requests {
        let begun = Instant::now();
        let answer = client.send("POST", "/score", BODY).await.expect("an answer");
        answers.push((answer, begun.elapsed()));
    }
    answers
}

/// The smallest time that such a part of them does not exceed, in milliseconds.
fn quantile(sorted: &[Duration], part: f64) -> String {
    let index = (sorted.len() as f64 * part).ceil() as usize;
    match sorted.get(index.saturating_sub(1)) {
        Some(time) => format!("{:.1} ms", 1e3 * time.as_secs_f64()),
        None => "-".into(),
    }
}
