//! The command, as a process.

use crate::client::{Client, request};
use crate::running::{ANY, HELLO, MODEL, refuses};
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Command, Output, Stdio};

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_guardrail"));
    command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn fails(arguments: &[&str]) -> String {
    let Output { status, stdout, stderr } = command(arguments).output().unwrap();
    assert!(!status.success() && stdout.is_empty());
    String::from_utf8(stderr).unwrap()
}

#[cfg(unix)]
#[tokio::test]
async fn a_signal_ends_it_when_the_last_request_is_answered() {
    for signal in ["-TERM", "-INT"] {
        let mut process = command(&[MODEL, "--listen", ANY, "--workers", "1"]).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address: SocketAddr = line.trim().strip_prefix("listening on http://").unwrap().parse().unwrap();
        let mut client = Client::connect(address).await.unwrap();
        let request = request("POST", "/score", HELLO);
        let (begin, rest) = request.split_at(request.len() - 10);
        client.write(begin).await.unwrap();
        // By this answer the begin of the other request has arrived.
        let health = Client::connect(address).await.unwrap().send("GET", "/health", "").await.unwrap();
        assert_eq!(health.status, 200);
        let sent = Command::new("kill").args([signal, &process.id().to_string()]).status().unwrap();
        assert!(sent.success());
        refuses(address).await;
        client.write(rest).await.unwrap();
        assert_eq!(client.answer().await.unwrap().status, 200);
        assert_eq!(process.wait().unwrap().code(), Some(0), "{signal}");
    }
}

#[test]
fn it_says_what_is_wrong_with_a_model() {
    let missing = fails(&["no-such-file.rlhf"]);
    assert!(missing.contains("no-such-file.rlhf"), "{missing}");
    let other = fails(&[concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"), "--listen", ANY]);
    assert!(other.contains("this is no model file of rlhf-scorer"), "{other}");
    let long = fails(&[MODEL, "--context", "65", "--listen", ANY]);
    assert!(long.contains("65 tokens, the context holds 64"), "{long}");
    let mut bytes = std::fs::read(MODEL).unwrap();
    bytes[1000] ^= 1;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("damaged.rlhf");
    std::fs::write(&path, bytes).unwrap();
    let damaged = fails(&[path.to_str().unwrap(), "--listen", ANY]);
    assert!(damaged.contains("damaged.rlhf: the model file is damaged"), "{damaged}");
}

#[test]
fn it_says_what_is_wrong_with_an_argument() {
    let taken = std::net::TcpListener::bind(ANY).unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let error = fails(&[MODEL, "--listen", &address]);
    assert!(error.contains(&format!("--listen {address}: ")), "{error}");
    assert!(fails(&[MODEL, "--queue", "0"]).contains("--queue"));
    assert!(fails(&[MODEL, "--timeout", "0"]).contains("--timeout"));
}
