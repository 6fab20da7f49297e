//! Object stores that send requests elsewhere, or never come to an end.

use crate::terminal::{Ran, rlm, run};
use axum::{
    Router,
    body::Body,
    extract::Request,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use futures::stream;
use std::{
    process::Stdio,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};
use tokio::net::TcpListener;

/// Starts a server that answers each request so, and returns its port.
async fn serve(answer: impl Fn(Request) -> Response + Clone + Send + Sync + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let port = listener.local_addr().expect("it has an address").port();
    let router = Router::new().fallback(move |request: Request| {
        let response = answer(request);
        async move { response }
    });
    tokio::spawn(async move { axum::serve(listener, router).await });
    port
}

/// The program with a store of each kind on a port of this machine.
async fn on(scheme: &str, port: u16, arguments: &[&str]) -> Ran {
    let mut command = rlm([&["shards"], arguments].concat());
    let address = format!("http://127.0.0.1:{port}");
    match scheme {
        "s3" => command
            .env("AWS_ENDPOINT", &address)
            .env("AWS_ALLOW_HTTP", "true")
            .env("AWS_ACCESS_KEY_ID", "a")
            .env("AWS_SECRET_ACCESS_KEY", "b")
            .env("AWS_SESSION_TOKEN", "TOKEN")
            .env("AWS_REGION", "x"),
        "gs" => command.env(
            "GOOGLE_SERVICE_ACCOUNT_KEY",
            format!(
                r#"{{"gcs_base_url": "{address}", "disable_oauth": true, "client_email": "", "private_key": "",
                     "private_key_id": ""}}"#
            ),
        ),
        _ => command.env("AZURE_STORAGE_USE_EMULATOR", "true").env("AZURITE_BLOB_STORAGE_URL", &address),
    };
    run(command).await
}

#[tokio::test]
async fn no_redirect_of_an_object_store_is_followed() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let source = folder.path().join("text.txt");
    std::fs::write(&source, "a text").expect("it can be written");
    let source = source.to_str().expect("it is text");
    let visits = Arc::new(AtomicUsize::new(0));
    let counted = visits.clone();
    let elsewhere = serve(move |_| {
        counted.fetch_add(1, Ordering::Relaxed);
        StatusCode::OK.into_response()
    })
    .await;
    // By another name, which is another host; by another port; and without saying how.
    let hosts = ["http://localhost:", "http://127.0.0.1:", "//localhost:"];
    for (status, host) in [301, 302, 303, 307, 308].into_iter().zip(hosts.into_iter().cycle()) {
        let port = serve(move |request: Request| {
            let to = format!("{host}{elsewhere}{}", request.uri());
            (StatusCode::from_u16(status).expect("a status"), [(header::LOCATION, to)]).into_response()
        })
        .await;
        for scheme in ["s3", "gs", "az"] {
            let store = format!("{scheme}://bucket/prefix");
            for arguments in [&["info", &store][..], &["ingest", source, &store], &["slice", &store, "0"]] {
                let ran = on(scheme, port, arguments).await;
                assert_eq!(ran.status, 1, "{ran:?}");
                assert!(ran.errors.contains("redirect") && !ran.errors.contains("TOKEN"), "{scheme}: {ran:?}");
            }
        }
    }
    assert_eq!(visits.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn replies_of_an_object_store_that_do_not_end_are_given_up() {
    let block = || stream::repeat_with(|| Ok::<_, std::io::Error>(vec![b' '; 1 << 16]));
    for status in [200, 403, 500] {
        let port = serve(move |_| {
            let mut response = Body::from_stream(block()).into_response();
            *response.status_mut() = StatusCode::from_u16(status).expect("a status");
            response
        })
        .await;
        let program = env!("CARGO_BIN_EXE_rlm");
        let mut command = tokio::process::Command::new("sh");
        // A listing is the first that an ingest asks for.
        command.args(["-c", "ulimit -d 600000; exec \"$@\"", "sh", program, "shards", "ingest", "-", "s3://bucket/p"]);
        command
            .env_clear()
            .env("AWS_ENDPOINT", format!("http://127.0.0.1:{port}"))
            .env("AWS_ALLOW_HTTP", "true")
            .env("AWS_ACCESS_KEY_ID", "a")
            .env("AWS_SECRET_ACCESS_KEY", "b")
            .env("AWS_REGION", "x")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let ran = run(command).await;
        assert_eq!(ran.status, 1, "{status}: {ran:?}");
        assert!(ran.errors.contains("cannot list"), "{status}: {ran:?}");
    }
}
