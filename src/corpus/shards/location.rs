//! What a person calls a store: a folder, or the address of a part of a bucket.

use super::{
    super::stop::StopFlag,
    ShardError,
    folder::Folder,
    objects::{Connector, Objects, Scheme},
    place::Place,
};
use object_store::{
    BackoffConfig, ObjectStore, RetryConfig, aws::AmazonS3Builder, azure::MicrosoftAzureBuilder,
    gcp::GoogleCloudStorageBuilder, path::Path,
};
use std::{
    path::{Path as FilePath, PathBuf},
    sync::Arc,
    time::Duration,
};
use url::Url;

/// How often a request is repeated that failed for a reason that may pass, and for how long altogether.
const RETRIES: usize = 3;
const RETRY_TIME: Duration = Duration::from_secs(60);

/// Something that a person named as a text and that is a store, be it half-written or damaged.
#[derive(Debug)]
pub struct NamedStore(Named);

#[derive(Debug)]
enum Named {
    Folder(Folder),
    /// Nothing was looked at yet, and no connection made.
    Address(String),
}

impl NamedStore {
    /// The store that a person has named; nothing if `location` is anything else, such as a folder that holds more than a
    /// store.
    pub fn at(location: &str) -> Result<Option<Self>, ShardError> {
        if location.contains("://") {
            let scheme = location.split("://").next().unwrap_or_default();
            let is_store = matches!(scheme, "s3" | "gs" | "az" | "file");
            return Ok(is_store.then(|| Self(Named::Address(location.to_owned()))));
        }
        let folder = Folder::open(FilePath::new(location))?;
        Ok(match folder {
            Some(folder) if folder.is_store()? => Some(Self(Named::Folder(folder))),
            _ => None,
        })
    }

    /// As people name it.
    pub fn shown(&self) -> &str {
        match &self.0 {
            Named::Folder(folder) => folder.shown(),
            Named::Address(address) => address,
        }
    }

    pub(super) fn place(self, stop: &StopFlag) -> Result<Place, ShardError> {
        match self.0 {
            Named::Folder(folder) => Ok(Place::Folder(folder)),
            Named::Address(address) => open(&address, stop),
        }
    }
}

/// The folder of this machine that `location` names, if it does.
pub fn local_folder(location: &str) -> Option<PathBuf> {
    match location.split_once("://") {
        None => Some(location.into()),
        Some(("file", _)) => Url::parse(location).ok()?.to_file_path().ok(),
        Some(_) => None,
    }
}

/// The place that `location` names, to read from. The flag ends requests to it.
pub(super) fn open(location: &str, stop: &StopFlag) -> Result<Place, ShardError> {
    let no_store = || ShardError::NoStore { location: location.to_owned() };
    match Location::parse(location, stop)? {
        Location::Folder(path) => Folder::open(&path)?.map(Place::Folder).ok_or_else(no_store),
        Location::Objects(objects) => Ok(Place::Objects(objects)),
    }
}

/// The place that `location` names, to write to. A folder is made if there is none. The flag ends requests to it.
pub(super) fn make(location: &str, stop: &StopFlag) -> Result<Place, ShardError> {
    Ok(match Location::parse(location, stop)? {
        Location::Folder(path) => Place::Folder(Folder::make(&path)?),
        Location::Objects(objects) => Place::Objects(objects),
    })
}

enum Location {
    Folder(PathBuf),
    Objects(Objects),
}

impl Location {
    /// What `location` means. Nothing is looked at.
    fn parse(location: &str, stop: &StopFlag) -> Result<Self, ShardError> {
        let bad = |reason: String| ShardError::Location { location: location.to_owned(), reason };
        let Some((scheme, _)) = location.split_once("://") else {
            if location.is_empty() {
                return Err(bad("it is empty".to_owned()));
            }
            return Ok(Self::Folder(location.into()));
        };
        let scheme = match scheme {
            "s3" => Scheme::S3,
            "gs" => Scheme::Google,
            "az" => Scheme::Azure,
            "file" => {
                let url = Url::parse(location).map_err(|error| bad(error.to_string()))?;
                let path = url.to_file_path().map_err(|()| bad("it is no path of this machine".to_owned()))?;
                return Ok(Self::Folder(path));
            }
            other => return Err(bad(format!("there is no kind of store `{other}`"))),
        };
        let url = Url::parse(location).map_err(|error| bad(error.to_string()))?;
        if url.password().is_some() || url.query().is_some() || url.fragment().is_some() {
            return Err(bad("it is more than a bucket and a prefix".to_owned()));
        }
        let bucket =
            url.host_str().filter(|host| !host.is_empty()).ok_or_else(|| bad("it has no bucket".to_owned()))?;
        let prefix = Path::from_url_path(url.path()).map_err(|error| bad(error.to_string()))?;
        let store = object_store(scheme, &url).map_err(|error| bad(error.to_string()))?;
        let objects = Objects::new(store, prefix, location, bucket, scheme, stop);
        objects.map(Self::Objects).map_err(|error| bad(error.to_string()))
    }
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
        Scheme::S3 => {
            let builder = AmazonS3Builder::from_env().with_url(url).with_retry(retry);
            Arc::new(builder.with_http_connector(Connector).build()?)
        }
        Scheme::Google => {
            let builder = GoogleCloudStorageBuilder::from_env().with_url(url).with_retry(retry);
            Arc::new(builder.with_http_connector(Connector).build()?)
        }
        Scheme::Azure => {
            let builder = MicrosoftAzureBuilder::from_env().with_url(url).with_retry(retry);
            Arc::new(builder.with_http_connector(Connector).build()?)
        }
    })
}
