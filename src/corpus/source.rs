//! Something that becomes a part of the text: a file, a buffer of an editor, a text.

use super::{
    decode::{BINARY_PROBE, Changes, Decoder, decode},
    exclusion::Reason,
    in_place::IN_PLACE,
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

/// So much more is read of a file than it had when its size was taken. It may have grown, and files of `/proc` say that
/// they are empty; but one that grows as fast as it is read, or that has no end, must come to one.
const GROWTH: u64 = 4 << 20;

/// So much is read of a stream, whose length nobody knows and which is kept in memory.
const LONGEST_STREAM: u64 = 1 << 30;

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
    /// A file found by a walk. It is not read if it has become a link since.
    Walked(PathBuf),
    /// A file that a person named, which may be a link to one.
    Named(PathBuf),
    /// Standard input, or another pipe that the program was given.
    Stream(PathBuf),
    Buffer(ropey::Rope),
    Text(String),
}

/// The whole text of a source.
pub(super) struct Whole<'a> {
    pub text: Cow<'a, str>,
    pub changes: Changes,
    /// Why there is more of it than was read.
    pub cut: Option<Reason>,
}

/// A source that comes in pieces, whose beginning was read.
pub(super) struct Begun {
    pub head: Vec<u8>,
    pub rest: Input,
    pub decoder: Decoder,
}

impl Source {
    /// Whether it is read in pieces. What is in memory already is not.
    pub fn flows(&self) -> bool {
        match self.content {
            Content::Stream(_) => true,
            Content::Walked(_) | Content::Named(_) => self.bytes >= LARGE_FILE,
            Content::Buffer(_) | Content::Text(_) => false,
        }
    }

    /// Where it lies, if it is a file that is too large to be copied without need.
    pub fn huge_file(&self) -> Option<&Path> {
        match &self.content {
            Content::Walked(path) | Content::Named(path) if self.bytes >= IN_PLACE => Some(path),
            _ => None,
        }
    }

    /// Reads all of it; `bytes` is room to read into.
    pub fn read<'a>(&'a self, bytes: &'a mut Vec<u8>) -> Result<Whole<'a>, Reason> {
        let in_memory = |text| Ok(Whole { text, changes: Changes::default(), cut: None });
        match &self.content {
            Content::Text(text) => in_memory(Cow::Borrowed(text)),
            Content::Buffer(rope) => in_memory(Cow::Owned(rope.to_string())),
            Content::Walked(_) | Content::Named(_) | Content::Stream(_) => {
                let mut input = self.open()?;
                bytes.clear();
                input.file.read_to_end(bytes).map_err(unreadable)?;
                let cut = input.cut();
                let (text, changes) = decode(bytes).ok_or(Reason::Binary)?;
                Ok(Whole { text, changes, cut })
            }
        }
    }

    /// Opens what comes in pieces and looks at its beginning, which is all that is read of it if it is binary.
    pub fn begin(&self) -> Result<Begun, Reason> {
        let mut rest = self.open()?;
        let mut head = Vec::new();
        rest.read_piece(&mut head, BINARY_PROBE).map_err(unreadable)?;
        let decoder = Decoder::of(&head).ok_or(Reason::Binary)?;
        Ok(Begun { head, rest, decoder })
    }

    fn open(&self) -> Result<Input, Reason> {
        let limit = match &self.content {
            Content::Stream(_) => LONGEST_STREAM,
            _ => self.bytes.saturating_add(GROWTH),
        };
        Ok(Input { file: self.open_file()?.take(limit), limit })
    }

    /// Opens what lies in a file.
    pub fn open_file(&self) -> Result<File, Reason> {
        match &self.content {
            Content::Walked(path) => open_regular(path, libc::O_NOFOLLOW),
            Content::Named(path) => open_regular(path, 0),
            Content::Stream(path) => File::open(path).map_err(unreadable),
            Content::Buffer(_) | Content::Text(_) => Err(unreadable(io::ErrorKind::InvalidInput.into())),
        }
    }
}

/// An open file, as far as it may be read.
pub(super) struct Input {
    file: Take<File>,
    limit: u64,
}

impl Input {
    /// Adds up to `longest` bytes to `piece`; less only at the end.
    pub fn read_piece(&mut self, piece: &mut Vec<u8>, longest: usize) -> io::Result<()> {
        (&mut self.file).take(longest as u64).read_to_end(piece).map(drop)
    }

    /// Why there is more of it, if all that may be read was read.
    pub fn cut(&mut self) -> Option<Reason> {
        let goes_on = self.file.limit() == 0 && self.file.get_mut().read(&mut [0]).is_ok_and(|read| read > 0);
        let error = || format!("it goes on after the first {} bytes, and only they were read", self.limit);
        goes_on.then(|| Reason::Unreadable { error: error() })
    }
}

/// Opens what was a regular file when it was found, and does not block on what may have taken its place.
fn open_regular(path: &Path, flags: i32) -> Result<File, Reason> {
    let file = OpenOptions::new().read(true).custom_flags(flags | libc::O_NONBLOCK).open(path).map_err(|error| {
        // A socket cannot be opened at all.
        if error.raw_os_error() == Some(libc::ENXIO) { Reason::NotAFile } else { unreadable(error) }
    })?;
    if !file.metadata().map_err(unreadable)?.is_file() {
        return Err(Reason::NotAFile);
    }
    Ok(file)
}

pub(super) fn unreadable(error: io::Error) -> Reason {
    Reason::Unreadable { error: error.to_string() }
}
