//! What is written to a store: a text that flows in, or the text of a repository.

use super::{super::context::ContextText, ShardError};
use std::{
    fmt,
    fs::{File, OpenOptions},
    io::{self, Read},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

/// Something to ingest.
pub enum IngestSource<'a> {
    /// A text of any length, which is decoded as it is read.
    Stream { path: String, input: Box<dyn Read + Send> },
    /// A text that was put together already.
    Context(&'a ContextText),
}

impl IngestSource<'_> {
    /// A file, under the path that it is shown by.
    pub fn file(path: &Path, shown: String) -> Result<Self, ShardError> {
        let unreadable = |error: io::Error| ShardError::Input { path: shown.clone(), reason: error.to_string() };
        // A pipe that nobody writes to must not make the program wait for being opened.
        let file = OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open(path).map_err(unreadable)?;
        if !file.metadata().map_err(unreadable)?.is_file() {
            return Err(ShardError::Input { path: shown, reason: "it is no regular file".to_owned() });
        }
        Ok(Self::Stream { path: shown, input: Box::new(file) })
    }

    /// Standard input, read until it ends.
    pub fn standard_input() -> Self {
        // Without the buffer of `Stdin`, which only copies.
        let input =
            File::open("/dev/stdin").map_or_else(|_| Box::new(io::stdin()) as Box<dyn Read + Send>, |it| Box::new(it));
        Self::Stream { path: "stdin".to_owned(), input }
    }
}

impl fmt::Debug for IngestSource<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stream { path, .. } => formatter.debug_tuple("Stream").field(path).finish(),
            Self::Context(context) => formatter.debug_tuple("Context").field(&context.byte_len()).finish(),
        }
    }
}
