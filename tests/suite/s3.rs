//! An S3 server in the process of the tests, which checks signatures, keeps its objects in a folder, notes what it was
//! asked and refuses what a test wants refused.

use super::terminal::rlm;
use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    http::{Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use s3s::{
    auth::SimpleAuth,
    service::{S3Service, S3ServiceBuilder},
};
use std::{
    fs,
    path::PathBuf,
    sync::{Arc, Mutex},
};
use tempfile::TempDir;
use tokio::{net::TcpListener, process::Command};

pub const BUCKET: &str = "texts";
pub const KEY: &str = "the-key";
pub const SECRET: &str = "the-secret-of-the-tests";

/// What came in: the method, the name of the object, and the range that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visit {
    pub method: String,
    pub object: String,
    pub range: Option<String>,
}

/// A running server with one bucket.
pub struct S3 {
    folder: TempDir,
    address: String,
    shared: Arc<Shared>,
}

struct Shared {
    service: S3Service,
    visits: Mutex<Vec<Visit>>,
    /// How many shards it still takes.
    takes: Mutex<usize>,
}

impl S3 {
    pub async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder can be made");
        fs::create_dir(folder.path().join(BUCKET)).expect("the folder is ours");
        let mut builder = S3ServiceBuilder::new(s3s_fs::FileSystem::new(folder.path()).expect("the folder is there"));
        builder.set_auth(SimpleAuth::from_single(KEY, SECRET));
        let takes = Mutex::new(usize::MAX);
        let shared = Arc::new(Shared { service: builder.build(), visits: Mutex::default(), takes });
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = format!("http://{}", listener.local_addr().expect("it has an address"));
        let router = Router::new().fallback(serve).with_state(shared.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { folder, address, shared }
    }

    /// The program with the right credentials.
    pub fn rlm(&self, arguments: &[&str]) -> Command {
        let mut command = rlm(arguments);
        command
            .env("AWS_ACCESS_KEY_ID", KEY)
            .env("AWS_SECRET_ACCESS_KEY", SECRET)
            .env("AWS_REGION", "us-east-1")
            .env("AWS_ENDPOINT", &self.address)
            .env("AWS_ALLOW_HTTP", "true");
        command
    }

    /// From now on it takes only so many shards.
    pub fn take_only(&self, shards: usize) {
        *self.shared.takes.lock().unwrap() = shards;
    }

    /// What came in since this was last asked.
    pub fn visits(&self) -> Vec<Visit> {
        std::mem::take(&mut *self.shared.visits.lock().unwrap())
    }

    /// The file that an object lies in.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(BUCKET).join(name)
    }

    /// Puts an object there that the program did not write.
    pub fn put(&self, name: &str, bytes: &[u8]) {
        let path = self.file(name);
        fs::create_dir_all(path.parent().expect("it lies in the bucket")).expect("the folder is ours");
        fs::write(path, bytes).expect("the folder is ours");
    }

    /// The objects whose names begin so, in order, as files.
    pub fn objects(&self, prefix: &str) -> Vec<PathBuf> {
        let Ok(entries) = fs::read_dir(self.folder.path().join(BUCKET).join(prefix)) else { return Vec::new() };
        let mut paths: Vec<_> = entries.map(|entry| entry.expect("it can be read").path()).collect();
        paths.sort();
        paths
    }
}

async fn serve(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let object =
        request.uri().path().trim_start_matches('/').trim_start_matches(BUCKET).trim_start_matches('/').to_owned();
    let range = request.headers().get(header::RANGE).map(|range| range.to_str().expect("it is text").to_owned());
    let is_shard = request.method() == Method::PUT && object.contains("/shards/");
    let method = request.method().to_string();
    shared.visits.lock().unwrap().push(Visit { method, object, range });
    if is_shard {
        let mut takes = shared.takes.lock().unwrap();
        if *takes == 0 {
            let refusal = "<Error><Code>AccessDenied</Code><Message>No more.</Message></Error>";
            return (StatusCode::FORBIDDEN, refusal).into_response();
        }
        *takes -= 1;
    }
    match shared.service.call(request.map(s3s::Body::http_body_unsync)).await {
        Ok(response) => response.map(Body::new),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
