//! Something that becomes a part of the text: a file, a buffer of an editor, a text.

use super::{
    decode::{BINARY_PROBE, Changes, Decoder, decode},
    exclusion::Reason,
    language::Language,
};
use std::{
    borrow::Cow,
    fs::{File, OpenOptions},
    io::{self, Read, Take},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

/// Files of at least so many bytes are read in pieces.
const LARGE_FILE: u64 = 8 << 20;

/// Something to read.
#[derive(Debug)]
pub(super) struct Source {
    /// As it is shown; nothing for a text without a name.
    pub path: Option<String>,
    pub language: Option<&'static Language>,
    pub content: Content,
    /// How long it will be, as far as is known.
    pub bytes: u64,
}

#[derive(Debug)]
pub(super) enum Content {
    /// A file found by a walk. It is not read if it has become a link or a pipe since.
    Walked(PathBuf),
    /// A file that a person named, which may be a link or a pipe.
    Named(PathBuf),
    Buffer(ropey::Rope),
    Text(String),
}

/// A large file whose beginning was read.
pub(super) struct Begun {
    pub head: Vec<u8>,
    pub rest: Take<File>,
    pub decoder: Decoder,
}

impl Source {
    /// Whether it is read in pieces. What is in memory already is not.
    pub fn is_large(&self) -> bool {
        self.bytes >= LARGE_FILE && matches!(self.content, Content::Walked(_) | Content::Named(_))
    }

    /// The whole text; `bytes` is room to read into.
    pub fn read<'a>(&'a self, bytes: &'a mut Vec<u8>) -> Result<(Cow<'a, str>, Changes), Reason> {
        match &self.content {
            Content::Text(text) => Ok((Cow::Borrowed(text), Changes::default())),
            Content::Buffer(rope) => Ok((Cow::Owned(rope.to_string()), Changes::default())),
            Content::Walked(_) | Content::Named(_) => {
                let read = self.open().and_then(|file| read_to_end(file, bytes));
                read.map_err(unreadable)?;
                decode(bytes).ok_or(Reason::Binary)
            }
        }
    }

    /// Opens a large file and looks at its beginning, which is all that is read of one that is binary.
    pub fn begin(&self) -> Result<Begun, Reason> {
        let mut file = self.open().map_err(unreadable)?;
        let mut head = Vec::new();
        (&mut file).take(BINARY_PROBE as u64).read_to_end(&mut head).map_err(unreadable)?;
        let decoder = Decoder::of(&head).ok_or(Reason::Binary)?;
        // No more is read than the file had when its size was taken, so that one that grows as fast as it is read ends.
        let rest = file.take(self.bytes.saturating_sub(head.len() as u64));
        Ok(Begun { head, rest, decoder })
    }

    /// The file, if the source is one.
    fn open(&self) -> io::Result<File> {
        match &self.content {
            Content::Walked(path) => open_regular(path),
            Content::Named(path) => File::open(path),
            Content::Buffer(_) | Content::Text(_) => Err(io::ErrorKind::InvalidInput.into()),
        }
    }
}

/// Opens what was a regular file when it was found, and does not follow or block on what may have taken its place.
fn open_regular(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().read(true).custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK).open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("it is no regular file any more"));
    }
    Ok(file)
}

/// All of a file, but of a regular file no more than it has now, so that one that keeps growing ends, too.
fn read_to_end(file: File, bytes: &mut Vec<u8>) -> io::Result<()> {
    let metadata = file.metadata()?;
    // Files of `/proc` are regular and say that they are empty.
    let limit = if metadata.is_file() && metadata.len() > 0 { metadata.len() } else { u64::MAX };
    bytes.clear();
    file.take(limit).read_to_end(bytes)?;
    Ok(())
}

fn unreadable(error: io::Error) -> Reason {
    Reason::Unreadable { error: error.to_string() }
}
