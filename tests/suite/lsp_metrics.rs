//! Numbers of a server for Prometheus.

use crate::{
    client::Client,
    terminal::{rlm, run},
};
use serde_json::json;
use std::{
    fs,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
};
use tempfile::TempDir;

/// What is replied to such a line.
fn asked(address: &str, line: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("somebody listens");
    write!(stream, "{line}\r\nHost: x\r\n\r\n").expect("it is read");
    let mut reply = String::new();
    stream.read_to_string(&mut reply).expect("it is a text");
    reply
}

#[tokio::test]
async fn numbers_say_how_questions_ended_and_nothing_of_what_was_asked() {
    let folder = TempDir::new().expect("a folder can be made");
    fs::write(folder.path().join("secret-name.txt"), "the secret-word\n").expect("it is written");
    let address = TcpListener::bind("127.0.0.1:0").and_then(|it| it.local_addr()).expect("a port").to_string();
    let command = rlm(["lsp", "--metrics", &address]);
    let mut client = Client::of_command(command, folder.path(), json!({}), json!({})).await;
    client.request("rlm/query", json!({"query": "where is the secret-word?"})).await.expect("an answer");
    let get = |line: &'static str| {
        let address = address.clone();
        tokio::task::spawn_blocking(move || asked(&address, line))
    };
    let reply = get("GET /metrics HTTP/1.1").await.expect("a reply");
    assert!(reply.starts_with("HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4"), "{reply}");
    assert!(reply.contains("\nrlm_queries_total{termination=\"final\"} 1\n"), "{reply}");
    assert!(reply.contains("\nrlm_queries_running 0\n") && !reply.contains("secret"), "{reply}");
    assert!(get("POST / HTTP/1.1").await.expect("a reply").starts_with("HTTP/1.1 404"));
    assert_eq!(client.shut_down().await, 0);
}

#[tokio::test]
async fn no_other_machine_is_told() {
    for address in ["0.0.0.0:0", "192.0.2.1:80", "nowhere"] {
        let ran = run(rlm(["lsp", "--metrics", address])).await;
        assert!(ran.status == 2 && ran.errors.contains("--metrics"), "{ran:?}");
    }
}
