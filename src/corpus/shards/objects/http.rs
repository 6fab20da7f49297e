//! The connection to an object store.
//!
//! No redirect is followed. The client of `object_store` follows them to any host, and takes the session's token along; and
//! a signed request is worth nothing anywhere else than where it was signed for. Replies that are taken whole are bounded.

use futures::{StreamExt, future::BoxFuture};
use object_store::{
    ClientConfigKey, ClientOptions, Error,
    client::{
        HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse, HttpResponseBody, HttpService,
    },
};
use reqwest::{Certificate, Client, NoProxy, Proxy, redirect};
use std::time::Duration;

/// The most bytes of a refusal that are read, and for how long.
const LARGEST_REFUSAL: usize = 64 << 10;
const REFUSAL_TIME: Duration = Duration::from_secs(5);

/// The most bytes of a reply other than an object, such as a page of a listing.
const LARGEST_REPLY: usize = 16 << 20;

/// Makes clients with the options that `object_store` has taken from the environment.
#[derive(Debug)]
pub(in super::super) struct Connector;

impl HttpConnector for Connector {
    fn connect(&self, options: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(Bounded(client(options)?)))
    }
}

/// A client as `object_store` would make it, but for redirects.
fn client(options: &ClientOptions) -> object_store::Result<Client> {
    use ClientConfigKey as Key;
    let value = |key: Key| options.get_config_value(&key);
    let is_set = |key: Key| match value(key).map(|it| it.to_ascii_lowercase()).as_deref() {
        Some("1" | "true" | "on" | "yes" | "y") => Ok(true),
        None | Some("0" | "false" | "off" | "no" | "n") => Ok(false),
        Some(other) => Err(wrong(format!("{} cannot be `{other}`", key.as_ref()))),
    };
    let time = |key: Key| value(key).map(|it| humantime::parse_duration(&it).map_err(wrong)).transpose();
    let mut builder = Client::builder()
        .redirect(redirect::Policy::none())
        .https_only(!is_set(Key::AllowHttp)?)
        // The length of a reply is that of the object.
        .no_gzip()
        .no_brotli()
        .no_zstd()
        .no_deflate();
    if let Some(agent) = value(Key::UserAgent) {
        builder = builder.user_agent(agent);
    }
    if let Some(timeout) = time(Key::Timeout)? {
        builder = builder.timeout(timeout);
    }
    if let Some(timeout) = time(Key::ConnectTimeout)? {
        builder = builder.connect_timeout(timeout);
    }
    if let Some(timeout) = time(Key::ReadTimeout)? {
        builder = builder.read_timeout(timeout);
    }
    if is_set(Key::Http1Only)? {
        builder = builder.http1_only();
    }
    if is_set(Key::Http2Only)? {
        builder = builder.http2_prior_knowledge();
    }
    if is_set(Key::AllowInvalidCertificates)? {
        builder = builder.danger_accept_invalid_certs(true);
    }
    if let Some(url) = value(Key::ProxyUrl) {
        let excluded = value(Key::ProxyExcludes).and_then(|hosts| NoProxy::from_string(&hosts));
        builder = builder.proxy(Proxy::all(url).map_err(wrong)?.no_proxy(excluded));
    }
    if let Some(certificate) = value(Key::ProxyCaCertificate) {
        builder = builder.tls_certs_merge([Certificate::from_pem(certificate.as_bytes()).map_err(wrong)?]);
    }
    builder.build().map_err(wrong)
}

fn wrong(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::Generic { store: "HTTP client", source: source.into() }
}

/// A client that takes no more of a reply than there can rightly be.
#[derive(Debug)]
struct Bounded(Client);

impl HttpService for Bounded {
    fn call<'s, 'f>(&'s self, request: HttpRequest) -> BoxFuture<'f, Result<HttpResponse, HttpError>>
    where
        's: 'f,
        Self: 'f,
    {
        // Only objects are read piece by piece, by a reader that knows how long each may be.
        let is_listing = request.uri().query().is_some_and(|it| it.contains("list-type=") || it.contains("comp=list"));
        let may_be_object = request.method().as_str() == "GET" && !is_listing;
        Box::pin(async move {
            let response = self.0.call(request).await?;
            let is_success = response.status().is_success();
            if is_success && may_be_object {
                return Ok(response);
            }
            let (parts, body) = response.into_parts();
            let body = if is_success { whole(body).await? } else { beginning(body).await };
            Ok(HttpResponse::from_parts(parts, body.into()))
        })
    }
}

async fn whole(body: HttpResponseBody) -> Result<Vec<u8>, HttpError> {
    let mut pieces = body.bytes_stream();
    let mut whole = Vec::new();
    while let Some(piece) = pieces.next().await {
        whole.extend_from_slice(&piece?);
        if whole.len() > LARGEST_REPLY {
            let reason = format!("the reply is longer than {LARGEST_REPLY} bytes");
            return Err(HttpError::new(HttpErrorKind::Decode, std::io::Error::other(reason)));
        }
    }
    Ok(whole)
}

/// As much of a refusal as is worth reading. Whatever goes wrong with the rest, the status says enough.
async fn beginning(body: HttpResponseBody) -> Vec<u8> {
    let mut pieces = body.bytes_stream();
    let mut beginning = Vec::new();
    let read = async {
        while let Some(Ok(piece)) = pieces.next().await {
            beginning.extend_from_slice(&piece[..piece.len().min(LARGEST_REFUSAL - beginning.len())]);
            if beginning.len() == LARGEST_REFUSAL {
                return;
            }
        }
    };
    let _ = tokio::time::timeout(REFUSAL_TIME, read).await;
    beginning
}
