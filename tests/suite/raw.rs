//! A server that answers with exactly the bytes that a test gives, for servers that keep to no protocol.

use serde_json::Value;
use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Instant,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::AbortHandle,
};

/// A request, as it came.
#[derive(Debug, Clone)]
pub struct Taken {
    /// The first line and the headers.
    pub head: String,
    /// The body, if it is JSON.
    pub body: Value,
    /// Its number, from 0, among those with a body.
    pub number: usize,
    pub at: Instant,
}

impl Taken {
    pub fn is_list(&self) -> bool {
        self.head.starts_with("GET ")
    }
}

/// A server on the loopback interface; it stops when this is dropped.
pub struct RawServer {
    pub address: SocketAddr,
    taken: Arc<Mutex<Vec<Taken>>>,
    task: AbortHandle,
}

impl RawServer {
    /// `answer` gets every request with its connection, which is closed when it has returned.
    pub async fn start<F>(answer: impl Fn(Taken, TcpStream) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = std::io::Result<()>> + Send + 'static,
    {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port is free");
        let address = listener.local_addr().expect("a bound socket has an address");
        let taken = Arc::<Mutex<Vec<Taken>>>::default();
        let log = taken.clone();
        let answer = Arc::new(answer);
        let serve = async move {
            let mut open = tokio::task::JoinSet::new();
            while let Ok((connection, _)) = listener.accept().await {
                let (log, answer) = (log.clone(), answer.clone());
                open.spawn(async move {
                    let (taken, connection) = take(connection, &log).await?;
                    // A caller that has gone away is what these tests want to see.
                    answer(taken, connection).await
                });
            }
        };
        Self { address, taken, task: tokio::spawn(serve).abort_handle() }
    }

    /// The base URL, as one would give it to `--endpoint`.
    pub fn url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// What was asked so far, without the lists of models.
    pub fn calls(&self) -> Vec<Taken> {
        self.all().into_iter().filter(|taken| !taken.is_list()).collect()
    }

    pub fn all(&self) -> Vec<Taken> {
        self.taken.lock().expect("no test panics while this is held").clone()
    }
}

impl Drop for RawServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn take(mut connection: TcpStream, log: &Mutex<Vec<Taken>>) -> std::io::Result<(Taken, TcpStream)> {
    let (mut bytes, mut part) = (Vec::new(), vec![0; 64 << 10]);
    let head_end = loop {
        if let Some(at) = bytes.windows(4).position(|it| it == b"\r\n\r\n") {
            break at;
        }
        match connection.read(&mut part).await? {
            0 => return Err(std::io::ErrorKind::UnexpectedEof.into()),
            read => bytes.extend_from_slice(&part[..read]),
        }
    };
    let head = String::from_utf8_lossy(&bytes[..head_end]).into_owned();
    let length = head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length:")?.trim().parse().ok());
    let end = head_end + 4 + length.unwrap_or(0_usize);
    while bytes.len() < end {
        match connection.read(&mut part).await? {
            0 => return Err(std::io::ErrorKind::UnexpectedEof.into()),
            read => bytes.extend_from_slice(&part[..read]),
        }
    }
    let body = serde_json::from_slice(&bytes[head_end + 4..end]).unwrap_or_default();
    let mut log = log.lock().expect("no test panics while this is held");
    let number = log.iter().filter(|taken| !taken.is_list()).count();
    let taken = Taken { head, body, number, at: Instant::now() };
    log.push(taken.clone());
    Ok((taken, connection))
}

/// Sends a whole response.
pub async fn send(connection: &mut TcpStream, status: u16, kind: &str, body: &str) -> std::io::Result<()> {
    let head = format!("HTTP/1.1 {status} It\r\ncontent-type: {kind}\r\nconnection: close\r\n\r\n");
    connection.write_all(head.as_bytes()).await?;
    connection.write_all(body.as_bytes()).await?;
    connection.shutdown().await
}

/// Sends a list with one model, `m1`.
pub async fn send_list(connection: &mut TcpStream) -> std::io::Result<()> {
    send(connection, 200, "application/json", r#"{"object": "list", "data": [{"id": "m1"}]}"#).await
}
