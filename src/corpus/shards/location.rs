//! What a person calls a store: a folder, or the address of a part of a bucket.

use super::{error::ShardError, folder::Folder, objects::Objects, place::Place};
use object_store::{
    BackoffConfig, ObjectStore, RetryConfig, aws::AmazonS3Builder, azure::MicrosoftAzureBuilder,
    gcp::GoogleCloudStorageBuilder, path::Path,
};
use std::{sync::Arc, time::Duration};
use url::Url;

/// How often a request is repeated that failed for a reason that may pass, and for how long altogether.
const RETRIES: usize = 3;
const RETRY_TIME: Duration = Duration::from_secs(60);

/// The kinds of object stores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scheme {
    S3,
    Google,
    Azure,
}

impl Scheme {
    /// Where the credentials come from.
    pub fn credentials(self) -> &'static str {
        match self {
            Self::S3 => "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_REGION",
            Self::Google => "GOOGLE_SERVICE_ACCOUNT or GOOGLE_APPLICATION_CREDENTIALS",
            Self::Azure => "AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY",
        }
    }
}

/// Whether `location` is the address of an object store, or a folder in which there is a store, be it half-written. No
/// connection is made.
pub fn is_store(location: &str) -> bool {
    match location.split_once("://") {
        Some((scheme, _)) => matches!(scheme, "s3" | "gs" | "az" | "file"),
        None => Folder::new(location).is_store(),
    }
}

/// The place that `location` names. Nothing is looked at yet.
pub(super) fn place(location: &str) -> Result<Place, ShardError> {
    let bad = |reason: String| ShardError::Location { location: location.to_owned(), reason };
    let Some((scheme, _)) = location.split_once("://") else {
        if location.is_empty() {
            return Err(bad("it is empty".to_owned()));
        }
        return Ok(Place::Folder(Folder::new(location)));
    };
    let scheme = match scheme {
        "s3" => Scheme::S3,
        "gs" => Scheme::Google,
        "az" => Scheme::Azure,
        "file" => {
            let url = Url::parse(location).map_err(|error| bad(error.to_string()))?;
            let path = url.to_file_path().map_err(|()| bad("it is no path of this machine".to_owned()))?;
            return Ok(Place::Folder(Folder::new(path)));
        }
        other => return Err(bad(format!("there is no kind of store `{other}`"))),
    };
    let url = Url::parse(location).map_err(|error| bad(error.to_string()))?;
    if url.password().is_some() || url.query().is_some() || url.fragment().is_some() {
        return Err(bad("it is more than a bucket and a prefix".to_owned()));
    }
    let bucket = url.host_str().filter(|host| !host.is_empty()).ok_or_else(|| bad("it has no bucket".to_owned()))?;
    let prefix = Path::from_url_path(url.path()).map_err(|error| bad(error.to_string()))?;
    let store = object_store(scheme, &url).map_err(|error| bad(error.to_string()))?;
    Objects::new(store, prefix, location, bucket, scheme).map(Place::Objects).map_err(|error| bad(error.to_string()))
}

/// A client with the credentials and settings of the environment, and with limits on how long it tries.
fn object_store(scheme: Scheme, url: &Url) -> object_store::Result<Arc<dyn ObjectStore>> {
    let retry = RetryConfig {
        max_retries: RETRIES,
        retry_timeout: RETRY_TIME,
        backoff: BackoffConfig { max_backoff: Duration::from_secs(2), ..BackoffConfig::default() },
    };
    // Requests end after 30 seconds and connections after 5, unless the environment says otherwise.
    let url = url.as_str();
    Ok(match scheme {
        Scheme::S3 => Arc::new(AmazonS3Builder::from_env().with_url(url).with_retry(retry).build()?),
        Scheme::Google => Arc::new(GoogleCloudStorageBuilder::from_env().with_url(url).with_retry(retry).build()?),
        Scheme::Azure => Arc::new(MicrosoftAzureBuilder::from_env().with_url(url).with_retry(retry).build()?),
    })
}
